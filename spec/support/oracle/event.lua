-- Wire tables to event tables in Lua, member by member: what the core's decoding of a page must agree with.
local event = require "cloudaudit.events.event"
local reader = require "cloudaudit.reader"
local time = require "cloudaudit.time"

local oracle = {}

local ESCAPES = { ['"'] = '\\"', ["\\"] = "\\\\" }

local function quoted(text)
  return '"' .. text:gsub('[%z\1-\31\127"\\]', function(char)
    return ESCAPES[char] or ("\\u%04x"):format(char:byte())
  end) .. '"'
end

--- A decoded value as JSON text, the same for equal values. Total, unlike core.encode: bytes that are not UTF-8 stay.
function oracle.json(value)
  if type(value) == "string" then
    return quoted(value)
  elseif type(value) == "number" then
    return reader.text(value)
  elseif type(value) == "boolean" then
    return tostring(value)
  elseif type(value) ~= "table" then
    return "null"
  end
  local parts = {}
  if reader.is_list(value) then
    for index, item in ipairs(value) do
      parts[index] = oracle.json(item)
    end
    return "[" .. table.concat(parts, ",") .. "]"
  end
  for name, item in pairs(value) do
    parts[#parts + 1] = quoted(name) .. ":" .. oracle.json(item)
  end
  table.sort(parts)
  return "{" .. table.concat(parts, ",") .. "}"
end

-- A string member of any type: its text, or the JSON text of a list, an object or a boolean. nil when it is absent.
local function any_text(value)
  local text, wrong = reader.text(value)
  if wrong then
    return oracle.json(value)
  end
  return text
end

-- Members that are copied, by our name and the service's: texts, and numbers that may also come as texts.
local TEXTS = {
  { "name", "EventName" }, { "name_cn", "EventNameCn" }, { "source", "EventSource" },
  { "region", "EventRegion" }, { "resource_region", "ResourceRegion" }, { "user", "Username" },
  { "access_key_id", "SecretId" }, { "source_ip", "SourceIPAddress" },
  { "request_id", "RequestID" }, { "resource_type_cn", "ResourceTypeCn" },
  { "location", "Location" }, { "raw", "CloudAuditEvent" },
}
local NUMBERS = { { "account_id", "AccountID" }, { "error_code", "ErrorCode" } }

-- EventTime is text: digits from DescribeEvents, a date in UTC+8 from LookUpEvents. A text that does not begin with
-- a digit could be one of the relative times of time.read.
local function time_of(value)
  local text = reader.text(value)
  if not text or not text:find("^%d") then
    return nil
  end
  return (time.read(text, 0, "EventTime"))
end

-- Sets the type and the name of the resource: of the only one, or of the first of a list.
local function set_resource(self, resources)
  if type(resources) == "table" and reader.is_list(resources) then
    resources = resources[1]
  end
  if type(resources) == "table" and reader.is_object(resources) then
    self.resource_type = any_text(resources.ResourceType)
    self.resource_name = any_text(resources.ResourceName)
  else
    self.resource_name = any_text(resources)
  end
end

--- The event table of an item of a response's Events. `time` is nil when EventTime cannot be read, `id` when the
-- service has none for the event. A member of a wrong type is given as its JSON text, and an item that is not an object
-- as an event whose raw is its JSON text: one odd record must be seen, and must not hide the others.
function oracle.from_wire(item)
  if not reader.is_object(item) then
    return event.new{ raw = oracle.json(item) }
  end
  local self = { id = reader.id(item.EventId), time = time_of(item.EventTime) }
  for index = 1, #TEXTS do
    local pair = TEXTS[index]
    local value = item[pair[2]]
    self[pair[1]] = type(value) == "string" and value or any_text(value)
  end
  for index = 1, #NUMBERS do
    local pair = NUMBERS[index]
    local value = item[pair[2]]
    self[pair[1]] = type(value) == "number" and value or any_text(value)
  end
  set_resource(self, item.Resources)
  return event.new(self)
end

return oracle
