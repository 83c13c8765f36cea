-- Divides a time range into windows that the service accepts (under 30 days). Each second belongs to one window; a
-- window asks for one second more at each inner edge and the reader drops events of its neighbour, so that it does
-- not matter whether the service includes StartTime and EndTime.
local limits = require "cloudaudit.events.limits"

local windows = {}

--- The number of windows of the seconds since..to (both inclusive).
function windows.count(since, to)
  return math.floor((to - since) / limits.WINDOW) + 1
end

--- A window of the seconds low..high: {low=, high=, from=, to=}; from and to are the StartTime and EndTime to ask
-- for. `since` and `to` are the ends of the whole range, beyond which nothing is asked for.
function windows.make(low, high, since, to)
  return { low = low, high = high, from = math.max(low - 1, since), to = math.min(high + 1, to) }
end

--- The window number `index`, counted from the newest.
function windows.at(since, to, index)
  local high = to - (index - 1) * limits.WINDOW
  local low = math.max(high - limits.WINDOW + 1, since)
  return windows.make(low, high, since, to)
end

--- Whether an event of a window's pages belongs to a neighbour, which returns it too. An event outside of from..to
-- is kept: then the service selects by another time than the event's own.
function windows.foreign(window, time)
  return time ~= nil and (time < window.low and time >= window.from or time > window.high and time <= window.to)
end

return windows
