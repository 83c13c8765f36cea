-- Times as the command reads and writes them. The library's notations are relative or have a zone; here a date or a
-- time without one is meant in the local zone, or in UTC with --utc.
local status = require "cloudaudit.cli.status"
local time = require("cloudaudit").time

local times = {}

local RIGHT = "2h or -2h (ago), 7d, now, today, yesterday, epoch seconds or ISO 8601 such as 2026-01-31T08:00:00Z"
  .. " expected"

--- Seconds east of UTC of the local zone at a time.
function times.offset_at(seconds)
  local here, utc = os.date("*t", seconds), os.date("!*t", seconds)
  local days = here.yday - utc.yday
  if here.year ~= utc.year then
    days = here.year > utc.year and 1 or -1
  end
  return ((days * 24 + here.hour - utc.hour) * 60 + here.min - utc.min) * 60 + here.sec - utc.sec
end

local offset_at = times.offset_at

--- "2026-01-31T16:00:00+08:00" in the local zone, or "2026-01-31T08:00:00Z" with `utc`.
function times.show(seconds, utc)
  if utc then
    return time.iso(seconds)
  end
  local offset = offset_at(seconds)
  local minutes = math.floor(math.abs(offset) / 60)
  return (time.iso(seconds + offset):gsub("Z$", ("%s%02d:%02d"):format(offset < 0 and "-" or "+",
    math.floor(minutes / 60), minutes % 60)))
end

-- Epoch seconds of a date and a time of day without a zone.
local function local_seconds(date, clock, utc)
  local seconds = time.parse(date .. "T" .. clock .. "Z")
  if not seconds or utc then
    return seconds
  end
  -- The offset of that moment, not of one that is off by the offset itself.
  local guess = seconds - offset_at(seconds)
  return seconds - offset_at(guess)
end

local function midnight(now, days, utc)
  local date = times.show(now, utc):sub(1, 10)
  local seconds = time.parse(date .. "T12:00:00Z") + days * 86400
  return local_seconds(time.iso(seconds):sub(1, 10), "00:00:00", utc)
end

local function read(text, now, utc)
  local date, clock = text:match("^(%d%d%d%d%-%d%d%-%d%d)$"), "00:00:00"
  if not date then
    date, clock = text:match("^(%d%d%d%d%-%d%d%-%d%d)[Tt](%d%d:%d%d:%d%d)$")
  end
  if not date then
    date, clock = text:match("^(%d%d%d%d%-%d%d%-%d%d)[Tt](%d%d:%d%d)$")
    clock = clock and clock .. ":00"
  end
  if date then
    return local_seconds(date, clock, utc)
  elseif text == "today" then
    return midnight(now, 0, utc)
  elseif text == "yesterday" then
    return midnight(now, -1, utc)
  elseif text:find("^%d+[smhdw]") then
    text = "-" .. text
  end
  return (time.parse(text, now))
end

--- Epoch seconds of the value of an option; ends the command with 2 when it is not a time.
function times.read(place, text, now, utc)
  local seconds = read(text, now, utc)
  if not seconds then
    status.usage(("%s: %s, got %s"):format(place, RIGHT, status.quote(text)))
  end
  return seconds
end

return times
