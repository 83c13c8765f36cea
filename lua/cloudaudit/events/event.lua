-- Event tables: an event of the service in this library's names. `raw` is the unmodified record; `detail` is decoded
-- at the first access and kept. Never changes an integer of the service.
local core = require "cloudaudit.core"
local time = require "cloudaudit.time"

local event = {}

-- Records nest JSON in JSON strings; deeper JSON text stays text.
local MAX_NESTING = 8
local MAX_EXACT = 2 ^ 53

-- cjson, which knows only doubles, loses digits of longer numbers.
local LONG_NUMBER = ("%d"):rep(16)

local cjson, null

-- A separate cjson instance, so that the host's settings and these do not interfere. nil without lua-cjson: the
-- core's decoder is stricter and reads the same records.
local function decoder()
  if cjson == nil then
    local found, library = pcall(require, "cjson")
    cjson = found and library.new() or false
    null = found and library.null
  end
  return cjson
end

local function parse(text)
  local library = decoder()
  if library and not text:find(LONG_NUMBER) then
    local ok, value = pcall(library.decode, text)
    if ok then
      return value
    end
    return nil
  end
  return (core.decode(text))
end

local clean

-- The value of a text that is a JSON object or list; malformed JSON stays text.
local function open_text(text, depth)
  if depth < MAX_NESTING and text:find("^%s*[%[{]") then
    local value = parse(text)
    if type(value) == "table" then
      return clean(value, depth + 1)
    end
  end
  return text
end

function clean(value, depth)
  local kind = type(value)
  if kind == "string" then
    return open_text(value, depth)
  elseif kind == "table" then
    for key, item in pairs(value) do
      if item == null and null ~= nil then
        -- As in every response: null means absent in an object, and keeps its place in a list.
        value[key] = type(key) == "number" and core.null or nil
      else
        value[key] = clean(item, depth)
      end
    end
    return value
  elseif kind == "number" and math.tointeger and value % 1 == 0 and value < MAX_EXACT and value > -MAX_EXACT then
    return math.tointeger(value)
  end
  return value
end

local function decode(raw)
  if type(raw) ~= "string" then
    return nil
  end
  return open_text(raw, 0)
end

local function is_failure(code)
  return code ~= nil and code ~= 0 and code ~= "0"
end

local function describe(self)
  local parts = { self.time and time.iso(self.time) or "(no time)", self.name or "(no name)" }
  local function add(before, value)
    if value ~= nil and value ~= "" then
      parts[#parts + 1] = before .. tostring(value)
    end
  end
  add("", self.source)
  add("in ", self.region)
  add("by ", self.user)
  add("from ", self.source_ip)
  local kind, name = self.resource_type or "", self.resource_name or ""
  add("on ", kind .. (kind ~= "" and name ~= "" and "/" or "") .. name)
  if is_failure(self.error_code) then
    add("error ", self.error_code)
  end
  add("id ", self.id)
  return (table.concat(parts, " "):gsub("%c", " "))
end

--: class Event  one audit record
--:   id string?
--:   time integer?
--:   name string?
--:   name_cn string?
--:   source string?
--:   region string?
--:   resource_region string?
--:   user string?
--:   account_id integer|string|nil
--:   access_key_id string?
--:   source_ip string?
--:   request_id string?
--:   error_code integer|string|nil
--:   resource_type string?
--:   resource_name string?
--:   resource_type_cn string?
--:   location string?
--:   raw string?
--:   detail any
local Event = {
  __name = "cloudaudit.Event",
  __index = function(self, name)
    if name == "detail" then
      local detail = decode(rawget(self, "raw"))
      rawset(self, "detail", detail)
      return detail
    end
  end,
  --- One line: time, name, source, region, user, source address, resource, error code and id.
  __tostring = describe,
}

-- Members that are copied, by our name and the service's.
local FIELDS = {
  { "id", "EventId" }, { "name", "EventName" }, { "name_cn", "EventNameCn" }, { "source", "EventSource" },
  { "region", "EventRegion" }, { "resource_region", "ResourceRegion" }, { "user", "Username" },
  { "account_id", "AccountID" }, { "access_key_id", "SecretId" }, { "source_ip", "SourceIPAddress" },
  { "request_id", "RequestID" }, { "error_code", "ErrorCode" }, { "resource_type_cn", "ResourceTypeCn" },
  { "location", "Location" }, { "raw", "CloudAuditEvent" },
}

-- EventTime is text: digits from DescribeEvents, a date in UTC+8 from LookUpEvents. A text that does not begin with
-- a digit could be one of the relative times of time.read.
local function time_of(text)
  if type(text) ~= "string" or not text:find("^%d") then
    return nil
  end
  return (time.read(text, 0, "EventTime"))
end

--- The event table of an Event of a response. `time` is nil when EventTime cannot be read.
function event.from_wire(item)
  local resources = item.Resources
  local self = {
    time = time_of(item.EventTime),
    resource_type = resources and resources.ResourceType, resource_name = resources and resources.ResourceName,
  }
  for index = 1, #FIELDS do
    local pair = FIELDS[index]
    self[pair[1]] = item[pair[2]]
  end
  return setmetatable(self, Event)
end

--- Whether a value is an event table.
function event.is(value)
  return getmetatable(value) == Event
end

--- Whether an event comes before another: by time, then by id, so that the order is the same in every reading.
function event.earlier(a, b)
  local first, second = a.time or 0, b.time or 0
  if first ~= second then
    return first < second
  end
  return (a.id or "") < (b.id or "")
end

--- An event table of fields in this library's names.
function event.new(fields)
  return setmetatable(fields, Event)
end

return event
