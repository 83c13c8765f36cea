-- Converts the notations for times of users and of the service to epoch seconds and back. Pure arithmetic in UTC:
-- os.time and os.date depend on the machine's time zone. The current time is an argument.
local core = require "cloudaudit.core"
local errors = require "cloudaudit.errors"

local time = {}

local floor = math.floor

--- The last second of the year 9999: the largest time that any function here accepts or returns.
time.LAST = 253402300799

local LAST = time.LAST
local FIRST = -62167219200 -- the first second of the year 0

-- ---- calendar --------------------------------------------------------------------------------

-- Years begin on 1 March here, so that a leap day is the last day of a year; 400 years are an era.

--- Days from 1970-01-01 to a date of the Gregorian calendar.
function time.days(year, month, day)
  year = year - (month < 3 and 1 or 0)
  return 365 * year + floor(year / 4) - floor(year / 100) + floor(year / 400)
    + floor((153 * ((month + 9) % 12) + 2) / 5) + day - 719469
end

--- {year, month, day, hour, minute, second, weekday (1 is Sunday)} in UTC of epoch seconds.
function time.utc(seconds)
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

-- ---- reading ---------------------------------------------------------------------------------

local UNITS = { s = 1, m = 60, h = 3600, d = 86400, w = 604800 }
local SERVICE_ZONE = 8 * 3600
local RIGHT = "write \"-24h\" (units s, m, h, d, w), \"now\", epoch seconds, "
  .. "\"2026-01-31T08:00:00Z\" (ISO 8601 with time zone) or \"2026-01-31 16:00:00\" (the service's notation, UTC+8)"

local function is_date(year, month, day)
  if month < 1 or month > 12 or day < 1 then
    return false
  end
  local t = time.utc(time.days(year, month, day) * 86400)
  return t.year == year and t.month == month and t.day == day
end

local function whole(digits)
  return floor(tonumber(digits))
end

-- Epoch seconds of a date and a time of day in UTC, or nil when that date or time does not exist.
local function seconds_of(year, month, day, hour, minute, second)
  year, month, day = whole(year), whole(month), whole(day)
  hour, minute, second = whole(hour), whole(minute), whole(second)
  if not is_date(year, month, day) or hour > 23 or minute > 59 or second > 59 then
    return nil
  end
  return time.days(year, month, day) * 86400 + hour * 3600 + minute * 60 + second
end

-- Seconds east of UTC for "Z", "+08:00", "+0800" or "+08"; nil for any other text.
local function zone_of(text)
  if text == "Z" or text == "z" then
    return 0
  end
  local sign, hours, minutes = text:match("^([+-])(%d%d):?(%d%d)$")
  if not sign then
    sign, hours = text:match("^([+-])(%d%d)$")
    minutes = "00"
  end
  if not sign or whole(hours) > 14 or whole(minutes) > 59 then
    return nil
  end
  return (whole(hours) * 3600 + whole(minutes) * 60) * (sign == "-" and -1 or 1)
end

local function invalid(name, value, reason)
  return errors.failure{ kind = "validation", field = name,
    message = ("%s: invalid time %s: %s"):format(name, value, reason) }
end

local function quoted(text)
  return '"' .. text .. '"'
end

local NO_SUCH = ("epoch seconds from 0 to %.0f expected, which are the years 1970 to 9999"):format(LAST)

-- No notation is longer; a longer text is not read further, so that time and message are bounded.
local LONGEST = 64

local function read_date(value, name)
  local y, mo, d, h, mi, s = value:match("^(%d%d%d%d)%-(%d%d)%-(%d%d) (%d%d):(%d%d):(%d%d)$")
  local zone = SERVICE_ZONE
  if not y then
    local rest
    y, mo, d, h, mi, s, rest = value:match("^(%d%d%d%d)%-(%d%d)%-(%d%d)[Tt](%d%d):(%d%d):(%d%d)(.*)$")
    if not y then
      return invalid(name, quoted(value), RIGHT)
    end
    -- Events have whole seconds, so a fraction is ignored.
    rest = rest:gsub("^[.,]%d+", "")
    if rest == "" then
      return invalid(name, quoted(value), "the time zone is missing: append Z for UTC, or an offset such as +08:00")
    end
    zone = zone_of(rest)
  end
  local seconds = seconds_of(y, mo, d, h, mi, s)
  if not seconds or not zone then
    return invalid(name, quoted(value), seconds and "no such time zone" or "no such date or time of day")
  end
  seconds = seconds - zone
  if seconds < 0 or seconds > LAST then
    return invalid(name, quoted(value), NO_SUCH)
  end
  return seconds
