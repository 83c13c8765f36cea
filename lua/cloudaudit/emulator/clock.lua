-- The emulator's clock: the system's, a fixed time or a function, changed by set and advance. In-process drivers
-- advance it instead of sleeping, so that tests of waiting take no time.
local time = require "cloudaudit.time"
local core = require "cloudaudit.core"

local clock = {}

local Clock = {}
Clock.__index = Clock

--- `source`: nil (the system's clock), epoch seconds (a stopped clock), or a function that returns epoch seconds.
function clock.new(source)
  local self = setmetatable({ source = source, offset = 0, slept = 0 }, Clock)
  if type(source) == "number" then
    self.read = function() return source end
  else
    self.read = source or core.time
  end
  return self
end

--- Epoch seconds, possibly with a fraction.
function Clock:now()
  return self.read() + self.offset
end

--- Monotonic seconds, for waiting: changed by `advance` and real time only.
function Clock:monotonic()
  local base = type(self.source) == "number" and 0 or core.monotonic()
  return base + self.slept
end

--- Sets the time; a running clock continues from there.
function Clock:set(now)
  self.offset = now - self.read()
end

function Clock:advance(seconds)
  self.offset = self.offset + seconds
  self.slept = self.slept + math.max(seconds, 0)
end

--- Restores the time of the source.
function Clock:reset()
  self.offset = 0
end

--- Whether a time is in the years 1970 to 9999, for which dates are defined.
function clock.is_time(seconds)
  return type(seconds) == "number" and seconds >= 0 and seconds <= 253402300799
end

--- "2019-02-26 00:44:25" in UTC+8, the zone of the service's times that name none.
clock.local_time = time.service

--- "2019-02-25", the UTC date of a credential scope.
function clock.utc_date(seconds)
  local t = time.utc(seconds)
  return ("%04d-%02d-%02d"):format(t.year, t.month, t.day)
end

--- "2019-02-25T16:44:25Z".
clock.iso_time = time.iso

local DAYS = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat" }
local MONTHS = { "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" }

--- The value of a Date header, independent of the locale.
function clock.http_date(seconds)
  local t = time.utc(seconds)
  return ("%s, %02d %s %04d %02d:%02d:%02d GMT"):format(DAYS[t.weekday], t.day, MONTHS[t.month], t.year,
    t.hour, t.minute, t.second)
end

return clock
