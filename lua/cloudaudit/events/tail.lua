-- Follows events. Each pass reads a stretch of time again that overlaps the one before, since events
-- turn up late, and gives what it has not given before. A pass counts only when it was read to its end.
local check = require "cloudaudit.validate"
local core = require "cloudaudit.core"
local errors = require "cloudaudit.errors"
local events = require "cloudaudit.events.event"
local query = require "cloudaudit.events.query"
local session = require "cloudaudit.session"
local stream = require "cloudaudit.events.stream"

local tail = {}

local LAG = 900
local INTERVAL = 10
local VERSION = 1

-- A tail that was away catches up in stretches of this many seconds, to hold few events at a time.
local STRETCH = 3600

-- Ids are remembered a little longer than events can come up again: a clock that is set may step back.
local SPARE = 60

local Tail = {}

-- ---- the checkpoint ------------------------------------------------------------------------

local function write(state)
  local seen = setmetatable({}, core.list)
  for id, time in pairs(state.seen) do
    seen[#seen + 1] = { id, time }
  end
  table.sort(seen, function(a, b) return a[1] < b[1] end)
  return core.encode{ v = VERSION, since = state.since, high = state.high, seen = seen }
end

local function is_second(value)
  return type(value) == "number" and value >= 0 and value % 1 == 0
end

local function read(owner, text)
  local held = core.decode(text)
  local sound = type(held) == "table" and held.v == VERSION and is_second(held.since) and is_second(held.high)
    and type(held.seen) == "table"
  local state = sound and { since = held.since, high = held.high, seen = {} }
  for _, pair in ipairs(sound and held.seen or {}) do
    if type(pair) ~= "table" or type(pair[1]) ~= "string" or not is_second(pair[2]) then
      state = nil
      break
    end
    state.seen[pair[1]] = pair[2]
  end
  if not state then
    return errors.failure{ kind = "validation", field = "checkpoint",
      message = owner .. ".checkpoint: this is no checkpoint; use what tail:checkpoint() gave, unchanged" }
  end
  return state
end

-- ---- a pass --------------------------------------------------------------------------------

-- The seconds that the next pass reads, and whether it reaches the present.
local function span_of(self, now)
  local state = self.state
  -- A clock that was ahead must not keep us from what happens until its time has come.
  local from = math.max(state.since, math.min(state.high, now) - self.lag)
  local to = math.max(math.min(now, state.high + STRETCH), from)
  return from, to, to >= now
end

-- Everything of a span that is new, by time; nil, message, err when it could not be read to its end.
local function read_pass(self, from, to)
  local wide = {}
  for name, value in pairs(self.query) do
    wide[name] = value
  end
  wide.since, wide.to = from, to
  local source, found, ids = stream.open(self.session, wide), {}, {}
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

-- The state after a pass up to `to` that found these events.
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
  local from, to, present = span_of(self, now)
  local found, message, err = read_pass(self, from, to)
  if not found then
    return nil, message, err
  end
  return found, not present, state_after(self, to, found)
end

-- The state with what iter() gave of a pass that is not given out whole.
local function state_given(self)
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
-- What a call needs of a tail; misuse when it is not one.
local function self_of(self)
  if getmetatable(self) ~= Tail then
    return errors.misuse("a method of a tail was called without the tail: write tail:method(...), with a colon")
  elseif self.session.closed then
    return errors.closed()
  end
  return self
end

local methods = {}
Tail.__index = methods

--- Reads once and returns the new events, oldest first, and true when there is more to catch up with
-- at once. Never sleeps between pages of its own accord. nil, message, err when the pass failed:
-- then nothing counts as given, and the next poll reads it again.
--: Tail:poll() -> Event[], boolean | failure
methods.poll = errors.public(function(self)
  local ok, message, err = self_of(self)
  if not ok then
    return nil, message, err
  end
  self.state = state_given(self)
  self.pending, self.at, self.next_state = {}, 0, nil
  local found, more, state = poll(self)
  if not found then
    return nil, more, state
  end
  self.state = state
  return found, more
end)

--- A text that says what has been given so far: client:tail{ checkpoint = text, … } goes on from there.
-- Save it after the events were dealt with. In a loop over iter() the event at hand counts as given.
--: Tail:checkpoint() -> string
methods.checkpoint = errors.public(function(self)
  if getmetatable(self) ~= Tail then
    return self_of(self)
  end
  return write(state_given(self))
end)

-- Gives out self.pending; a pass that was given out to its end becomes the state.
local function next_event(self)
  while true do
    if self.pending[self.at + 1] then
      self.at = self.at + 1
      return self.pending[self.at]
    end
    self.state, self.pending, self.at = self.next_state or self.state, {}, 0
    self.next_state = nil
    if self.asleep then
      session.sleep(self.session, self.interval)
    end
    local found, more, state = poll(self)
    if not found then
      return nil, more, state
    end
    self.pending, self.next_state, self.asleep = found, state, not more
  end
end

--- Iterates without an end: for event in tail:iter() do … end. Sleeps between polls. A failure raises its
-- message and is kept as tail.err; a new iter() goes on, and nothing is lost.
--: Tail:iter() -> fun(): Event
methods.iter = errors.public(function(self)
  local ok, message, err = self_of(self)
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

local function open(inner, owner, given, rows, default)
  local checked = inner.settings.validate ~= false
  local read_query, message, err = query.read_open(owner, rows, given, inner.clock(), checked, default)
  local state
  if read_query and given.checkpoint then
    state, message, err = read(owner, given.checkpoint)
  elseif read_query then
    state = { since = read_query.since, high = read_query.since, seen = {} }
    local ok
    ok, message, err = query.check_reach(owner, read_query.since, inner.clock())
    state = ok and state
  end
  if not state then
    return nil, message, err
  end
  return setmetatable({ session = inner, owner = owner, query = read_query, state = state, pending = {}, at = 0,
    lag = math.floor(given.lag or LAG), interval = given.interval or INTERVAL }, Tail)
end

--- Opens a tail (see events.tail).
function tail.open(inner, owner, given)
  return open(inner, owner, given == nil and {} or given, query.TAIL, "now")
end

local TIMEOUT = { name = "timeout", type = "seconds", required = true, missing = ": how many seconds to wait" }

--- Waits for an event (see events.wait_for).
function tail.wait_for(inner, given, timeout)
  local ok, message, err = check.value("wait_for", TIMEOUT, timeout)
  local self
  if ok then
    self, message, err = open(inner, "wait_for", given, query.WAIT_FOR, "-15m")
  end
  if not self then
    return nil, message, err
  end
  local started
  started, message, err = session.now(inner)
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
    now, message, err = session.now(inner)
    local left = now and started + timeout - now
    if not now then
      return nil, message, err
    elseif left <= 0 then
      return errors.failure{ kind = "timeout", action = "DescribeEvents", hint = not found and more or nil,
        message = ("wait_for: no such event within %.3g s"):format(timeout) }
    elseif not (found and more) then
      session.sleep(inner, math.min(self.interval, left))
    end
  end
end

return tail
