-- Runs a piece of work as every bench program does: `program COUNT [WARM]` repeats it COUNT times
-- behind WARM times unmeasured, and prints the wall and the CPU time of the COUNT in nanoseconds.
-- Under callgrind nobody looks at the times: the difference between two COUNTs is what is counted.

local core = require "cloudaudit.core"

return function(work)
  local count, warm = tonumber(arg[1]), tonumber(arg[2] or 10)
  for _ = 1, warm do work() end
  local wall, cpu = core.monotonic(), os.clock()
  for _ = 1, count do work() end
  cpu, wall = os.clock() - cpu, core.monotonic() - wall
  print(("%.0f %.0f"):format(wall * 1e9, cpu * 1e9))
end
