-- Epoch seconds as a date in UTC and back, by arithmetic alone: a host may keep os.date from its scripts.
local calendar = {}

local floor = math.floor

-- Years are counted from 1 March, so that a leap day is the last of its year, and in eras of 400.

--- Days from 1970-01-01 to a date of the Gregorian calendar.
function calendar.days(year, month, day)
  year = year - (month < 3 and 1 or 0)
  return 365 * year + floor(year / 4) - floor(year / 100) + floor(year / 400)
    + floor((153 * ((month + 9) % 12) + 2) / 5) + day - 719469
end

--- {year, month, day, hour, minute, second, weekday (1 is Sunday)} in UTC, of any epoch seconds.
function calendar.of(seconds)
  seconds = floor(seconds)
  local days = floor(seconds / 86400)
  local second = seconds - days * 86400
  local shifted = days + 719468
  local era = floor(shifted / 146097)
  local day = shifted - era * 146097
  local year = floor((day - floor(day / 1460) + floor(day / 36524) - floor(day / 146096)) / 365)
  day = day - (365 * year + floor(year / 4) - floor(year / 100))
  local month = floor((5 * day + 2) / 153)
  return {
    year = year + era * 400 + (month >= 10 and 1 or 0), month = month + (month < 10 and 3 or -9),
    day = day - floor((153 * month + 2) / 5) + 1, weekday = (days + 4) % 7 + 1,
    hour = floor(second / 3600), minute = floor(second / 60) % 60, second = second % 60,
  }
end

return calendar
