-- Our words for a tracking set and the wire's: specs and patches to parameters, answers to tracks, and
-- places in messages back to our names. Sends nothing.
local check = require "cloudaudit.validate"
local errors = require "cloudaudit.errors"
local storage = require "cloudaudit.storage.build"

local spec = {}

local FAILED_HELPER = " (a storage helper that refuses its values returns nil, and says why in its second result)"

-- What a field of ours is called on the wire. `type` is checked here only where a value is translated;
-- the core checks what goes through as it is. `kind` tells fields that one kind of track has alone, `lua` what
-- types.lua says of a field.
--: class TrackSpec  what a tracking set is to be; of a patch every field is optional
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
--: class TrackFilter  what one product ships
local FILTER = {
  { name = "resource_type", type = "any", lua = "string", wire = "ResourceType" },
  { name = "action", type = "string", lua = '"read"|"write"|"all"', wire = "ActionType", required = true },
  { name = "event_names", type = "any", lua = "string[]", wire = "EventNames" },
}

local TO_ACTION = { read = "Read", write = "Write", all = "*" }
local FROM_ACTION = { Read = "read", Write = "write", ["*"] = "all" }

-- ---- ids ---------------------------------------------------------------------------------------

-- A decimal string as the number that the service's own answer would be here: an integer when this
-- Lua holds it exactly, the same string when it does not.
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
function spec.id(owner, id)
  local kind = type(id)
  if kind == "string" and id:find("^%d+$") and #id <= 20 then
    if #id == 20 and id > GREATEST then
      return errors.misuse(("%s.id: integer below 2^64 expected, got \"%s\""):format(owner, id), "id")
    end
    return exact_number(id)
  elseif kind == "number" and id >= 0 and id % 1 == 0 and id < 2 ^ 64 then
    return math.tointeger and math.tointeger(id) or id
  end
  local got = kind == "number" and tostring(id) or kind == "string" and "\"" .. id:sub(1, 40) .. "\"" or kind
  return errors.misuse(("%s.id: integer or decimal string expected, got %s"):format(owner, got), "id")
end

-- ---- to the wire -------------------------------------------------------------------------------

local function flag(value)
  if value == nil then
    return nil
  end
  return value and 1 or 0
end

local function to_action(owner, value)
  if value == nil or TO_ACTION[value] then
    return TO_ACTION[value]
  end
  return errors.failure{ kind = "validation", code = "InvalidParameterValue", field = owner:match("%.(.*)$"),
    message = ("%s: read, write or all expected, got \"%s\""):format(owner, value:sub(1, 40)) }
end

-- Checks the names and the types that we translate ("any" is left to the core).
local function check_fields(owner, given, rows)
  local checked = {}
  for index, row in ipairs(rows) do
    checked[index] = row.type == "any" and { name = row.name, type = "nil|boolean|number|string|table" } or row
  end
  return check.fields(owner, given, checked)
end

-- {resource_type, action, event_names}, … as Filters.
local function to_filters(owner, filters)
  local fields = {}
  for key in pairs(filters) do
    if type(key) ~= "number" or filters[#filters] == nil then
      return errors.misuse(("%s.filters: list of tables expected"):format(owner), "filters")
    end
  end
  for index, filter in ipairs(filters) do
    local place = ("%s.filters[%d]"):format(owner, index)
    local ok, message, err = check_fields(place, filter, FILTER)
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
      message = owner .. ".filters: at least one filter expected" }
  end
  return { ResourceFields = fields }
end

local function to_storage(owner, value, checked)
  if type(value) ~= "string" then
    return value
  end
  local made, message, err = storage.read_url(owner .. ".storage", value, checked)
  if not made then
    err.field = err.field and "storage." .. err.field or "storage"
  end
  return made, message, err
end

-- The fields of a spec or patch that were given, in the wire's names; nil, message, err.
local function to_params(owner, given, checked)
  local ok, message, err = check_fields(owner, given, FIELDS)
  local params = {}
  if ok and given.filters ~= nil then
    for _, row in ipairs(FIELDS) do
      if row.kind == "single" and given[row.name] ~= nil then
        return errors.misuse(("%s.%s: not beside filters, which say it for each product"):format(owner, row.name),
          row.name)
      end
    end
    params.Filters, message, err = to_filters(owner, given.filters)
  end
  if not err then
    params.ActionType, message, err = to_action(owner .. ".action", given.action)
  end
  if not err then
    params.Storage, message, err = to_storage(owner, given.storage, checked)
  end
  if err then
    return nil, message, err
  end
  params.Name, params.ResourceType, params.EventNames = given.name, given.resource_type, given.event_names
  params.Status, params.TrackForAllMembers = flag(given.enabled), flag(given.all_members)
  params.ExportId = given.export_id
  return params
