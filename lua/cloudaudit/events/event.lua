-- Event tables: the service's Event in our names. `raw` is the record as it came; `detail` is decoded
-- when it is first asked for and kept. Never changes a wire integer.
local core = require "cloudaudit.core"
local time = require "cloudaudit.time"

local event = {}

-- A record in a record in a record: deeper JSON text stays text.
local MAX_NESTING = 8
local MAX_EXACT = 2 ^ 53

-- Longer runs of digits lose some in cjson, which knows doubles only.
local LONG_NUMBER = ("%d"):rep(16)

local cjson, null

-- An instance of its own, so that the host's settings of cjson and ours do not meet. nil where there
-- is no lua-cjson: the core's decoder is stricter and reads the same records.
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

-- A text that holds a JSON object or list is replaced by it; broken JSON stays text.
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
        -- As in every response: null in an object means absent, in a list it holds its place.
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
  local function say(before, value)
    if value ~= nil and value ~= "" then
      parts[#parts + 1] = before .. tostring(value)
    end
  end
  say("", self.source)
  say("in ", self.region)
  say("by ", self.user)
  say("from ", self.source_ip)
  local kind, name = self.resource_type or "", self.resource_name or ""
  say("on ", kind .. (kind ~= "" and name ~= "" and "/" or "") .. name)
  if is_failure(self.error_code) then
    say("error ", self.error_code)
  end
  say("id ", self.id)
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
  __index = function(self, name)
    if name == "detail" then
      local detail = decode(rawget(self, "raw"))
      rawset(self, "detail", detail)
      return detail
    end
  end,
  --- One line: when, what, where, who, from where, on what, its error and its id.
  __tostring = describe,
}

-- Our name and the wire's name of what is taken over as it is.
local FIELDS = {
  { "id", "EventId" }, { "name", "EventName" }, { "name_cn", "EventNameCn" }, { "source", "EventSource" },
  { "region", "EventRegion" }, { "resource_region", "ResourceRegion" }, { "user", "Username" },
  { "account_id", "AccountID" }, { "access_key_id", "SecretId" }, { "source_ip", "SourceIPAddress" },
  { "request_id", "RequestID" }, { "error_code", "ErrorCode" }, { "resource_type_cn", "ResourceTypeCn" },
  { "location", "Location" }, { "raw", "CloudAuditEvent" },
}

-- EventTime is text: digits from DescribeEvents, a date in UTC+8 from LookUpEvents.
local function time_of(text)
  if text == nil or text == "" then
    return nil
  end
  return (time.read(text, 0, "EventTime"))
end

--- The event table of a wire Event. `time` is nil when the service's EventTime is no time.
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

--- Whether an event comes before another: by time, then by id, an order that two readings share.
function event.earlier(a, b)
  local first, second = a.time or 0, b.time or 0
  if first ~= second then
    return first < second
  end
  return (a.id or "") < (b.id or "")
end

--- An event table of fields in our names.
function event.new(fields)
  return setmetatable(fields, Event)
end

return event
