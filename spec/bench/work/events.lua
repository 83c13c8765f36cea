-- COUNT events through `events`, over an in-process driver that generates pages on request. Prints wall and CPU time,
-- and by how many kilobytes the process grew after the first tenth.
local many_events = require "support.many_events"

local core = require "cloudaudit.core"

local count = tonumber(arg[1])
many_events.read(1000)
local began, clock = core.monotonic(), os.clock()
local seen, _, resident = many_events.read(count)
assert(seen == count)
print(("%.0f %.0f %d"):format((core.monotonic() - began) * 1e9, (os.clock() - clock) * 1e9, math.max(resident, 0)))
