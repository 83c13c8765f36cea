-- COUNT events of a served emulator: with "library" through client:events, in the order in which the command reads
-- them; with "command" through `cloudaudit events -o jsonl`, in this process. Prints wall and CPU time; the emulator is
-- another process.
-- usage: lua command.lua library|command COUNT
local cli = require "cloudaudit.cli"
local client = require "cloudaudit.cli.client"
local core = require "cloudaudit.core"
local served = require "support.emulator"

local kind, count = arg[1], tonumber(arg[2])
local emulator = served.start{ "--events", tostring(count), "--rate", "0" }

-- The clock runs a hundred times faster, because the client's own limit of `rate` requests a second is below the speed
-- that is measured here.
local driver = {}
for name, member in pairs(require("cloudaudit.driver.curl").new{}) do
  driver[name] = member
end
function driver.now()
  return core.monotonic() * 100
end
local made = emulator:client{ driver = driver, rate = 1000, timeout = 86400 }
function client.new()
  return made
end

local function library()
  local seen = 0
  for _ in made:events{ since = "-31d", order = "newest" } do
    seen = seen + 1
  end
  assert(seen >= count, seen) -- the calls of this client are events too
end

local function command()
  local out = assert(io.open("/dev/null", "w"))
  assert(cli.main({ "events", "--since", "31d", "-o", "jsonl" }, { out = out, err = io.stderr }) == 0)
end

local work = kind == "library" and library or command
assert(made:lookup{ since = "-1h" }) -- loads the library and opens the connection
local wall, cpu = core.monotonic(), os.clock()
work()
cpu, wall = os.clock() - cpu, core.monotonic() - wall
print(("%.0f %.0f"):format(wall * 1e9, cpu * 1e9))
emulator:stop()
