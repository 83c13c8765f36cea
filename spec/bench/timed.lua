-- The protocol of every bench program: `program COUNT [WARM]` repeats a piece of work COUNT times after WARM
-- unmeasured times, and prints the wall and the CPU time of the COUNT in nanoseconds. Callgrind ignores the times and
-- counts the difference between two COUNTs. many: work(count) repeats itself.

local core = require "cloudaudit.core"

return function(work, many)
  local count, warm = tonumber(arg[1]), tonumber(arg[2] or 10)
  local function repeated(times)
    if many then
      return work(times)
    end
    for _ = 1, times do work() end
  end
  repeated(warm)
  local wall, cpu = core.monotonic(), os.clock()
  repeated(count)
  cpu, wall = os.clock() - cpu, core.monotonic() - wall
  print(("%.0f %.0f"):format(wall * 1e9, cpu * 1e9))
end
