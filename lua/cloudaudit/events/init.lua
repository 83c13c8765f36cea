-- Events for a client: one page, all of them, what comes next, and waiting for one. Works on a
-- session; every function returns a value or nil, message, err. Loaded parts only when they are used.
local errors = require "cloudaudit.errors"

local events = {}

local function part(name)
  return require("cloudaudit.events." .. name)
end

local function is_checked(self)
  return self.settings.validate ~= false
end

--: class EventPage  one page of events
--:   events Event[]
--:   cursor string?
--:   request_id string?
--: class EventIterator  for event in client:events{…} do … end
--:   () Event?
--:   err Error?
--:   cursor string?
--- One page of events: {events = {…}, cursor = text or nil after the last page, request_id}. query: since
-- (required), until, where, filter, location, page_size (at most 50); or cursor, to go on. A page may hold
-- few events or none while there are more: the end is a page without a cursor.
--: Client:lookup(query: LookupQuery) -> EventPage | failure
function events.lookup(self, given)
  local query, position, err = part("query").read("lookup", part("query").LOOKUP, given, self.clock(), is_checked(self))
  if not query then
    return nil, position, err
  elseif query.order then
    return errors.failure{ kind = "validation", field = "cursor",
      message = "lookup.cursor: this cursor is one of events() with an order; go on with events()" }
  end
  local stream = part("stream").open(self, query, position)
  local items, message
  items, message, err = stream:next_page()
  if err then
    return nil, message, err
  end
  stream.at = #stream.items
  local now_at = stream:position()
  return { events = items or {}, request_id = stream.request_id,
    cursor = not now_at.done and part("cursor").write(query, now_at) or nil }
end

-- What an iterator is inside, under a key of its own: users see it.err and it.cursor.
local STATE = "_state"

local Iterator = {
  __index = function(self, name)
    if name == "cursor" then
      local state = rawget(self, STATE)
      return state.source and part("cursor").write(state.query, state.source:position()) or nil
    end
  end,
  -- Raises again when it is called again after a failure: it must never look like the end.
  __call = function(self)
    local event = nil
    local state = self[STATE]
    if not self.err and (not state.left or state.left > 0) then
      local _
      event, _, self.err = state.source:next()
      state.left = state.left and event and state.left - 1 or state.left
      if state.left == 0 and state.source.stop then
        state.source:stop()
      end
    end
    if self.err then
      error(self.err.message, 2)
    end
    return event
  end,
}

--- Iterates over all events of a span: for event in client:events{ since = "-24h" } do … end. query: as
-- lookup, and max (how many), order ("oldest" or "newest": strictly by time; without it the newest of the
-- 29-day windows first, and the service's own order in each), parallel (how many parts of the span to read
-- side by side; needs a driver that can step; newest first unless order says otherwise). `since` and `until`
-- count in. A failure raises its message and is kept as it.err. it.cursor is a text from which another
-- process goes on after the event that was given last: client:events{ cursor = text }.
--: Client:events(query: EventQuery) -> EventIterator
function events.events(self, given)
  local query, position, err = part("query").read("events", part("query").EVENTS, given, self.clock(), is_checked(self))
  if not query and err.kind == "misuse" then
    return nil, position, err
  elseif not query then
    return setmetatable({ err = err, [STATE] = {} }, Iterator)
  end
  local source = part(query.order and "sorted" or "stream").open(self, query, position)
  return setmetatable({ [STATE] = { query = query, source = source, left = query.max } }, Iterator)
end

--- Follows events as they arrive (see tail.lua): a tail with poll(), iter() and checkpoint(). query: where,
-- filter, location, page_size as for events; since (default "now"); lag: how many seconds late an event
-- may turn up (default 900); interval: seconds between polls of iter (default 10); checkpoint: text of an
-- earlier tail to go on from, instead of since.
--: Client:tail(query?: TailQuery) -> Tail | failure
function events.tail(self, given)
  return part("tail").open(self, "tail", given)
end

--- Waits until an event fits: the event, or nil, message, err (kind timeout when none came in `timeout`
-- seconds). query: as tail, without lag and checkpoint; since defaults to "-15m". Failures that pass by
-- themselves are waited out.
--: Client:wait_for(query: WaitQuery, timeout: number) -> Event | failure
function events.wait_for(self, given, timeout)
  return part("tail").wait_for(self, given, timeout)
end

return events
