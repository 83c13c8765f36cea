-- Event methods: one page, all events of a time range, following, and waiting for one event. Each works on a session
-- and returns a value or nil, message, err. The modules of this folder are loaded at first use.
local clock = require "cloudaudit.clock"
local errors = require "cloudaudit.errors"

local events = {}

local function part(name)
  return require("cloudaudit.events." .. name)
end

-- Resolves a query; `rows` names the list of fields in query.lua.
local function read(self, method, rows, query)
  local queries = part("query")
  return part("present").resolve(self, function(now)
    return queries.read(method, queries[rows], query, now, self.settings.validate ~= false)
  end)
end

-- Opens a source of events at a position and runs first(source), which reads from it. When its first responses correct
-- the clock, the query is shifted, and the reading begins anew. Returns the results of first.
local function read_first(self, method, query, open, first)
  return part("present").corrected(self, function()
    return first(open())
  end, function(seconds)
    return part("query").shift(method, query, seconds, clock.now(self))
  end)
end

--: class EventPage  one page of events
--:   events Event[]
--:   cursor string?
--:   request_id string?
--: class EventIterator  for event in client:events{…} do … end
--:   () Event?
--:   err Error?
--:   cursor string?
--- One page of events: {events = {…}, cursor = text, or nil after the last page, request_id}. query: since
-- (required), until, where, filter, location, page_size (at most 50); or cursor, to resume. A page may have few or no
-- events although more follow: only a page without a cursor is the last.
--: Client:lookup(query: LookupQuery) -> EventPage | failure
function events.lookup(self, query)
  local resolved, position, err = read(self, "lookup", "LOOKUP", query)
  if not resolved then
    return nil, position, err
  elseif resolved.order then
    return errors.failure{ kind = "validation", field = "cursor",
      message = "lookup.cursor: the cursor belongs to events() with an order: pass it to events()" }
  end
  local stream
  local items, message
  items, message, err = read_first(self, "lookup", resolved, function()
    stream = part("stream").open(self, resolved, position)
    return stream
  end, function(source)
    return source:next_page()
  end)
  if err then
    return nil, message, err
  end
  stream.at = #stream.items
  position = stream:position()
  return { events = items or {}, request_id = stream.request_id,
    cursor = not position.done and part("cursor").write(resolved, position) or nil }
end

-- Key of the internal state; it.err and it.cursor are public.
local STATE = "_state"

-- The first event of an iterator; nil, message, err on failure.
local function first_event(state)
  state.begun = true
  return read_first(state.session, "events", state.query, function()
    if state.read and state.source.stop then
      state.source:stop()
    end
    state.source, state.read = state.read and state.open() or state.source, true
    return state.source
  end, function(source)
    return source:next()
  end)
end

-- The next event of an iterator, nil at the end; nil, message, err on failure, which it.err keeps: a call after a
-- failure fails again, since a failure must never look like the end.
local function next_event(self)
  local event, state = nil, self[STATE]
  if not self.err and (not state.left or state.left > 0) then
    local _
    if state.begun then
      event, _, self.err = state.source:next()
    else
      event, _, self.err = first_event(state)
    end
    state.left = state.left and event and state.left - 1 or state.left
    if state.left == 0 and state.source.stop then
      state.source:stop()
    end
  end
  if self.err then
    return nil, self.err.message, self.err
  end
  return event
end

local methods = {}

--- The next event, or nil after the last, like a call of the iterator; but a failure is nil, message, err and raises
-- nothing.
--: EventIterator:next() -> Event? | failure
function methods.next(self)
  return next_event(self)
end

local Iterator = {
  __name = "cloudaudit.EventIterator",
  __index = function(self, name)
    if name == "cursor" then
      local state = rawget(self, STATE)
      return state.source and part("cursor").write(state.query, state.source:position()) or nil
    end
    return methods[name]
  end,
  __call = function(self)
    local event, message, err = next_event(self)
    if err then
      error(message, 2)
    end
    return event
  end,
}

--- Iterates over all events of a time range: for event in client:events{ since = "-24h" } do … end. query: as lookup,
-- and max (number of events), order ("oldest" or "newest": strictly by time; without it the newest 29-day window
-- first, and the service's order within it), parallel (number of slices read in parallel; needs a driver that can
-- step; newest first unless order says otherwise). `since` and `until` are inclusive. A failure raises its message
-- and is kept as it.err. it.cursor is a text from which another process resumes after the last event returned:
-- client:events{ cursor = text }.
--: Client:events(query: EventQuery) -> EventIterator
function events.events(self, query)
  local resolved, position, err = read(self, "events", "EVENTS", query)
  if not resolved and err.kind == "misuse" then
    return nil, position, err
  elseif not resolved then
    return setmetatable({ err = err, [STATE] = {} }, Iterator)
  end
  local function open()
    return part(resolved.order and "sorted" or "stream").open(self, resolved, position)
  end
  return setmetatable({ [STATE] = { session = self, query = resolved, open = open, source = open(),
    left = resolved.max } }, Iterator)
end

--- Follows events as they arrive: a tail with poll(), iter() and checkpoint(). query: where, filter, location,
-- page_size as for events; since (default "now"); lag: how many seconds late an event may arrive (default 900);
-- interval: seconds between polls of iter (default 10); checkpoint: text of an earlier tail to resume from, instead
-- of since.
--: Client:tail(query?: TailQuery) -> Tail | failure
function events.tail(self, query)
  return part("tail").open(self, "tail", query)
end

--- Waits for the first event that matches: the event, or nil, message, err (kind timeout when none arrived within
-- `timeout` seconds). query: as tail, without lag and checkpoint; since defaults to "-15m". Retryable failures are
-- waited out.
--: Client:wait_for(query: WaitQuery, timeout: number) -> Event | failure
function events.wait_for(self, query, timeout)
  return part("tail").wait_for(self, query, timeout)
end

return events
