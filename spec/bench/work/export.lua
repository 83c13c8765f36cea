-- COUNT events of a served emulator, another process: with "export" through `cloudaudit export` into a folder, in this
-- process; with "library" through client:events in the same order; with "zlib" only the compression of the bytes that
-- the export writes. Prints wall and CPU time, and the peak size of the process in KB.
-- usage: lua export.lua export|library|zlib COUNT
local cli = require "cloudaudit.cli"
local client = require "cloudaudit.cli.client"
local core = require "cloudaudit.core"
local gzip = require "cloudaudit.export.gzip"
local served = require "support.emulator"

local kind, count = arg[1], tonumber(arg[2])
local SINCE, BLOCK = "-31d", 65536
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

local function output_of(command)
  local pipe = assert(io.popen(command))
  local text = pipe:read("*a")
  pipe:close()
  return text
end

local folder = output_of("mktemp -d"):match("%S+") .. "/archive"

local works = {}

function works.library()
  local seen = 0
  for _ in made:events{ since = SINCE, order = "oldest" } do
    seen = seen + 1
  end
  assert(seen >= count, seen) -- the calls of this client are events too
end

function works.export()
  assert(cli.main({ "export", folder, "--since", SINCE:sub(2) }, { out = io.stderr, err = io.stderr }) == 0)
end

-- Compresses lines of an export in the blocks in which it does.
local function compress(blocks)
  local pack, bytes = gzip.pack(), 0
  for _, block in ipairs(blocks) do
    bytes = bytes + #pack(block)
  end
  assert(bytes + #pack() > 0)
end

local blocks = {}
if kind == "zlib" then
  works.export()
  local pipe = assert(io.popen("cat " .. folder .. "/dt=*/*.gz | zcat"))
  for block in pipe.lines(pipe, BLOCK) do
    blocks[#blocks + 1] = block
  end
  pipe:close()
  function works.zlib()
    compress(blocks)
  end
end

assert(made:lookup{ since = "-1h" }) -- loads the library and opens the connection
local wall, cpu = core.monotonic(), os.clock()
works[kind]()
cpu, wall = os.clock() - cpu, core.monotonic() - wall
local peak = 0
for line in io.lines("/proc/self/status") do
  peak = tonumber(line:match("^VmHWM:%s*(%d+)")) or peak
end
if kind ~= "library" then
  local lines = tonumber(output_of("cat " .. folder .. "/dt=*/*.gz | zcat | wc -l"))
  assert(lines >= count, lines)
end
output_of("rm -rf " .. folder:gsub("/archive$", ""))
print(("%.0f %.0f %d"):format(wall * 1e9, cpu * 1e9, peak))
emulator:stop()
