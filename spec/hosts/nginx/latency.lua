-- Measures the latency of a worker while calls are in flight: requests /calls from nginx and, until the response,
-- /ping repeatedly. Arguments: nginx's URL, the number of calls, their endpoint, a label for the output.
local core = require "cloudaudit.core"
local curl = require "cloudaudit.curl"

local nginx, count, endpoint, label = arg[1], tonumber(arg[2]), arg[3], arg[4]
local MEDIAN, WORST = 0.020, 0.100

local transport = assert(curl.new{})

local function start(path)
  return assert(transport:start({ action = path, method = "GET", url = nginx .. path, host = "nginx", headers = {},
    body = "" }, 30))
end

local function ping()
  local before = core.monotonic()
  local transfer = start("/ping")
  while not transfer:done() do
    transport:step(1)
  end
  local response = assert(transfer:result())
  assert(response.body == "pong")
  transfer:close()
  return core.monotonic() - before
end

ping() -- opens the connection before the measurement
local began = core.monotonic()
local calls = start(("/calls?n=%d&endpoint=%s"):format(count, endpoint))
local times = {}
while not calls:done() do
  times[#times + 1] = ping()
end
local elapsed = core.monotonic() - began
local said = assert(calls:result()).body
table.sort(times)
local median, worst = times[math.ceil(#times / 2)], times[#times]
print(("%d calls in flight%s: %.2f s; meanwhile %d answers, median %.2f ms, worst %.2f ms"):format(
  count, label, elapsed, #times, median * 1000, worst * 1000))
assert(said == ("ok %d\n"):format(count), said)
assert(elapsed >= 0.5 and elapsed < 3, "they were not in flight at once")
assert(#times >= 20 and median <= MEDIAN and worst <= WORST, "the worker was not free")
