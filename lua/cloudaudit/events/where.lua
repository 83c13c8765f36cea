-- The conditions of a query's `where`: attributes for the server-side filter, and tests for the client-side filter
-- where the service has no attribute. Both are plain lists in a fixed order, so that equal conditions are equal texts.
local ascii = require "cloudaudit.ascii"
local cidr = require "cloudaudit.events.cidr"
local core = require "cloudaudit.core"
local errors = require "cloudaudit.errors"
local limits = require "cloudaudit.events.limits"
local validate = require "cloudaudit.validate"

local where = {}

-- attribute: the service's AttributeKey. field: the member of an event with the same value, for the client-side
-- filter. many: the service accepts several values and ORs them. values: the only values, ours and the service's.
-- blocks: a value can be a CIDR block, which only the client-side filter knows.
--: class EventWhere  conditions on events; a CamelCase name is passed through
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
  { name = "source_ip", attribute = "SourceIPAddress", field = "source_ip", blocks = true },
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

--- A number as text: an integer as decimal digits, exact in every Lua. Other values by tostring.
function where.exact(value)
  if type(value) == "number" and value % 1 == 0 and not (math.type and math.type(value) == "integer") then
    return ("%.0f"):format(value)
  elseif type(value) == "number" and value % 1 ~= 0 then
    return ascii.number(value)
  end
  return tostring(value)
end

-- The texts of a value or of a list of values; misuse for anything else.
local function texts(place, value)
  local list, out = type(value) == "table" and value or { value }, {}
  local count = validate.length(list)
  if not count then
    return errors.misuse(place .. ": string, number or a list of these without holes expected, got table", place)
  end
  for index = 1, count do
    local item = list[index]
    if type(item) ~= "string" and type(item) ~= "number" then
      return errors.misuse(("%s: string, number or a list of these expected, got %s"):format(place, type(item)), place)
    end
    out[index] = where.exact(item)
  end
  if #out == 0 then
    return errors.misuse(place .. ": empty list: at least one value expected", place)
  end
  return out
end

