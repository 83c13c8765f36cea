-- Follows events. Since events arrive late, the time range of each poll overlaps the previous one by the lag, and
-- events already returned are left out by their ids. A poll counts only when it was read to its end.
local checkpoint = require "cloudaudit.events.checkpoint"
local errors = require "cloudaudit.errors"
local events = require "cloudaudit.events.event"
local query = require "cloudaudit.events.query"
local sessions = require "cloudaudit.session"
local stream = require "cloudaudit.events.stream"
local validate = require "cloudaudit.validate"

local tail = {}

local LAG = 900
local INTERVAL = 10

-- Longest time range, in seconds, by which a poll advances: a tail that is behind holds few events at a time.
local STEP = 3600

-- Ids are kept this many seconds longer than events can reappear: the clock may step back.
local SPARE = 60

local Tail = { __name = "cloudaudit.Tail" }

-- ---- a poll --------------------------------------------------------------------------------

-- The seconds that the next poll reads, and whether it reaches the present.
local function range_of(self, now)
  local state = self.state
  -- If the clock was ahead before, `high` is in the future: the present must be read all the same.
  local from = math.max(state.since, math.min(state.high, now) - self.lag)
  local to = math.max(math.min(now, state.high + STEP), from)
  return from, to, to >= now
end

-- The new events of a time range, sorted by time; nil, message, err when it could not be read to its end.
local function read_new(self, from, to)
  local ranged = {}
  for name, value in pairs(self.query) do
    ranged[name] = value
  end
  ranged.since, ranged.to = from, to
  local source, found, ids = stream.open(self.session, ranged), {}, {}
  while true do
    local event, message, err = source:next()
    if err then
      return nil, message, err
    elseif not event then
      break
    end
    local id = event.id
    if not id or not self.state.seen[id] and not ids[id] then
      found[#found + 1] = event
      if id then
        ids[id] = true
      end
    end
  end
  table.sort(found, events.earlier)
  return found
end

-- The state after a poll up to `to` that found these events.
local function state_after(self, to, found)
  local state, seen = self.state, {}
  local keep = math.max(state.since, to - self.lag) - SPARE
  for id, time in pairs(state.seen) do
    if time >= keep then
      seen[id] = time
    end
  end
  for _, event in ipairs(found) do
    local time = event.time or to
    if event.id and time >= keep then
      seen[event.id] = time
    end
  end
  return { since = state.since, high = to, seen = seen }
end

local function poll(self)
  local now = math.floor(self.session.clock())
  local from, to, present = range_of(self, now)
  local found, message, err = read_new(self, from, to)
  if not found then
    return nil, message, err
  end
  return found, not present, state_after(self, to, found)
end

-- The state including the events that iter() has returned of a poll so far.
local function current_state(self)
  if self.at == 0 then
    return self.state
  end
  local seen = {}
  for id, time in pairs(self.state.seen) do
    seen[id] = time
  end
  for index = 1, self.at do
    local event = self.pending[index]
    if event.id then
      seen[event.id] = event.time or self.state.high
    end
  end
  return { since = self.state.since, high = self.state.high, seen = seen }
end

--: class Tail  follows events
--:   err Error?
-- The tail of a method call; nil, message, err when `self` is not one or its client is closed.
local function check_self(self)
  if getmetatable(self) ~= Tail then
    return errors.misuse("a tail method was called without the tail: write tail:method(...), with a colon")
  elseif self.session.closed then
    return errors.closed()
  end
  return self
end

local methods = {}
Tail.__index = methods

--- Reads once: the new events, oldest first, and true when the tail is still behind, so that the next poll should
-- follow at once. Does not sleep between pages, except for the rate limit and retries. nil, message, err on failure:
-- then no event counts as returned, and the next poll reads the same range again.
--: Tail:poll() -> Event[], boolean | failure
methods.poll = errors.public(function(self)
  local ok, message, err = check_self(self)
  if not ok then
    return nil, message, err
  end
  self.state = current_state(self)
  self.pending, self.at, self.next_state = {}, 0, nil
  local found, more, state = poll(self)
  if not found then
    return nil, more, state
  end
  self.state = state
  return found, more
end)

--- The resume position as text: client:tail{ checkpoint = text, … } resumes there, in any process. Save it after
-- the events were processed. In a loop over iter() the current event counts as returned.
--: Tail:checkpoint() -> string
methods.checkpoint = errors.public(function(self)
  if getmetatable(self) ~= Tail then
    return check_self(self)
  end
  return checkpoint.write(current_state(self))
end)

-- Returns the events of self.pending; when all of a poll were returned, its state becomes the tail's.
local function next_event(self)
  while true do
    if self.pending[self.at + 1] then
      self.at = self.at + 1
      return self.pending[self.at]
    end
    self.state, self.pending, self.at = self.next_state or self.state, {}, 0
    self.next_state = nil
    if self.asleep then
      sessions.sleep(self.session, self.interval)
    end
    local found, more, state = poll(self)
    if not found then
      return nil, more, state
    end
    self.pending, self.next_state, self.asleep = found, state, not more
  end
end

--- Iterates without end: for event in tail:iter() do … end. Sleeps between polls. A failure raises its message and
-- is kept as tail.err; a new iter() resumes, and no event is lost.
--: Tail:iter() -> fun(): Event
methods.iter = errors.public(function(self)
  local ok, message, err = check_self(self)
  if not ok then
    return nil, message, err
  end
  self.err = nil
  return function()
    local event
    event, message, err = next_event(self)
    if not event then
      self.err = err
      error(message, 2)
    end
    return event
  end
end)

local function open(session, method, fields, rows, default)
  local checked = session.settings.validate ~= false
  local read_query, message, err = query.read_open(method, rows, fields, session.clock(), checked, default)
  local state
  if read_query and fields.checkpoint then
    state, message, err = checkpoint.read(method, fields.checkpoint)
  elseif read_query then
    state = { since = read_query.since, high = read_query.since, seen = {} }
    local ok
    ok, message, err = query.check_retention(method, read_query.since, session.clock())
    state = ok and state
  end
  if not state then
    return nil, message, err
  end
  return setmetatable({ session = session, query = read_query, state = state, pending = {}, at = 0,
    lag = math.floor(fields.lag or LAG), interval = fields.interval or INTERVAL }, Tail)
end

--- Opens a tail (see events.tail).
function tail.open(session, method, fields)
  return open(session, method, fields == nil and {} or fields, query.TAIL, "now")
end

local TIMEOUT = { name = "timeout", type = "seconds", required = true, missing = ": how many seconds to wait" }

--- Waits for an event (see events.wait_for).
function tail.wait_for(session, fields, timeout)
  local ok, message, err = validate.value("wait_for", TIMEOUT, timeout)
  local self
  if ok then
    self, message, err = open(session, "wait_for", fields, query.WAIT_FOR, "-15m")
  end
  if not self then
    return nil, message, err
  end
  local started
  started, message, err = sessions.now(session)
  if not started then
    return nil, message, err
  end
  while true do
    local found, more, state = poll(self)
    if found and found[1] then
      return found[1]
    elseif not found and not state.retryable then
      return nil, more, state
    end
    self.state = found and state or self.state
    local now
    now, message, err = sessions.now(session)
    local left = now and started + timeout - now
    if not now then
      return nil, message, err
    elseif left <= 0 then
      return errors.failure{ kind = "timeout", action = "DescribeEvents", hint = not found and more or nil,
        message = ("wait_for: no matching event within %.3g s"):format(timeout) }
    elseif not (found and more) then
      sessions.sleep(session, math.min(self.interval, left))
    end
  end
end

return tail
