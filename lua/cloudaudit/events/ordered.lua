-- Events strictly by time, oldest or newest first, whatever order the service has: the span is read in
-- slices, each sorted before it is given out. Slices shrink and grow so that one holds a few hundred
-- events at the most; only a single second that holds more is held whole.
local pages = require "cloudaudit.events.pages"
local windows = require "cloudaudit.events.windows"

local ordered = {}

local Ordered = {}
Ordered.__index = Ordered

local MOST = 500

-- By time, then by id: an order that two readings share, so that a position is one event.
local function earlier(a, b)
  local first, second = a.time or 0, b.time or 0
  if first ~= second then
    return first < second
  end
  return (a.id or "") < (b.id or "")
end

local function later(a, b)
  return earlier(b, a)
end

--- Opens a reading at a position (nil: the start).
function ordered.open(inner, query, position)
  local oldest = query.order == "oldest"
  local self = setmetatable({
    session = inner, query = query, items = {}, at = 0, oldest = oldest, before = oldest and earlier or later,
    edge = oldest and query.since or query.to, length = windows.SPAN,
  }, Ordered)
  if position and position.done then
    self.done = true
  elseif position then
    self.edge = position.edge
    self.resumed = position.time and { time = position.time, id = position.id }
  end
  return self
end

-- The slice that begins at the edge: its first and last second.
local function slice(self)
  if self.oldest then
    return self.edge, math.min(self.edge + self.length - 1, self.query.to)
  end
  return math.max(self.edge - self.length + 1, self.query.since), self.edge
end

-- The seconds that events span.
local function spread(items)
  local least, most
  for _, event in ipairs(items) do
    if event.time then
      least = math.min(least or event.time, event.time)
      most = math.max(most or event.time, event.time)
    end
  end
  return least and most - least + 1 or 1
end

-- Reads the slice of seconds low..high: all its events, or false when they are too many.
local function read_slice(self, low, high)
  local query = self.query
  local walk = pages.open(self.session, query, windows.make(low, high, query.since, query.to))
  local items = {}
  while not walk.over do
    local found, message, err = pages.next(walk)
    if not found then
      return nil, message, err
    end
    for _, event in ipairs(found) do
      items[#items + 1] = event
    end
    if #items > MOST and high > low and not walk.over then
      self.length = math.max(1, math.floor(math.min(high - low + 1, spread(items)) / 2))
      return false
    end
  end
  return items
end

local function wanted_of(self, items)
  local wanted, resumed, out = self.query.wanted, self.resumed, {}
  table.sort(items, self.before)
  for _, event in ipairs(items) do
    if (not resumed or self.before(resumed, event)) and (not wanted or wanted(event)) then
      out[#out + 1] = event
    end
  end
  return out
end

-- Reads the next slice into self.items.
local function advance(self)
  local items, message, err, low, high
  repeat
    low, high = slice(self)
    items, message, err = read_slice(self, low, high)
    if items == nil then
      return nil, message, err
    end
  until items
  self.items, self.at = wanted_of(self, items), 0
  if self.resumed and low <= self.resumed.time and self.resumed.time <= high then
    self.resumed = nil
  end
  self.start = self.edge
  self.edge = self.oldest and high + 1 or low - 1
  if #items * 4 <= MOST then
    self.length = math.min(math.max(self.length, high - low + 1) * 2, windows.SPAN)
  end
  self.done = self.edge > self.query.to or self.edge < self.query.since
  return true
end

--- The next event; nil at the end; nil, message, err.
function Ordered:next()
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
  return self.items[self.at]
end

--- Where it stands: everything up to the event that was given last is done.
function Ordered:position()
  local inside = self.at < #self.items
  if self.done and not inside then
    return { done = true }
  end
  -- In the middle of a slice it begins again, and what lies before the last event is left out.
  local after = inside and self.items[self.at] or self.resumed
  return { edge = inside and self.start or self.edge, time = after and after.time, id = after and after.id }
end

return ordered
