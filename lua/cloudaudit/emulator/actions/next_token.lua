-- NextToken: the place where the next page starts. In the official samples it is the time at which the service took in
-- the last record of the page, in units of 100 ns, above 2^53, and LookUpEvents has a text of 644 characters. The
-- option `page_tokens` selects:
--   ingest_time  as in the samples. Any number is a place, so that one that was rounded to a double works as well.
--   strict       17 digits with a checksum, always odd: one that was rounded is refused. 0 at the end of the list.
--   offset       the number of records that were listed: pages shift when an event arrives in between.
--   inclusive    as ingest_time, but the next page begins with the last record of this one.
local response = require "cloudaudit.emulator.response"

local next_token = {}

-- ---- ingest times ------------------------------------------------------------------------------

-- In units of 100 ns. Records are STEP apart. A token lies between its record and the next one, at a multiple of SPACE,
-- of which there are MANY: an empty page must still return a new token.
local STEP, SPACE, MANY, SECOND = 10000, 100, 90, 10000000

-- Times are pairs {seconds, units}, since a double cannot hold their sum.
local function before(a, b)
  if a[1] ~= b[1] then
    return a[1] < b[1]
  end
  return a[2] < b[2]
end

local function later(time, units)
  local sum = time[2] + units
  return { time[1] + math.floor(sum / SECOND), sum % SECOND }
end

--- The time at which a store of events takes in its next record, now: after all others.
function next_token.ingest_time(store, now)
  local seconds = math.floor(now)
  local units = math.floor((now - seconds) * SECOND)
  local time, earliest = { seconds, units - units % STEP }, later(store.ingested, STEP)
  store.ingested = before(time, earliest) and earliest or time
  return store.ingested
end

--- The time before the first record of a store.
function next_token.origin(now)
  return { math.floor(now), 0 }
end

local function write_time(store, place)
  local record = store.arrived[place.seq]
  local time = later(record and record.ingested or store.origin, SPACE * (1 + place.counter % MANY))
  local digits = ("%.0f%07d"):format(time[1], time[2]):gsub("^0+(%d)", "%1")
  return digits
end

-- The number of records that were taken in up to the time of the token.
local function read_time(store, digits)
  local seconds, units = digits:match("^(%d-)(%d?%d?%d?%d?%d?%d?%d)$")
  local time = { tonumber(seconds) or 0, tonumber(units) }
  local low, high = 0, #store.arrived
  while low < high do
    local middle = math.ceil((low + high) / 2)
    if before(time, store.arrived[middle].ingested) then
      high = middle - 1
    else
      low = middle
    end
  end
  return { seq = low }
end

-- ---- strict tokens -----------------------------------------------------------------------------

local PREFIX = "168"

-- After the prefix: seq in 8 digits, a counter in 3, a checksum in 3.
local function checksum(seq, counter)
  return (seq * 7919 + counter * 104729 + 271) % 500 * 2 + 1
end

local function write_strict(_, place)
  local counter = place.counter % 1000
  return ("%s%08d%03d%03d"):format(PREFIX, place.seq, counter, checksum(place.seq, counter))
end

local function read_strict(_, digits)
  local seq, counter, sum = digits:match("^" .. PREFIX .. "(%d%d%d%d%d%d%d%d)(%d%d%d)(%d%d%d)$")
  if not seq or checksum(tonumber(seq), tonumber(counter)) ~= tonumber(sum) then
    return nil
  end
  return { seq = tonumber(seq) }
end

-- ---- tokens ------------------------------------------------------------------------------------

local MODES = {
  ingest_time = { write = write_time, read = read_time },
  strict = { write = write_strict, read = read_strict, none_at_end = true, digits = true },
  offset = {
    write = function(_, place) return ("%d"):format(place.skip) end,
    read = function(_, digits) return { seq = 0, skip = tonumber(digits) } end,
  },
  inclusive = {
    write = write_time,
    read = function(store, digits)
      local place = read_time(store, digits)
      place.inclusive = true
      return place
    end,
  },
}

-- The text of LookUpEvents: the digits as letters, and filler up to the length of the sample.
local LENGTH, LETTERS = 644, "ABCDEFGHIJ"
local FILLER = ("kLmNoPqRsTuVwXyZ0123456789abcdef+"):rep(20)

local function to_text(digits)
  local text = digits:gsub("%d", function(digit) return LETTERS:sub(digit + 1, digit + 1) end) .. "/"
  return text .. FILLER:sub(1, LENGTH - #text - 1) .. "="
end

local function from_text(text)
  local letters = text:match("^([A-J]+)/[A-Za-z0-9+]*=$")
  return letters and letters:gsub("[A-J]", function(letter) return letter:byte() - 65 end)
end

--- The token of a place {seq=, skip=, counter=}: the number of the last record listed (0: none), how many were listed,
-- and a number that grows with every empty page. `over`: at the end of the list; `text`: for LookUpEvents.
function next_token.write(mode, store, place, over, text)
  local kind = MODES[mode]
  if over and kind.none_at_end then
    return text and "" or "0"
  end
  local digits = kind.write(store, place)
  return text and not kind.digits and to_text(digits) or digits
end

--- The place of a token: {seq=, skip=, inclusive=}, nil if the token is not one. No token, 0 and "" are the first page.
function next_token.read(mode, store, token, text)
  local kind = MODES[mode]
  local digits = token and response.digits(token) or ""
  if digits == "" or digits == "0" then
    return { seq = 0 }
  elseif text and not kind.digits then
    digits = from_text(digits)
  end
  if not digits or digits:find("%D") then
    return nil
  end
  return kind.read(store, digits)
end

--- Notes when a token was given, for `age`.
function next_token.remember(store, token, now)
  store.given = store.given or {}
  store.given[response.digits(token)] = now
end

--- How many seconds ago a token was given; 0 for one that was not.
function next_token.age(store, token, now)
  return now - (store.given and store.given[response.digits(token)] or now)
end

return next_token
