-- The rate limit that the workers of an nginx share through a dictionary of ngx.shared: no second holds more than
-- `rate` requests of one key. Without a lock, so that a worker that dies blocks no other.
--
-- A second is counted in tenths. A request counts itself first, then reads the sum of this tenth and the ten before it;
-- if that exceeds the limit it takes its count back and waits. Of the requests admitted within any second, the one that
-- counted itself last has seen all others, so there are at most `rate`.
local rate_limit = {}

local TENTHS = 10
local KEPT = 3 -- seconds that a tenth stays in the dictionary; its count matters for 1.1
local LATE = 1 / 1000 -- seconds: the shortest wait, and the wait when a tenth ended while it was counted

local Limiter = {}
Limiter.__index = Limiter

--- A limiter over `dict` (incr, get, set and add as ngx.shared has them) by `clock`, which all workers must share:
-- seconds of the machine's monotonic clock.
function rate_limit.new(dict, rate, clock)
  return setmetatable({ dict = dict, rate = rate, clock = clock }, Limiter)
end

-- Half the rate after a throttle, and one request a second more for every second since, as in the core's own limit.
local function allowed(self, key, now)
  local least, since = self.dict:get(key .. " allowed"), self.dict:get(key .. " since")
  if not least or not since then
    return self.rate
  end
  return math.min(self.rate, least + math.max(math.floor(now - since), 0))
end

-- Seconds until enough of the tenths before this one have expired.
local function wait_of(counts, tenth, now, sum, most)
  for back = TENTHS, 1, -1 do
    sum = sum - counts[back]
    if sum <= most then
      return (tenth - back + TENTHS + 1) / TENTHS - now
    end
  end
  return (tenth + TENTHS + 1) / TENTHS - now
end

local function name_of(key, tenth)
  return ("%s %.0f"):format(key, tenth)
end

--- 0 and a slot when a request for `key` may be sent now, which is then counted; else the seconds after which to ask
-- again. nil and a message when the dictionary is full.
function Limiter:take(key)
  local now = self.clock()
  local tenth = math.floor(now * TENTHS)
  local name = name_of(key, tenth)
  local sum, message = self.dict:incr(name, 1, 0, KEPT)
  if not sum then
    return nil, message
  end
  local counts = {}
  for back = 1, TENTHS do
    counts[back] = self.dict:get(name_of(key, tenth - back)) or 0
    sum = sum + counts[back]
  end
  local most = allowed(self, key, now)
  local late = math.floor(self.clock() * TENTHS) ~= tenth
  if sum <= most and not late then
    return 0, tenth
  end
  self.dict:incr(name, -1)
  return late and LATE or math.max(wait_of(counts, tenth, now, sum, most), LATE)
end

--- Like take, for a slot that may have expired: it is valid until its tenth is over; then it is given back and another
-- one asked for.
function Limiter:renew(key, slot)
  if math.floor(self.clock() * TENTHS) == slot then
    return 0, slot
  end
  self.dict:incr(name_of(key, slot), -1)
  return self:take(key)
end

--- Halves the rate of `key` after the service has throttled a request, once a second at most.
function Limiter:throttled(key)
  if self.dict:add(key .. " halved", true, 1) then
    local now = self.clock()
    local half = math.max(math.floor(allowed(self, key, now) / 2), 1)
    self.dict:set(key .. " allowed", half, 2 * self.rate)
    self.dict:set(key .. " since", now, 2 * self.rate)
  end
end

return rate_limit
