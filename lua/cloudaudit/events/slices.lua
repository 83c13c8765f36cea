-- Cuts a span into slices of time, from one end to the other, and reads each whole. A slice that holds too
-- many events is cut again, so that few are held at a time; only a single second that holds more is held
-- whole. Several slices can be read side by side, each as a task; they come out in order all the same.
local pages = require "cloudaudit.events.pages"
local windows = require "cloudaudit.events.windows"

local slices = {}

local Slices = {}
Slices.__index = Slices

local MOST = 500

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

-- All events of the seconds low..high; or false and a length of time that should not hold too many.
local function read(session, query, low, high)
  local paginator = pages.open(session, query, windows.make(low, high, query.since, query.to))
  local items = {}
  while not paginator.over do
    local found, message, err = pages.next(paginator)
    if not found then
      return nil, message, err
    end
    for _, event in ipairs(found) do
      items[#items + 1] = event
    end
    if #items > MOST and high > low and not paginator.over then
      return false, math.max(1, math.floor(math.min(high - low + 1, spread(items)) / 2))
    end
  end
  return items
end

--- Opens the slices from `edge` to the end of a query {since, to, order, parallel, …}: from the oldest on
-- when order is "oldest", else from the newest.
function slices.open(session, query, edge)
  local self = setmetatable({ session = session, query = query, oldest = query.order == "oldest",
    side_by_side = query.parallel or 1, list = {} }, Slices)
  local low, high = self.oldest and edge or query.since, self.oldest and query.to or edge
  if low <= high then
    -- What is ahead, nearest first: stretches {low, high} that are not cut, and slices {low, high, future}.
    self.list[1] = { low = low, high = high, uncut = true }
  end
  self.length = math.min(windows.SPAN, math.ceil((high - low + 1) / self.side_by_side))
  return self
end

local function start(self, slice)
  if self.side_by_side > 1 then
    slice.future, slice.message, slice.err = require("cloudaudit.async").start(self.session, read, self.session,
      self.query, slice.low, slice.high)
  end
end

-- Cuts the nearest slice off the stretch at `index` and starts it.
local function cut(self, index)
  local stretch = self.list[index]
  local low, high = stretch.low, math.min(stretch.low + self.length - 1, stretch.high)
  if not self.oldest then
    low, high = math.max(stretch.high - self.length + 1, stretch.low), stretch.high
  end
  local slice = { low = low, high = high }
  if low == stretch.low and high == stretch.high then
    self.list[index] = slice
  else
    if self.oldest then
      stretch.low = high + 1
    else
      stretch.high = low - 1
    end
    table.insert(self.list, index, slice)
  end
  start(self, slice)
end

-- Makes the slice at `index`, which held too many, a stretch again, in one with what follows uncut.
local function recut(self, index, length)
  local slice, following = self.list[index], self.list[index + 1]
  self.length = length
  slice.uncut, slice.future = true, nil
  if following and following.uncut then
    slice.low, slice.high = math.min(slice.low, following.low), math.max(slice.high, following.high)
    table.remove(self.list, index + 1)
  end
end

-- Sees to it that as many slices as may be are under way or read; the nearest always is.
local function fill(self)
  local started, index = 0, 1
  while self.list[index] and started < self.side_by_side do
    local slice = self.list[index]
    if slice.future and slice.future:done() then
      local items, length = slice.future:result()
      if items == false then
        recut(self, index, length)
      end
    end
    if slice.uncut then
      cut(self, index)
    end
    started, index = started + 1, index + 1
  end
end

local function finish(self, slice)
  if slice.future then
    return slice.future:await()
  elseif slice.err then
    return nil, slice.message, slice.err
  end
  return read(self.session, self.query, slice.low, slice.high)
end

--- The next slice: its events in no order, and its first and last second. nil at the end; nil, message, err.
function Slices:next()
  while self.list[1] do
    fill(self)
    local slice = self.list[1]
    local items, length, err = finish(self, slice)
    if items then
      table.remove(self.list, 1)
      if #items * 4 <= MOST then
        self.length = math.min(math.max(self.length, slice.high - slice.low + 1) * 2, windows.SPAN)
      end
      return items, slice.low, slice.high
    elseif items == nil then
      self:stop()
      return nil, length, err
    end
    recut(self, 1, length)
  end
  return nil
end

--- Ends what is read ahead; there is no next slice then.
function Slices:stop()
  for _, slice in ipairs(self.list) do
    if slice.future then
      slice.future:cancel()
    end
  end
  self.list = {}
end

return slices
