-- Events strictly by time, oldest or newest first, whatever the order of the service: sorts each slice of slices.lua.
local events = require "cloudaudit.events.event"
local slices = require "cloudaudit.events.slices"

local sorted = {}

local Sorted = {}
Sorted.__index = Sorted

local function later(a, b)
  return events.earlier(b, a)
end

--- Opens a sorted reading at a position (nil: the start).
function sorted.open(session, query, position)
  local oldest = query.order == "oldest"
  local self = setmetatable({
    query = query, items = {}, at = 0, oldest = oldest, before = oldest and events.earlier or later,
    edge = oldest and query.since or query.to,
  }, Sorted)
  if position and position.done then
    self.done = true
    return self
  elseif position then
    self.edge = position.edge
    self.resumed = position.time and { time = position.time, id = position.id }
  end
  self.slices = slices.open(session, query, self.edge)
  return self
end

-- Sorts a slice, without the events before the position of the cursor.
local function arrange(self, items)
  local wanted, resumed, out = self.query.wanted, self.resumed, {}
  table.sort(items, self.before)
  for _, event in ipairs(items) do
    if (not resumed or self.before(resumed, event)) and (not wanted or wanted(event)) then
      out[#out + 1] = event
    end
  end
  return out
end

-- Reads the next slice into self.items: true; nil at the end; nil, message, err on failure.
local function advance(self)
  local items, low, high = self.slices:next()
  if not items then
    self.done = not high
    return nil, low, high
  end
  self.items, self.at = arrange(self, items), 0
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
  return self.items[self.at]
end

--- The position behind the last event returned.
function Sorted:position()
  local inside = self.at < #self.items
  if self.done and not inside then
    return { done = true }
  end
  -- Within a slice, resuming reads the slice again and skips up to the last event returned.
  local after = inside and self.items[self.at] or self.resumed
  return { edge = inside and self.start or self.edge, time = after and after.time, id = after and after.id }
end

--- Cancels the slices read ahead.
function Sorted:stop()
  if self.slices then
    self.slices:stop()
  end
end

return sorted
