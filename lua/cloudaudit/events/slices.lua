-- Divides a time range into slices, from one end to the other, and reads each whole. A slice with too many events is
-- divided again, so that few are in memory at a time; only a single second can exceed the limit. Several slices can
-- be read in parallel, each as a task; they are returned in order.
local limits = require "cloudaudit.events.limits"
local pages = require "cloudaudit.events.pages"
local windows = require "cloudaudit.events.windows"

local slices = {}

local Slices = {}
Slices.__index = Slices

-- Events of a slice in memory.
local MOST = 500

-- The number of seconds from the first to the last event; of the whole slice when no event has a time.
local function spread(items, low, high)
  local least, most
  for _, event in ipairs(items) do
    if event.time then
      least = math.min(least or event.time, event.time)
      most = math.max(most or event.time, event.time)
    end
  end
  return least and most - least + 1 or high - low + 1
end

-- All events of the seconds low..high; or false and the length, in seconds, of a slice that should fit.
local function read(session, query, low, high)
  local paginator = pages.open(session, query, windows.make(low, high))
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
      return false, math.max(1, math.floor(math.min(high - low + 1, spread(items, low, high)) / 2))
    end
  end
  return items
end

--- Opens the slices from `edge` to the end of a query {since, to, order, parallel, …}: from the oldest on
-- when order is "oldest", else from the newest.
function slices.open(session, query, edge)
  local self = setmetatable({ session = session, query = query, oldest = query.order == "oldest",
    parallel = query.parallel or 1, list = {} }, Slices)
  local low, high = self.oldest and edge or query.since, self.oldest and query.to or edge
  if low <= high then
    -- The rest of the range, next first: slices {low, high, future}, and undivided parts {low, high, uncut = true}.
    self.list[1] = { low = low, high = high, uncut = true }
  end
  self.length = math.min(limits.WINDOW, math.ceil((high - low + 1) / self.parallel))
  return self
end

local function start(self, slice)
  if self.parallel > 1 then
    slice.future, slice.message, slice.err = require("cloudaudit.async").start(self.session, read, self.session,
      self.query, slice.low, slice.high)
  end
end

-- Cuts the next slice off the undivided part at `index` and starts it.
local function cut(self, index)
  local rest = self.list[index]
  local low, high = rest.low, math.min(rest.low + self.length - 1, rest.high)
  if not self.oldest then
    low, high = math.max(rest.high - self.length + 1, rest.low), rest.high
  end
  local slice = { low = low, high = high }
  if low == rest.low and high == rest.high then
    self.list[index] = slice
  else
    if self.oldest then
      rest.low = high + 1
    else
      rest.high = low - 1
    end
    table.insert(self.list, index, slice)
  end
  start(self, slice)
end

-- Makes the slice at `index`, which had too many events, undivided again, and joins it to an undivided part behind it.
local function recut(self, index, length)
  local slice, following = self.list[index], self.list[index + 1]
  self.length = length
  slice.uncut, slice.future = true, nil
  if following and following.uncut then
    slice.low, slice.high = math.min(slice.low, following.low), math.max(slice.high, following.high)
    table.remove(self.list, index + 1)
  end
end

-- Starts slices until `parallel` of them are running or read; the first in the list always is.
local function fill(self)
  local started, index = 0, 1
  while self.list[index] and started < self.parallel do
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

--- The next slice: its events in no particular order, and its first and last second. nil at the end; nil, message,
-- err on failure.
function Slices:next()
  while self.list[1] do
    fill(self)
    local slice = self.list[1]
    local items, length, err = finish(self, slice)
    if items then
      table.remove(self.list, 1)
      if #items * 4 <= MOST then
        self.length = math.min(math.max(self.length, slice.high - slice.low + 1) * 2, limits.WINDOW)
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

--- Cancels the slices read ahead; no slice follows.
function Slices:stop()
  for _, slice in ipairs(self.list) do
    if slice.future then
      slice.future:cancel()
    end
  end
  self.list = {}
end

return slices
