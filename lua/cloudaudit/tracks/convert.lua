-- Specs and patches of tracks as parameters of the API, ids, and the fields of API messages in this library's
-- names. No I/O.
local errors = require "cloudaudit.errors"
local storage = require "cloudaudit.storage.build"
local validate = require "cloudaudit.validate"

local convert = {}

local FAILED_HELPER = " (a storage helper that rejects its values returns nil and the reason)"

-- Fields of a spec and their API parameters. `type` is validated here only for values that are converted; the
-- core validates those passed through. `kind`: only this kind of track has the field. `lua`: its type in types.lua.
--: class TrackSpec  settings of a track; in a patch every field is optional
local FIELDS = {
  { name = "name", type = "any", lua = "string", wire = "Name" },
  { name = "enabled", type = "boolean", wire = "Status" },
  { name = "action", type = "string", lua = '"read"|"write"|"all"', wire = "ActionType", kind = "single" },
  { name = "resource_type", type = "any", lua = "string", wire = "ResourceType", kind = "single" },
  { name = "event_names", type = "any", lua = "string[]", wire = "EventNames", kind = "single" },
  { name = "storage", type = "table|string", lua = "wire.Storage|string", wire = "Storage" },
  { name = "all_members", type = "boolean", wire = "TrackForAllMembers" },
  { name = "export_id", type = "any", lua = "string", wire = "ExportId", kind = "single" },
  { name = "filters", type = "table", lua = "TrackFilter[]", wire = "Filters", kind = "several" },
}
--: class TrackFilter  the events of one product
local FILTER = {
  { name = "resource_type", type = "any", lua = "string", wire = "ResourceType" },
  { name = "action", type = "string", lua = '"read"|"write"|"all"', wire = "ActionType", required = true },
  { name = "event_names", type = "any", lua = "string[]", wire = "EventNames" },
}

local TO_ACTION = { read = "Read", write = "Write", all = "*" }

-- ---- ids ---------------------------------------------------------------------------------------

-- A decimal string as the decoder returns such an id: a number when this Lua holds it exactly, else the string.
local function exact_number(text)
  local digits = text:gsub("^0+(%d)", "%1")
  local number = tonumber(digits)
  if math.type then
    number = math.tointeger(number)
    return number and ("%d"):format(number) == digits and number or digits
  end
  return number < 2 ^ 53 and number or digits
end

local GREATEST = "18446744073709551615"

--- A track id, an integer or a decimal string, without losing a digit; or a failure of kind misuse.
function convert.id(method, id)
  local kind = type(id)
  if kind == "string" and id:find("^%d+$") and #id <= 20 then
    if #id == 20 and id > GREATEST then
      return errors.misuse(("%s.id: integer below 2^64 expected, got \"%s\""):format(method, id), "id")
    end
    return exact_number(id)
  elseif kind == "number" and id >= 0 and id % 1 == 0 and id < 2 ^ 64 then
    return math.tointeger and math.tointeger(id) or id
  end
  local got = kind == "number" and tostring(id) or kind == "string" and "\"" .. id:sub(1, 40) .. "\"" or kind
  return errors.misuse(("%s.id: integer or decimal string expected, got %s"):format(method, got), "id")
end

-- ---- parameters --------------------------------------------------------------------------------

local function flag(value)
  if value == nil then
    return nil
  end
  return value and 1 or 0
end

local function to_action(place, value)
  if value == nil or TO_ACTION[value] then
    return TO_ACTION[value]
  end
  return errors.failure{ kind = "validation", code = "InvalidParameterValue", field = place:match("%.(.*)$"),
    message = ("%s: read, write or all expected, got \"%s\""):format(place, value:sub(1, 40)) }
end

-- A list of {resource_type, action, event_names} as Filters.
local function to_filters(method, filters)
  local fields = {}
  if not validate.length(filters) then
    return errors.misuse(("%s.filters: list of tables expected"):format(method), "filters")
  end
  for index, filter in ipairs(filters) do
    local place = ("%s.filters[%d]"):format(method, index)
    local ok, message, err = validate.fields(place, filter, FILTER)
    local action
    if ok then
      action, message, err = to_action(place .. ".action", filter.action)
    end
    if not action then
      err.field = ("filters[%d]%s"):format(index, err.field and "." .. err.field:gsub("^.*%.", "") or "")
      return nil, message, err
    end
    fields[index] = { ResourceType = filter.resource_type == nil and "*" or filter.resource_type, ActionType = action,
      EventNames = filter.event_names == nil and { "*" } or filter.event_names }
  end
  if #fields == 0 then
    return errors.failure{ kind = "validation", code = "InvalidParameterValue", field = "filters",
      message = method .. ".filters: at least one filter expected" }
  end
  return { ResourceFields = fields }
