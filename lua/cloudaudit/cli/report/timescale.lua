-- The bars of a chart over a time range: hours, or longer steps when these would be too many. Steps begin at full hours
-- and midnights of the wall clock; when it is put back, a bar has the events of both hours.
local time = require("cloudaudit").time

local timescale = {}

local HOUR, DAY, WEEK = 3600, 86400, 7 * 86400

local MOST_BARS = 200
local MOST_TICKS = 8

-- From one Thursday, where epoch seconds begin, to Monday.
local MONDAY = 4 * DAY

local STEPS = { HOUR, 6 * HOUR, DAY, WEEK, 4 * WEEK }
local TICKS = { HOUR, 2 * HOUR, 6 * HOUR, 12 * HOUR, DAY, 2 * DAY, WEEK, 2 * WEEK, 4 * WEEK }

local NAMES = { [HOUR] = "hour", [6 * HOUR] = "6 hours", [DAY] = "day", [WEEK] = "week" }
local MONTHS = { "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" }

local Scale = {}
Scale.__index = Scale

-- The first of the steps, or the last doubled, of which the span has at most so many; at least `least`.
local function choose(steps, span, most, least)
  for _, step in ipairs(steps) do
    if step >= least and span / step <= most then
      return step
    end
  end
  local step = steps[#steps]
  while span / step > most do
    step = step * 2
  end
  return step
end

local function origin(step)
  return step >= WEEK and MONDAY or 0
end

--- Makes a scale from `since` to `to` (epoch seconds). offset(seconds): seconds east of UTC at a time. It has `count`,
-- the number of bars, and `name`, such as "hour" or "6 hours".
function timescale.new(since, to, offset)
  local step = choose(STEPS, to - since, MOST_BARS, 0)
  local self = setmetatable({ step = step, offset = offset, origin = origin(step), span = to - since,
    name = NAMES[step] or ("%d weeks"):format(step / WEEK) }, Scale)
  self.first = math.floor((since + offset(since) - self.origin) / step)
  self.count = math.max(math.floor((to + offset(to) - self.origin) / step) - self.first + 1, 1)
  return self
end

--- The number of the bar of a time, which is in the range only from 1 to `count`.
function Scale:index(seconds)
  return math.floor((seconds + self.offset(seconds) - self.origin) / self.step) - self.first + 1
end

-- The wall clock at the beginning of a bar, as if it were UTC.
local function start(self, index)
  return (self.first + index - 1) * self.step + self.origin
end

local function date(seconds)
  return time.iso(seconds):sub(1, 10)
end

local function clock(seconds)
  return time.iso(seconds):sub(12, 16)
end

--- The name of a bar: its hour, hours, day or days.
function Scale:label(index)
  local from = start(self, index)
  if self.step <= HOUR then
    return date(from) .. " " .. clock(from)
  elseif self.step < DAY then
    return ("%s %s to %s"):format(date(from), clock(from), clock(from + self.step))
  elseif self.step == DAY then
    return date(from)
  end
  return ("%s to %s"):format(date(from), date(from + self.step - DAY))
end

local function tick_text(seconds, every, with_year)
  if every < DAY and seconds % DAY ~= 0 then
    return clock(seconds)
  end
  local year, month, day = date(seconds):match("(%d+)-(%d+)-(%d+)")
  return ("%d %s%s"):format(tonumber(day), MONTHS[tonumber(month)], with_year and " " .. year or "")
end

--- Marks below the bars: a list of {index, text}, the index that of the bar which begins there.
function Scale:ticks()
  local every = choose(TICKS, self.span, MOST_TICKS, self.step)
  local list = {}
  for index = 1, self.count do
    local at = start(self, index)
    if (at - origin(every)) % every == 0 then
      list[#list + 1] = { index = index, text = tick_text(at, every, self.span > 300 * DAY) }
    end
  end
  return list
end

return timescale
