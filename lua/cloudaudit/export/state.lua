-- What an export knows of itself: its filter, how far it has come, and which events it has that can be read again.
-- Pure: the folder's manifest and the database's table hold it as JSON text.
--
-- Events come oldest first. The position is a second: all events before it are in the export, and none of them is read
-- again. It stays `LAG` behind the time of reading, since events appear late; the events from the position on are read
-- again by the next run, which drops those whose identities are remembered.
local core = require "cloudaudit.core"
local events = require "cloudaudit.events.event"
local rows = require "cloudaudit.events.row"

local state = {}

local VERSION = 1

--- How late an event may appear, in seconds; the same as the default of a tail.
state.LAG = 900

local State = {}
State.__index = State

--- A new state. given: since, filter (a text that is the same for the same filter), format, gzip, redacted.
function state.new(given)
  return setmetatable({ since = given.since, position = given.since, filter = given.filter, format = given.format,
    gzip = given.gzip, redacted = given.redacted, known = {}, count = 0, parts = 0, number = 0, pending = {} }, State)
end

local function is_whole(value)
  return type(value) == "number" and value >= 0 and value % 1 == 0
end

local function read_known(list)
  local known = {}
  for _, pair in ipairs(type(list) == "table" and list or {}) do
    if type(pair) ~= "table" or type(pair[1]) ~= "string" or not is_whole(pair[2]) then
      return nil
    end
    known[pair[1]] = pair[2]
  end
  return known
end

local function read_pending(list)
  local pending = {}
  for index, name in ipairs(type(list) == "table" and list or {}) do
    if type(name) ~= "string" or not name:gsub("%.gz$", ""):find("^dt=[0-9A-Z_%-]+/part%-[0-9]+%.jsonl$") then
      return nil
    end
    pending[index] = name
  end
  return pending
end

--- The state of a text; nil and what is wrong.
function state.decode(text)
  local held = core.decode(text)
  if type(held) ~= "table" then
    return nil, "it is not JSON"
  elseif held.version ~= VERSION or held.row ~= rows.VERSION then
    return nil, ("version %s of exports, with rows of version %s: this command knows %d and %d"):format(
      tostring(held.version), tostring(held.row), VERSION, rows.VERSION)
  end
  local self = { since = held.since, position = held.position, filter = held.filter, format = held.format,
    gzip = held.gzip, redacted = held.redacted, count = held.events, parts = held.parts, number = held.number,
    first = held.first, last = held.last, known = read_known(held.known), pending = read_pending(held.pending) }
  for _, name in ipairs{ "since", "position", "count", "parts", "number" } do
    if not is_whole(self[name]) then
      return nil, "it has no " .. name
    end
  end
  if type(self.filter) ~= "string" or type(self.format) ~= "string" or type(self.gzip) ~= "boolean"
    or type(self.redacted) ~= "boolean" or not self.known or not self.pending then
    return nil, "a member has a wrong type"
  end
  return setmetatable(self, State)
end

--- The state as JSON text.
function State:encode()
  local known = setmetatable({}, core.list)
  for identity, time in pairs(self.known) do
    known[#known + 1] = setmetatable({ identity, time }, core.list)
  end
  local pending = setmetatable({}, core.list)
  for index, name in ipairs(self.pending) do
    pending[index] = name
  end
  return core.encode{ version = VERSION, row = rows.VERSION, since = self.since, position = self.position,
    filter = self.filter, format = self.format, gzip = self.gzip, redacted = self.redacted, events = self.count,
    parts = self.parts, number = self.number, first = self.first, last = self.last, known = known,
    pending = pending }
end

--- Takes an event of a run that reads up to the second `to`; false when the export has it already.
function State:take(event, to)
  local identity, time = events.identity(event), event.time
  if self.known[identity] then
    return false
  end
  -- An event without a time, or out of order, does not tell by which time the service lists it: it can be read again
  -- anywhere in the range.
  local in_order = time and time >= (self.reached or self.position) and time <= to
  self.known[identity] = in_order and time or math.max(to, time or 0)
  self.count = self.count + 1
  if in_order then
    self.reached = time
  end
  if time then
    self.first, self.last = math.min(self.first or time, time), math.max(self.last or time, time)
  end
  return true
end

-- Moves the position to a second, never back, and forgets the events before it.
local function move(self, second)
  if second <= self.position then
    return
  end
  self.position = second
  for identity, time in pairs(self.known) do
    if time < second then
      self.known[identity] = nil
    end
  end
end

--- Moves the position up to the last event taken. `edge`: the first second that was not read to its end; `now`: the
-- time of reading.
function State:advance(edge, now)
  move(self, math.min(self.reached or self.position, edge, now - state.LAG))
end

--- Moves the position behind a range that was read to its end `to`.
function State:finish(to, now)
  move(self, math.min(to + 1, now - state.LAG))
end

return state
