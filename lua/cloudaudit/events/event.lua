-- Event tables: an event of the service in this library's names, as the core decodes it. `raw` is the unmodified
-- record; `detail` is decoded at the first access and kept. Never changes an integer or a byte of the service.
local ascii = require "cloudaudit.ascii"
local core = require "cloudaudit.core"
local errors = require "cloudaudit.errors"
local reader = require "cloudaudit.reader"
local time = require "cloudaudit.time"

local event = {}

-- Records nest JSON in JSON strings; deeper JSON text stays text.
local MAX_NESTING = 8

local clean

-- The value of a text that is a JSON object or list; malformed JSON stays text.
local function open_text(text, depth)
  if depth < MAX_NESTING and text:find("^%s*[%[{]") then
    local value = core.decode(text)
    if type(value) == "table" then
      return clean(value, depth + 1)
    end
  end
  return text
end

-- Opens the JSON texts inside a decoded value, in place.
function clean(value, depth)
  for key, item in pairs(value) do
    if type(item) == "string" then
      value[key] = open_text(item, depth)
    elseif type(item) == "table" then
      clean(item, depth)
    end
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
  return code ~= nil and code ~= 0 and code ~= "0" and code ~= ""
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
  return core.line(table.concat(parts, " "))
end

local methods = {}

--- The event as a row for tables, CSV, JSON lines or a database: flat, always with the same members, cloudaudit.null
-- where the event has no such value.
--: Event:row() -> EventRow
function methods.row(self)
  return require("cloudaudit.events.row").of(self)
end

local LEVELS = { secrets = true, all = true }
local RECORDS = { detail = true, raw = true }

-- Checks an option of event:json; true or a failure.
local function check_option(name, value, known, expected)
  if value ~= nil and not known[value] then
    return errors.misuse(("json.%s: %s expected, got %s"):format(name, expected, tostring(value)), name)
  end
  return true
end

local NOTHING = {}

--- The row as the text of a JSON object, whose last member is the record: `detail`, decoded and with sorted members, or
-- with record = "raw" its text. level removes secrets as cloudaudit.redact does; without one nothing is removed.
-- Control characters, and bytes that are not UTF-8, are escaped.
--: Event:json(options?: {level?: "secrets"|"all", record?: "detail"|"raw"}) -> string
methods.json = errors.public(function(self, options)
  options = options or NOTHING
  if type(options) ~= "table" then
    return errors.misuse("json: options table expected, got " .. type(options))
  end
  local level, record = options.level, options.record
  for name in pairs(options) do
    if name ~= "level" and name ~= "record" then
      return errors.misuse(("json: unknown option %s: level or record expected"):format(tostring(name)), "options")
    end
  end
  local ok, message, err = check_option("level", level, LEVELS, '"secrets" or "all"')
  if ok then
    ok, message, err = check_option("record", record, RECORDS, '"detail" or "raw"')
  end
  if not ok then
    return nil, message, err
  end
  return core.event_json(self, level, record)
end)

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
    return methods[name]
  end,
  --- One line: time, name, source, region, user, source address, resource, error code and id.
  __tostring = describe,
}

--- The metatable of events, which the core gives to those that it decodes.
event.TYPE = Event

-- Identities of events without an id of the service, once they are known.
local identities = setmetatable({}, { __mode = "k" })

-- A digest of all members of an event, the same in every process.
local function digest_of(self)
  local parts = {}
  local function add(value)
    parts[#parts + 1] = value == nil and "" or reader.json(value)
  end
  for _, pair in ipairs(core.event_names()) do
    if pair[1] ~= "id" then
      add(self[pair[1]])
    end
  end
  return "sha256:" .. core.sha256(table.concat(parts, "\n")):sub(1, 32)
end

--- What tells an event from all others: its id, else the eventID of its record, else a digest of the record, so that
-- two records of the same content count as one event.
function event.identity(self)
  local id = rawget(self, "id")
  if id ~= nil and id ~= "" then
    return type(id) == "string" and id or reader.any_text(id)
  end
  local found = identities[self]
  if not found then
    local raw = rawget(self, "raw")
    local record = type(raw) == "string" and raw:find("eventID", 1, true) and core.decode(raw)
    found = type(record) == "table" and reader.id(record.eventID) or digest_of(self)
    identities[self] = found
  end
  return found
end

--- Whether a value is an event table.
function event.is(value)
  return getmetatable(value) == Event
end

--- Whether an event comes before another: by time, then by identity, so that the order is the same in every reading.
function event.earlier(a, b)
  local first, second = a.time or 0, b.time or 0
  if first ~= second then
    return first < second
  end
  return ascii.before(event.identity(a), event.identity(b))
end

--- An event table of fields in this library's names.
function event.new(fields)
  return setmetatable(fields, Event)
end

return event
