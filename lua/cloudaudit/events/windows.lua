-- Divides a time range into windows that the service accepts (under 30 days). Each second belongs to one window; a
-- window asks for one second more at each edge and the reader drops the events of that second, so that it does not
-- matter whether the service includes StartTime and EndTime. At the newest edge that second may be the next one: the
-- service sets no limit to EndTime.
local limits = require "cloudaudit.events.limits"

local windows = {}

--- The number of windows of the seconds since..to (both inclusive).
function windows.count(since, to)
  return math.floor((to - since) / limits.WINDOW) + 1
end

--- A window of the seconds low..high: {low=, high=, from=, to=}; from and to are the StartTime and EndTime to ask
-- for.
function windows.make(low, high)
  return { low = low, high = high, from = math.max(low - 1, 0), to = high + 1 }
end

--- The window number `index`, counted from the newest, of the seconds since..to.
function windows.at(since, to, index)
  local high = to - (index - 1) * limits.WINDOW
  return windows.make(math.max(high - limits.WINDOW + 1, since), high)
end

--- Whether an event of a window's pages is of the second before or after it. An event outside of from..to is kept: then
-- the service selects by another time than the event's own.
function windows.foreign(window, time)
  return time ~= nil and (time < window.low and time >= window.from or time > window.high and time <= window.to)
end

return windows
