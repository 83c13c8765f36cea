-- The CPU time of each client:step(0) during calls over TLS, 16 at a time, with the sleep of a frame between two
-- steps. Prints, for 16 handshakes and for the `steps.lua CALLS` calls after them: the number of steps, and the
-- median, 99 %, 99.9 % and worst in milliseconds. The server is that at BENCH_URL, or an emulator.
local curl = require "cloudaudit.curl"

local IN_FLIGHT = 16

local function measure(client, call, left)
  local costs = {}
  local function start()
    left = left - 1
    call(client.async):on_done(function(answer, message)
      assert(answer, message)
      if left > 0 then
        start()
      end
    end)
  end
  for _ = 1, IN_FLIGHT do
    start()
  end
  local pending
  repeat
    local before = os.clock()
    pending = client:step(0)
    costs[#costs + 1] = os.clock() - before
    curl.sleep(0.0005)
  until pending == 0
  table.sort(costs)
  local line = { #costs }
  for index, share in ipairs{ 0.5, 0.99, 0.999, 1 } do
    line[index + 1] = ("%.3f"):format(costs[math.ceil(#costs * share)] * 1000)
  end
  print(table.concat(line, " "))
end

local function run(client, call)
  measure(client, call, IN_FLIGHT)
  measure(client, call, tonumber(arg[1]))
  client:close()
end

if os.getenv("BENCH_URL") then
  local example = require "bench.example"
  run(require "bench.client"(), function(async)
    return async:CreateAuditTrack(example.params)
  end)
else
  local emulator = require("support.emulator").start{ "--tls", "--rate", "0" }
  run(emulator:client{ rate = 1000, timeout = 60 }, function(async)
    return async:quota()
  end)
  emulator:stop()
end
