-- COUNT events of a served emulator. "export": `cloudaudit export` to a folder, in this process. "floor": what no
-- export can do without, the library's iteration in the same order and zlib's compression of the lines that an export
-- wrote. Prints wall and CPU time, the peak of the process in kilobytes, and the CPU time of the emulator, which is
-- another process.
-- usage: lua export.lua export|floor COUNT
local cli = require "cloudaudit.cli"
local client = require "cloudaudit.cli.client"
local core = require "cloudaudit.core"
local served = require "support.emulator"
local zlib = require "zlib"

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

local place = os.tmpname()
os.remove(place)

local function export(path, since)
  local out = assert(io.open("/dev/null", "w"))
  assert(cli.main({ "export", path, "--since", since }, { out = out, err = io.stderr }) == 0)
end

local function export_all()
  export(place, "31d")
end

local function iterate()
  local seen = 0
  for _ in made:events{ since = "-31d", order = "oldest" } do
    seen = seen + 1
  end
  assert(seen >= count, seen) -- the calls of this client are events too
end

-- In pieces of the size in which the export compresses.
local function compress(pieces)
  local stream = zlib.deflate(6, 31)
  for _, piece in ipairs(pieces) do
    stream(piece)
  end
  stream("", "finish")
end

local function exported_pieces()
  local pipe = assert(io.popen(("zcat %s/dt=*/part-*.gz"):format(place)))
  local pieces = {}
  for piece in function() return pipe:read(65536) end do
    pieces[#pieces + 1] = piece
  end
  pipe:close()
  return pieces
end

local function peak()
  for line in io.lines("/proc/self/status") do
    local kilobytes = line:match("^VmHWM:%s+(%d+)")
    if kilobytes then
      return tonumber(kilobytes)
    end
  end
end

-- Seconds of the emulator: user and system time in steps of 10 ms.
local function emulator_cpu()
  local file = assert(io.open(("/proc/%d/stat"):format(emulator.pid)))
  local user, system = file:read("*a"):match("%) %S+" .. (" %S+"):rep(10) .. " (%d+) (%d+)")
  file:close()
  return (user + system) / 100
end

local work = export_all
export(place .. ".warm", "1h") -- loads the modules and opens the connection
if kind == "floor" then
  export_all()
  local pieces = exported_pieces()
  work = function()
    iterate()
    compress(pieces)
  end
end
local wall, cpu, served_cpu = core.monotonic(), os.clock(), emulator_cpu()
work()
cpu, wall, served_cpu = os.clock() - cpu, core.monotonic() - wall, emulator_cpu() - served_cpu
print(("%.0f %.0f %d %.0f"):format(wall * 1e9, cpu * 1e9, peak(), served_cpu * 1e9))
emulator:stop()
os.execute(("rm -rf %s %s.warm"):format(place, place))
