-- Events strictly by time, oldest or newest first, whatever the order of the service: sorts each slice of slices.lua.
local events = require "cloudaudit.events.event"
local slices = require "cloudaudit.events.slices"

local sorted = {}

local Sorted = {}
Sorted.__index = Sorted

local function later(a, b)
  return events.earlier(b, a)
end

-- Identities of events without a time that a position holds: of one slice.
local MOST_GIVEN = 500

--- Opens a sorted reading at a position (nil: the start).
function sorted.open(session, query, position)
  local oldest = query.order == "oldest"
  local self = setmetatable({
    query = query, items = {}, at = 0, oldest = oldest, before = oldest and events.earlier or later,
    edge = oldest and query.since or query.to, given = {}, skip = {},
  }, Sorted)
  if position and position.done then
    self.done = true
    return self
  elseif position then
    self.edge, self.given = position.edge, position.given or {}
    self.resumed = position.time and { time = position.time, id = position.id }
    for _, identity in ipairs(self.given) do
      self.skip[identity] = true
    end
  end
  self.slices = slices.open(session, query, self.edge)
  return self
end

-- Sorts a slice, without the events before the position of the cursor. Events without a time come last: they have no
-- place among the others, so a cursor lists those that were returned.
local function arrange(self, items)
  local wanted, resumed, timed, timeless = self.query.wanted, self.resumed, {}, {}
  for _, event in ipairs(items) do
    local list, returned = timed, resumed and not self.before(resumed, event)
    if not event.time then
      list, returned = timeless, self.skip[events.identity(event)]
    end
    if not returned and (not wanted or wanted(event)) then
      list[#list + 1] = event
    end
  end
  table.sort(timed, self.before)
  table.sort(timeless, events.earlier)
  for _, event in ipairs(timeless) do
    timed[#timed + 1] = event
  end
  return timed
end

-- Reads the next slice into self.items: true; nil at the end; nil, message, err on failure.
local function advance(self)
  local items, low, high = self.slices:next()
  if not items then
    self.done = not high
    return nil, low, high
  end
  self.items, self.at, self.last = arrange(self, items), 0, self.resumed
  if self.resumed and low <= self.resumed.time and self.resumed.time <= high then
    self.resumed = nil
  end
  self.start, self.edge = self.oldest and low or high, self.oldest and high + 1 or low - 1
  self.done = self.edge > self.query.to or self.edge < self.query.since
  return true
end

--- The next event; nil at the end; nil, message, err on failure.
function Sorted:next()
  while not self.items[self.at + 1] do
    if self.done then
      return nil
    end
    local ok, message, err = advance(self)
    if not ok then
      return nil, message, err
    end
  end
  self.at = self.at + 1
  local event = self.items[self.at]
  if event.time then
    self.last = event
  else
    if #self.given == MOST_GIVEN then
      table.remove(self.given, 1)
    end
    self.given[#self.given + 1] = events.identity(event)
  end
  return event
end

--- The position behind the last event returned.
function Sorted:position()
  local inside = self.at < #self.items
  if self.done and not inside then
    return { done = true }
  end
  -- Within a slice, resuming reads the slice again and skips up to the last event returned.
  local after = inside and self.last or self.resumed
  return { edge = inside and self.start or self.edge, time = after and after.time,
    id = after and events.identity(after), given = self.given[1] and self.given or nil }
end

--- Cancels the slices read ahead.
function Sorted:stop()
  if self.slices then
    self.slices:stop()
  end
end

return sorted
