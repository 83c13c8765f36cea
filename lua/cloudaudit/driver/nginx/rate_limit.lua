-- The rate limit that the workers of an nginx share, over a dictionary such as ngx.shared gives: no second holds more
-- than `rate` requests of one key. Without a lock, so that a worker that dies holds nobody up.
--
-- A second is counted in tenths. Who wants to send counts itself first, then reads the sum of this tenth and the ten
-- before it; if that is too much it takes itself back and waits. Of those that pass within any second, the one that
-- counted itself last has seen all of them, so they are `rate` at the most.
local shared_rate = {}

local TENTHS = 10
local KEPT = 3 -- seconds that a tenth stays in the dictionary; its count matters for 1.1
local LATE = 0.001 -- seconds, the least to wait; all there is to wait when a tenth ended while it was counted

local Limiter = {}
Limiter.__index = Limiter

--- A limiter over `dict` (incr, get, set and add as ngx.shared has them) by `clock`, which all workers must share:
-- seconds of the machine's monotonic clock.
function shared_rate.new(dict, rate, clock)
  return setmetatable({ dict = dict, rate = rate, clock = clock }, Limiter)
end

-- Half after a throttle, and one request a second more for every second since, as one client does it alone.
local function allowed(self, key, now)
  local least, since = self.dict:get(key .. " allowed"), self.dict:get(key .. " since")
  if not least or not since then
    return self.rate
  end
  return math.min(self.rate, least + math.max(math.floor(now - since), 0))
end

-- Seconds until enough of the tenths before this one no longer count.
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

--- 0 and a turn when a request for `key` may be sent now, which then counts; else the seconds after which to ask again.
-- nil and a message when the dictionary has no room.
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

--- As take, for who has a turn that may have grown old: it holds until its tenth is over, then it is given back and
-- another one asked for.
function Limiter:renew(key, turn)
  if math.floor(self.clock() * TENTHS) == turn then
    return 0, turn
  end
  self.dict:incr(name_of(key, turn), -1)
  return self:take(key)
end

--- The service has refused a request for `key` as one too many. Halves what is allowed, once a second at the most.
function Limiter:throttled(key)
  if self.dict:add(key .. " halved", true, 1) then
    local now = self.clock()
    local half = math.max(math.floor(allowed(self, key, now) / 2), 1)
    self.dict:set(key .. " allowed", half, 2 * self.rate)
    self.dict:set(key .. " since", now, 2 * self.rate)
  end
end

return shared_rate