end

--- A spec as action and parameters of a create; nil, message, err. `checked` false leaves out the rules on
-- the values of a storage URL. `owner` is what messages name, create_track if absent.
function spec.to_create(given, checked, owner)
  owner = owner or "create_track"
  local params, message, err = to_params(owner, given, checked)
  if not params then
    return nil, message, err
  elseif given.storage == nil then
    return errors.misuse(owner .. ".storage: missing" .. FAILED_HELPER, "storage")
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

--- A patch as action and parameters of a modify; the action is nil when the patch fits both kinds of
-- track. nil, message, err when it is wrong or names nothing.
function spec.to_modify(owner, patch, checked)
  local params, message, err = to_params(owner, patch, checked)
  if not params then
    return nil, message, err
  elseif next(params) == nil then
    return errors.misuse(owner .. ": the patch names nothing to change")
  elseif patch.export_id ~= nil then
    return errors.misuse(owner .. ".export_id: can be given when a tracking set is created, not later", "export_id")
  end
  local action
  for _, row in ipairs(FIELDS) do
    if row.kind and patch[row.name] ~= nil then
      action = row.kind == "single" and "ModifyAuditTrack" or "ModifyEventsAuditTrack"
    end
  end
  return action, params
end

-- ---- from the wire -----------------------------------------------------------------------------

local function copy(given)
  if type(given) ~= "table" then
    return nil
  end
  local copied = {}
  for key, value in pairs(given) do
    copied[key] = value
  end
  return copied
end

local function from_action(value)
  return value ~= nil and FROM_ACTION[value] or value
end

-- nil for a track of one product: the service leaves Filters out there, or sends it empty.
local function from_filters(filters)
  local fields = type(filters) == "table" and filters.ResourceFields
  if type(fields) ~= "table" or #fields == 0 then
    return nil
  end
  local list = {}
  for index, field in ipairs(fields) do
    field = type(field) == "table" and field or {}
    list[index] = { resource_type = field.ResourceType, action = from_action(field.ActionType),
      event_names = copy(field.EventNames) or {} }
  end
  return list
end

local function from_flag(value)
  if value == nil then
    return nil
  end
  return value == 1 or value == "1"
end

--: class Track  a tracking set as the service tells it
--:   id integer|string
--:   name string?
--:   enabled boolean?
--:   action "read"|"write"|"all"|string?
--:   resource_type string?
--:   event_names string[]?
--:   storage wire.Storage?
--:   created_at string?
--:   all_members boolean?
--:   filters TrackFilter[]?
--:   request_id string?
--:   adopted boolean?
--:   created_by_us "likely"|"no"?
--: class TrackIterator  for track in client:tracks() do … end
--:   () Track?
--:   err Error?
--- A track of an answer (or of the parameters that made it); absent members stay absent. created_at is the
-- service's text, "YYYY-MM-DD HH:MM:SS" without a zone. Takes any answer: what is no list or no object
-- where one belongs counts as absent.
function spec.from_wire(item, id)
  return {
    id = id,
    name = item.Name,
    enabled = from_flag(item.Status),
    action = from_action(item.ActionType),
    resource_type = item.ResourceType,
    event_names = copy(item.EventNames),
    storage = copy(item.Storage),
    created_at = item.CreateTime,
    all_members = from_flag(item.TrackForAllMembers),
    filters = from_filters(item.Filters),
  }
end

-- ---- messages ----------------------------------------------------------------------------------

-- "Filters.ResourceFields[2].EventNames" -> "filters[2].event_names". A storage is given in the wire's
-- names, so that places inside it keep them.
local function our_place(field)
  local head, tail = field:match("^(%a+)(.*)$")
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

--- The core's fields of a failure, with a place that it checked in our names: "CreateAuditTrack.Name: …" becomes
-- "create_track.name: …". Fields of other failures stay as they are.
function spec.in_our_names(fields, owner)
  if fields.text and fields.field then
    fields.field = our_place(fields.field)
    fields.message = ("%s.%s: %s"):format(owner, fields.field, fields.text)
  end
  return fields
end

return spec
