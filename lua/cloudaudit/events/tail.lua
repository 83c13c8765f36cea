-- Follows events. Since events arrive late, the time range of each poll overlaps the previous ones by the lag, and
-- events already returned are left out by their identities. A poll counts only when it was read to its end.
--
-- What is read again begins at state.floor, which moves with the service's time and never with the local clock alone:
-- a clock that was wrong for a while must neither hide events nor make a tail forget what it returned.
local checkpoint = require "cloudaudit.events.checkpoint"
local clock = require "cloudaudit.clock"
local errors = require "cloudaudit.errors"
local events = require "cloudaudit.events.event"
local present = require "cloudaudit.events.present"
local query = require "cloudaudit.events.query"
local sessions = require "cloudaudit.session"
local stream = require "cloudaudit.events.stream"
local validate = require "cloudaudit.validate"

local tail = {}

local LAG = 900
local INTERVAL = 10

-- Longest time range, in seconds, by which a poll advances: a tail that is behind holds few events at a time.
local STEP = 3600

-- Identities are kept this many seconds longer than the lag.
local SPARE = 60

-- A tail to which the service has told no time, neither in a response nor in an event, looks back so far: longer than a
-- clock is wrong.
local DAY = 86400

local Tail = { __name = "cloudaudit.Tail" }

-- ---- a poll --------------------------------------------------------------------------------

-- The seconds that the next poll reads, and whether it reaches the present.
local function range_of(self, now)
  local state = self.state
  -- If the clock was ahead before, `high` is in the future: the present must be read all the same.
  local base = math.min(state.high, now)
  local from = math.max(state.since, state.floor, base - self.lag - DAY)
  local to = math.max(math.min(now, base + STEP), from)
  return from, to, to >= now
end

-- The new events of a time range, sorted by time; the identities of all its events, each with the second until which
-- it can reappear; and the time of the newest. nil, message, err when it could not be read to its end.
local function read_new(self, from, to)
  local ranged = {}
  for name, value in pairs(self.query) do
    ranged[name] = value
  end
  ranged.since, ranged.to = from, to
  local source, found, marks = stream.open(self.session, ranged), {}, {}
  while true do
    local event, message, err = source:next()
    if err then
      return nil, message, err
    elseif not event then
      break
    end
    local identity, time = events.identity(event), event.time
    if not self.state.seen[identity] and not marks[identity] then
      found[#found + 1] = event
    end
    -- An event whose own time is elsewhere was selected by another time, which may be any of the range.
    marks[identity] = time and time >= from and time <= to and time or to
  end
  table.sort(found, events.earlier)
  return found, marks, source.newest
end

-- A time that the service has certainly reached: its own, if a response told it, or that of the newest event and the
-- time that has passed since it was read; nil when neither is known.
local function reached(self, newest)
  local now = sessions.now(self.session) or 0
  local anchor = self.anchor
  if newest and (not anchor or newest > anchor.time + now - anchor.at) then
    anchor = { time = newest, at = now }
    self.anchor = anchor
  end
  if self.session.clock_known then
    return clock.now(self.session)
  end
  return anchor and anchor.time + now - anchor.at
end

-- The state after a poll up to `to` that found events with these marks.
local function state_after(self, to, marks, newest)
  local state, seen = self.state, {}
  local time = reached(self, newest)
  local floor = math.max(state.floor, time and math.floor(math.min(to, time)) - self.lag - SPARE or 0)
  for identity, mark in pairs(state.seen) do
    mark = marks[identity] or mark
    if mark >= floor then
      seen[identity] = mark
    end
  end
  for identity, mark in pairs(marks) do
    if mark >= floor then
      seen[identity] = mark
    end
  end
  return { since = state.since, high = to, floor = floor, seen = seen }
end

local function poll_once(self)
  local from, to, is_present = range_of(self, math.floor(clock.now(self.session)))
  local found, marks, newest = read_new(self, from, to)
  if not found then
    return nil, marks, newest
  end
  return found, not is_present, state_after(self, to, marks, newest)
end

-- Reads once: the new events, whether the tail is still behind, and the state after them; nil, message, err.
local function poll(self)
  return present.corrected(self.session, function()
    return poll_once(self)
  end, function(seconds)
    local state = self.state
    if state.moves then
      state.since, state.high, state.floor = state.since + seconds, state.high + seconds, state.floor + seconds
    end
    return true
  end)
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
    seen[events.identity(event)] = event.time or self.state.high
  end
  return { since = self.state.since, high = self.state.high, floor = self.state.floor, seen = seen }
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
    local ok, message, err = true, nil, nil
    if self.asleep then
      ok, message, err = sessions.sleep(self.session, self.interval)
    end
    if not ok then
      return nil, message, err
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

-- The query and the state that a tail begins with.
local function begin(session, method, fields, rows, default, now)
  local checked = session.settings.validate ~= false
  local read, message, err = query.read_open(method, rows, fields, now, checked, default)
  local lag = math.floor(read and fields.lag or LAG)
  local state, ok
  if read and fields.checkpoint then
    state, message, err = checkpoint.read(method, fields.checkpoint)
    if state then
      state.floor = math.max(state.since, state.floor or state.high - lag - SPARE)
    end
  elseif read then
    state = { since = read.since, high = read.since, floor = read.since, seen = {}, moves = read.moves_since }
    ok, message, err = query.check_retention(method, read.since, now)
    state = ok and state
  end
  if not state then
    return nil, message, err
  end
  return { query = read, state = state, lag = lag }
end

local function open(session, method, fields, rows, default)
  local begun, message, err = present.resolve(session, function(now)
    return begin(session, method, fields, rows, default, now)
  end)
  if not begun then
    return nil, message, err
  end
  return setmetatable({ session = session, query = begun.query, state = begun.state, pending = {}, at = 0,
    lag = begun.lag, interval = fields.interval or INTERVAL }, Tail)
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
      ok, message, err = sessions.sleep(session, math.min(self.interval, left))
    end
    if not ok then
      return nil, message, err
    end
  end
end

return tail