end

local function to_storage(method, value, checked)
  local made, message, err
  if type(value) == "string" then
    made, message, err = storage.read_url(method .. ".storage", value, checked)
  elseif value ~= nil then
    made, message, err = storage.read_table(method .. ".storage", value)
  end
  if err then
    err.field = err.field and "storage." .. err.field or "storage"
  end
  return made, message, err
end

-- The fields of a spec or patch as API parameters; nil, message, err when one is wrong.
local function to_params(method, spec, checked)
  local ok, message, err = validate.fields(method, spec, FIELDS)
  local params = {}
  if ok and spec.filters ~= nil then
    for _, row in ipairs(FIELDS) do
      if row.kind == "single" and spec[row.name] ~= nil then
        return errors.misuse(("%s.%s: not allowed beside filters, where each product has its own"):format(method,
          row.name), row.name)
      end
    end
    params.Filters, message, err = to_filters(method, spec.filters)
  end
  if not err then
    params.ActionType, message, err = to_action(method .. ".action", spec.action)
  end
  if not err then
    params.Storage, message, err = to_storage(method, spec.storage, checked)
  end
  if err then
    return nil, message, err
  end
  params.Name, params.ResourceType, params.EventNames = spec.name, spec.resource_type, spec.event_names
  params.Status, params.TrackForAllMembers = flag(spec.enabled), flag(spec.all_members)
  params.ExportId = spec.export_id
  return params
end

--- The action and parameters of a create; nil, message, err when the spec is wrong. `checked` = false skips the
-- rules on values of a storage URL. Messages begin with `method`, by default create_track.
function convert.to_create(spec, checked, method)
  method = method or "create_track"
  local params, message, err = to_params(method, spec, checked)
  if not params then
    return nil, message, err
  elseif spec.storage == nil then
    return errors.misuse(method .. ".storage: missing" .. FAILED_HELPER, "storage")
  end
  if params.Status == nil then
    params.Status = 1
  end
  if params.Filters then
    return "CreateEventsAuditTrack", params
  end
  if params.ResourceType == nil then
    params.ResourceType = "*"
  end
  if params.EventNames == nil then
    params.EventNames = { "*" }
  end
  return "CreateAuditTrack", params
end

--- The action and parameters of a modify; the action is nil when the patch fits both kinds of track.
-- nil, message, err when the patch is wrong or empty.
function convert.to_modify(method, patch, checked)
  local params, message, err = to_params(method, patch, checked)
  if not params then
    return nil, message, err
  elseif next(params) == nil then
    return errors.misuse(method .. ": empty patch: at least one field expected")
  elseif patch.export_id ~= nil then
    return errors.misuse(method .. ".export_id: can only be set when the track is created", "export_id")
  end
  local action
  for _, row in ipairs(FIELDS) do
    if row.kind and patch[row.name] ~= nil then
      action = row.kind == "single" and "ModifyAuditTrack" or "ModifyEventsAuditTrack"
    end
  end
  return action, params
end

-- ---- messages ----------------------------------------------------------------------------------

-- "Filters.ResourceFields[2].EventNames" -> "filters[2].event_names". Places inside a Storage keep the API's names, in
-- which a storage is given.
local function our_place(field)
  local head, tail = field:match("^([A-Za-z]+)(.*)$")
  if head == "TrackId" then
    return "id"
  elseif head == "Filters" then
    local index, inner = tail:match("^%.ResourceFields(%[%d+%])%.?(.*)$")
    return "filters" .. (index or "") .. (inner and inner ~= "" and "." .. our_place(inner) or "")
  end
  for _, row in ipairs(FIELDS) do
    if row.wire == head then
      return row.name .. tail
    end
  end
  return field
end

--- The fields of a failure of the core, with the place that it validated in this library's names:
-- "CreateAuditTrack.Name: …" becomes "create_track.name: …". Fields of other failures stay as they are.
function convert.in_our_names(fields, method)
  if fields.text and fields.field then
    fields.field = our_place(fields.field)
    fields.message = ("%s.%s: %s"):format(method, fields.field, fields.text)
  end
  return fields
end

return convert
