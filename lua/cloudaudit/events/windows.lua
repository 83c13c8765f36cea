-- Cuts a span of time into windows that the service takes (under 30 days). Each second belongs to one
-- window; a window asks for one second more at each inner edge and the reader drops what is not its own,
-- so that it does not matter whether the service counts the ends in.
local windows = {}

-- Two seconds of margin stay below 30 days with room to spare; 90 days make four windows.
windows.SPAN = 29 * 86400

--- How many windows the seconds since..to (both included) make.
function windows.count(since, to)
  return math.floor((to - since) / windows.SPAN) + 1
end

--- A window of the seconds low..high: {low=, high=, from=, to=}; from and to are what to ask for. `since`
-- and `to` are the ends of the whole span, beyond which nothing is asked for.
function windows.make(low, high, since, to)
  return { low = low, high = high, from = math.max(low - 1, since), to = math.min(high + 1, to) }
end

--- The window number `index`, counted from the newest.
function windows.at(since, to, index)
  local high = to - (index - 1) * windows.SPAN
  local low = math.max(high - windows.SPAN + 1, since)
  return windows.make(low, high, since, to)
end

--- Whether an event found in a window is to be dropped, since the neighbour has it. One from outside of
-- what was asked for is kept: then the service goes by another time than the event tells.
function windows.foreign(window, time)
  return time ~= nil and (time < window.low and time >= window.from or time > window.high and time <= window.to)
end

return windows
