-- CPU time as ratios: times themselves depend on the machine, which may be emulated.
local core = require "cloudaudit.core"

local cpu = {}

-- The least of three runs, at least `floor` seconds so that the clock's steps do not matter.
local function least(run, floor)
  local best = math.huge
  for _ = 1, 3 do
    local started = os.clock()
    run()
    best = math.min(best, os.clock() - started)
  end
  return math.max(best, floor)
end

--- How many times as long work(8 * size) takes as work(size): about 8 for linear work, 64 for quadratic.
function cpu.growth(work, size)
  work(size)
  collectgarbage()
  return least(function() work(8 * size) end, 0) / least(function() work(size) end, 0.002)
end

local INPUT = { method = "POST", content_type = "application/json", host = "cloudaudit.tencentcloudapi.com",
  service = "cloudaudit", timestamp = 1551113065, secret_id = "AKIDEXAMPLE", secret_key = "example",
  payload = ("x"):rep(1000) }

--- How many times slower than the machine of the bounds this one is at 1,000 signatures, work of C alone; at least 1.
function cpu.slowness()
  return least(function()
    for _ = 1, 1000 do core.sign(INPUT) end
  end, 0.03) / 0.03
end

return cpu