-- Replaces our values by the service's; misuse for any other.
local function map_values(place, row, values)
  local known, permitted = {}, {}
  for ours, theirs in pairs(row.values) do
    known[ours], known[theirs], permitted[#permitted + 1] = theirs, theirs, ours
  end
  table.sort(permitted)
  for index, text in ipairs(values) do
    if not known[text] then
      local near = core.nearest(text, permitted)
      return errors.misuse(('%s: %s expected, got "%s"%s'):format(place, table.concat(permitted, " or "),
        text:sub(1, 40), near and ", did you mean " .. near .. "?" or ""), place)
    end
    values[index] = known[text]
  end
  return values
end

-- {name = value} or {{key=, value=}…} as the JSON text that the service expects for Tags.
local function tags_text(place, value)
  if type(value) == "string" then
    return value
  elseif type(value) ~= "table" then
    return errors.misuse(("%s: table of tags {name = value} expected, got %s"):format(place, type(value)), place)
  end
  local tags = {}
  for name, tag in pairs(value) do
    local key = name
    if type(tag) == "table" then
      key, tag = tag.key, tag.value
    end
    if type(key) ~= "string" or type(tag) ~= "string" then
      return errors.misuse(place .. ": table of tags {name = value} expected", place)
    end
    tags[#tags + 1] = { key = key, value = tag }
  end
  table.sort(tags, function(a, b)
    return ascii.before(a.key, b.key) or a.key == b.key and ascii.before(a.value, b.value)
  end)
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

-- Whether one of the values is a CIDR block; nil, message, err for a malformed one.
local function has_block(place, row, values)
  local found = false
  for _, text in ipairs(row.blocks and values or {}) do
    if cidr.looks_like_block(text) then
      found = true
      if not cidr.block(text) then
        return errors.failure{ kind = "validation", field = place,
          message = ("%s: invalid CIDR block \"%s\": such as 10.0.0.0/8 or 2001:db8::/32 expected"):format(place,
            text) }
      end
    end
  end
  return found
end

local function add_known(out, place, row, value)
  if row.tags then
    local text, message, err = tags_text(place, value)
    if not text then
      return nil, message, err
    end
    add_attributes(out, row.attribute, { text })
    return true
  end
  local values, message, err = texts(place, value)
  if not values then
    return nil, message, err
  end
  if row.values then
    values, message, err = map_values(place, row, values)
    if not values then
      return nil, message, err
    end
  end
  local block
  block, message, err = has_block(place, row, values)
  if block == nil then
    return nil, message, err
  elseif row.attribute and not block and (#values == 1 or row.many) then
    add_attributes(out, row.attribute, values)
  elseif row.field then
    table.sort(values, ascii.before)
    out.tests[#out.tests + 1] = { row.field, values }
  else
    return errors.misuse(place .. ": one value expected: the service accepts no list here, and events do not hold it",
      place)
  end
  return true
end

local function add(out, place, name, value)
  if type(name) == "string" and name:find("^[A-Z]") then
    -- A key of the service, perhaps newer than this library.
    local values, message, err = texts(place .. "." .. name, value)
    if not values then
      return nil, message, err
    end
    add_attributes(out, name, values)
    return true
  end
  local row = by_name[name]
  if not row then
    return validate.unknown(place, name, names, "field")
  end
  return add_known(out, place .. "." .. name, row, value)
end

--- Reads a `where` table: {attributes = {{key, value}…}, tests = {{field, {value…}}…}}. Conditions are
-- ANDed; the values of a list are ORed. nil, message, err (misuse) when a condition is wrong.
function where.read(place, conditions)
  local out, sorted = { attributes = {}, tests = {} }, {}
  for name in pairs(conditions or {}) do
    sorted[#sorted + 1] = name
  end
  table.sort(sorted, function(a, b) return ascii.before(tostring(a), tostring(b)) end)
  for _, name in ipairs(sorted) do
    local ok, message, err = add(out, place, name, conditions[name])
    if not ok then
      return nil, message, err
    end
  end
  return out
end

--- LookupAttributes of a request; nil when there are none.
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

-- A test as {field, set of exact values, list of CIDR blocks or nil}.
local function set_of(test)
  local set, blocks = {}, nil
  for _, value in ipairs(test[2]) do
    local block = by_name[test[1]].blocks and cidr.block(value)
    if block then
      blocks = blocks or {}
      blocks[#blocks + 1] = block
    else
      set[value] = true
    end
  end
  return { field = test[1], set = set, blocks = blocks }
end

local function in_block(blocks, value)
  local bytes = cidr.address(value)
  for _, block in ipairs(bytes and blocks or {}) do
    if cidr.contains(block, bytes) then
      return true
    end
  end
  return false
end

--- The client-side filter: a function of an event that returns whether all tests hold; nil without tests.
function where.tester(conditions)
  if #conditions.tests == 0 then
    return nil
  end
  local sets = {}
  for index, test in ipairs(conditions.tests) do
    sets[index] = set_of(test)
  end
  return function(event)
    for _, test in ipairs(sets) do
      local value = event[test.field]
      if value == nil or not (test.set[where.exact(value)] or test.blocks and in_block(test.blocks, value)) then
        return false
      end
    end
    return true
  end
end

--- Several conditions in place of one with more event names than the service takes in a request; together they have the
-- same events, each in one of them.
function where.split(conditions)
  local event_names, others = {}, {}
  for _, pair in ipairs(conditions.attributes) do
    local list = pair[1] == "EventName" and event_names or others
    list[#list + 1] = pair
  end
  if #event_names <= limits.EVENT_NAMES then
    return { conditions }
  end
  local parts = {}
  for first = 1, #event_names, limits.EVENT_NAMES do
    local part = { tests = conditions.tests, attributes = {} }
    for index = first, math.min(first + limits.EVENT_NAMES - 1, #event_names) do
      part.attributes[#part.attributes + 1] = event_names[index]
    end
    for _, pair in ipairs(others) do
      part.attributes[#part.attributes + 1] = pair
    end
    parts[#parts + 1] = part
  end
  return parts
end

return where
