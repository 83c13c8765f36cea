-- What a query's `where` means: attributes that the service looks up by, and tests that are done here
-- for what it cannot. Both are plain lists in a fixed order, so that equal queries are equal texts.
local validate = require "cloudaudit.validate"
local core = require "cloudaudit.core"
local errors = require "cloudaudit.errors"

local where = {}

-- attribute: the service's key. field: the member of an event that tells the same (or the only thing
-- to go by). many: the service takes several values as "one of".
--: class EventWhere  conditions on events; a CamelCase name passes through
local ROWS = {
  { name = "request_id", attribute = "RequestId", field = "request_id" },
  { name = "event_name", attribute = "EventName", field = "name", many = true },
  { name = "action", attribute = "ActionType", values = { read = "Read", write = "Write" } },
  { name = "principal_id", attribute = "PrincipalId" },
  { name = "resource_type", attribute = "ResourceType", field = "resource_type" },
  { name = "resource_id", attribute = "ResourceId" },
  { name = "resource_name", attribute = "ResourceName", field = "resource_name" },
  { name = "access_key_id", attribute = "AccessKeyId", field = "access_key_id" },
  { name = "sensitive_action", attribute = "SensitiveAction" },
  { name = "api_error_code", attribute = "ApiErrorCode" },
  { name = "cam_error_code", attribute = "CamErrorCode" },
  { name = "source_ip", attribute = "SourceIPAddress", field = "source_ip" },
  { name = "tags", attribute = "Tags", tags = true },
  { name = "id", field = "id" },
  { name = "user", field = "user" },
  { name = "source", field = "source" },
  { name = "region", field = "region" },
  { name = "resource_region", field = "resource_region" },
  { name = "account_id", field = "account_id" },
  { name = "error_code", field = "error_code" },
}

local by_name, names = {}, {}
for index, row in ipairs(ROWS) do
  by_name[row.name], names[index] = row, row.name
end

--- An integer of any Lua as digits, exactly; other values as tostring has them.
function where.exact(value)
  if type(value) == "number" and value % 1 == 0 and not (math.type and math.type(value) == "integer") then
    return ("%.0f"):format(value)
  end
  return tostring(value)
end

local function list_of(value)
  if type(value) == "table" and (#value > 0 or next(value) == nil) then
    return value
  end
  return { value }
end

-- The texts of a value or of a list of values; a failure of kind misuse for anything else.
local function texts(owner, value)
  local out = {}
  for index, item in ipairs(list_of(value)) do
    if type(item) ~= "string" and type(item) ~= "number" then
      return errors.misuse(("%s: text or a list of texts expected, got %s"):format(owner, type(item)), owner)
    end
    out[index] = where.exact(item)
  end
  if #out == 0 then
    return errors.misuse(owner .. ": the list is empty", owner)
  end
  return out
end

-- {name = value} or {{key=, value=}…} as the JSON text that the service takes for Tags.
local function tags_text(owner, value)
  if type(value) == "string" then
    return value
  elseif type(value) ~= "table" then
    return errors.misuse(("%s: table of tags {name = value} expected, got %s"):format(owner, type(value)), owner)
  end
  local tags = {}
  for key, tag in pairs(value) do
    if type(tag) == "table" then
      key, tag = tag.key, tag.value
    end
    if type(key) ~= "string" or type(tag) ~= "string" then
      return errors.misuse(owner .. ": table of tags {name = value} expected", owner)
    end
    tags[#tags + 1] = { key = key, value = tag }
  end
  table.sort(tags, function(a, b) return a.key < b.key or a.key == b.key and a.value < b.value end)
  local parts = {}
  for index, tag in ipairs(tags) do
    parts[index] = ("{\"key\":%s,\"value\":%s}"):format(core.encode(tag.key), core.encode(tag.value))
  end
  return "[" .. table.concat(parts, ",") .. "]"
end

local function add_attributes(out, key, values)
  for _, value in ipairs(values) do
    out.attributes[#out.attributes + 1] = { key, value }
  end
end

local function add_known(out, owner, row, value)
  if row.tags then
    local text, message, err = tags_text(owner, value)
    if not text then
      return nil, message, err
    end
    add_attributes(out, row.attribute, { text })
    return true
  end
  local values, message, err = texts(owner, value)
  if not values then
    return nil, message, err
  end
  for index, text in ipairs(values) do
    values[index] = row.values and row.values[text] or text
  end
  if row.attribute and (#values == 1 or row.many) then
    add_attributes(out, row.attribute, values)
  elseif row.field then
    table.sort(values)
    out.tests[#out.tests + 1] = { row.field, values }
  else
    return errors.misuse(owner .. ": one text expected: the service takes one, and an event does not tell it", owner)
  end
  return true
end

local function add(out, owner, name, value)
  if type(name) == "string" and name:find("^%u") then
    -- The service's own key, perhaps one that is newer than this library: what it means is its affair.
    local values, message, err = texts(owner .. "." .. name, value)
    if not values then
      return nil, message, err
    end
    add_attributes(out, name, values)
    return true
  end
  local row = by_name[name]
  if not row then
    return validate.unknown(owner, name, names, "field")
  end
  return add_known(out, owner .. "." .. name, row, value)
end

--- Reads a `where` table: {attributes = {{key, value}…}, tests = {{field, {value…}}…}}. Conditions are
-- ANDed; a list means "one of". nil, message, err (misuse) when something in it is wrong.
function where.read(owner, given)
  local out, sorted = { attributes = {}, tests = {} }, {}
  for name in pairs(given or {}) do
    sorted[#sorted + 1] = name
  end
  table.sort(sorted, function(a, b) return tostring(a) < tostring(b) end)
  for _, name in ipairs(sorted) do
    local ok, message, err = add(out, owner, name, given[name])
    if not ok then
      return nil, message, err
    end
  end
  return out
end

--- The attributes as the wire has them; nil when there are none.
function where.lookup_attributes(conditions)
  if #conditions.attributes == 0 then
    return nil
  end
  local out = {}
  for index, pair in ipairs(conditions.attributes) do
    out[index] = { AttributeKey = pair[1], AttributeValue = pair[2] }
  end
  return out
end

--- A function that tells whether an event passes the tests; nil when there are none.
function where.tester(conditions)
  if #conditions.tests == 0 then
    return nil
  end
  local sets = {}
  for index, test in ipairs(conditions.tests) do
    local set = {}
    for _, value in ipairs(test[2]) do
      set[value] = true
    end
    sets[index] = { field = test[1], set = set }
  end
  return function(event)
    for _, test in ipairs(sets) do
      local value = event[test.field]
      if value == nil or not test.set[where.exact(value)] then
        return false
      end
    end
    return true
  end
end

return where