end

local function read_relative(value, now, name)
  local seconds, at = 0, 2
  while at <= #value do
    local count, unit, after = value:match("^(%d+)([smhdw])()", at)
    if not count or #count > 9 then
      return invalid(name, quoted(value), RIGHT)
    end
    seconds, at = seconds + whole(count) * UNITS[unit], after
    if seconds > now then
      return invalid(name, quoted(value), "that is before 1970")
    end
  end
  return now - seconds
end

local function read_number(value, name)
  if value ~= value or value < 0 or value > LAST then
    return invalid(name, tostring(value), NO_SUCH)
  end
  return floor(value)
end

--- Whether a time is relative to now.
function time.is_relative(value)
  return type(value) == "string" and (value == "now" or value:find("^%-%d") ~= nil)
end

--- Epoch seconds (an integer) of a time in any notation: "-15m", "-1d12h", "now", epoch seconds, ISO 8601 with time
-- zone, or the service's "YYYY-MM-DD HH:MM:SS" (UTC+8). `now` is the current time in epoch seconds; `name` names the
-- value in messages. Otherwise nil, message, err: kind validation for an invalid time, misuse for a value that is
-- neither string nor number.
function time.read(value, now, name)
  if type(value) == "number" then
    return read_number(value, name)
  elseif type(value) ~= "string" then
    return errors.misuse(("%s: time expected, got %s: %s"):format(name, type(value), RIGHT), name)
  elseif value == "now" then
    return floor(now)
  elseif #value > LONGEST then
    return invalid(name, quoted(value:sub(1, 16) .. "..."), ("at most %d bytes expected"):format(LONGEST))
  elseif value:find("^%-%d") then
    return read_relative(value, floor(now), name)
  elseif value:find("^%d+$") then
    return read_number(#value <= #tostring(LAST) and tonumber(value) or math.huge, name)
  end
  return read_date(value, name)
end

--- Epoch seconds of a time, as `since` takes it: time.parse("-15m") or time.parse("-15m", now). Raises for a value
-- that is neither string nor number; returns nil, message, err for an invalid time.
--: time.parse(value: string|number, now?: number) -> integer | failure
time.parse = errors.public(function(value, now)
  if now ~= nil and type(now) ~= "number" then
    return errors.misuse("parse.now: epoch seconds expected, got " .. type(now), "now")
  elseif now and not (now >= 0 and now <= LAST) then
    return errors.misuse(("parse.now: %s, got %.14g"):format(NO_SUCH, now), "now")
  end
  return time.read(value, now or core.time(), "parse")
end)

-- The text of epoch seconds in a zone; a failure of kind misuse outside of the years 0 to 9999.
local function write(method, format, seconds, zone)
  if type(seconds) ~= "number" then
    return errors.misuse(("%s: epoch seconds expected, got %s"):format(method, type(seconds)))
  elseif not (seconds + zone >= FIRST and seconds + zone < LAST + 1) then
    return errors.misuse(("%s: epoch seconds of the years 0 to 9999 expected, got %.14g"):format(method, seconds))
  end
  local t = time.utc(seconds + zone)
  return format:format(t.year, t.month, t.day, t.hour, t.minute, t.second)
end

--- "2026-01-31T08:00:00Z" of epoch seconds.
--: time.iso(seconds: number) -> string
time.iso = errors.public(function(seconds)
  return write("iso", "%04d-%02d-%02dT%02d:%02d:%02dZ", seconds, 0)
end)

--- "2026-01-31 16:00:00" of epoch seconds: the service's notation, in UTC+8.
--: time.service(seconds: number) -> string
time.service = errors.public(function(seconds)
  return write("service", "%04d-%02d-%02d %02d:%02d:%02d", seconds, SERVICE_ZONE)
end)

return time
