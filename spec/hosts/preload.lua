-- Runs in preload.c: a state with base, package, string, table, math and coroutine only. Loads every
-- embedded module, then makes calls through a custom driver, through prepare and parse, and over HTTPS with
-- libcurl. Arguments: endpoint, CA file, secret id and secret key of a served emulator.
local endpoint, ca_file, secret_id, secret_key = ...
assert(not io and not os and not debug, "this state has io, os or debug")

-- Of the host.
local replace_allocator, foreign_bytes = _G.replace_allocator, _G.foreign_bytes

local before = {}
for name in pairs(_G) do
  before[name] = true
end

-- No module may be loaded from a file.
package.path, package.cpath = "", ""

local loaded = 0
for name in pairs(package.preload) do
  if name:find("^cloudaudit") then
    local ok, problem = pcall(require, name)
    assert(ok or tostring(problem):find("module 'cloudaudit.httpd' not found", 1, true), problem)
    loaded = loaded + 1
  end
end
assert(loaded > 30, "only " .. loaded .. " modules")

for name in pairs(_G) do
  assert(before[name], "a module set a global: " .. tostring(name))
end

local cloudaudit = require "cloudaudit"
local NOW = 1700000000
local emulator = cloudaudit.emulator.new { now = NOW }
local id, key = emulator:credential()
local slept, drawn, exchanged = 0, 0, 0
local served = emulator:driver()

local client = cloudaudit.new {
  secret_id = id,
  secret_key = key,
  env = false,
  clock = function()
    return NOW
  end,
  sleep = function(seconds)
    slept = slept + seconds
    served.sleep(seconds)
  end,
  random = function()
    drawn = drawn + 1
    return 0.5
  end,
  driver = {
    now = served.now,
    exchange = function(...)
      exchanged = exchanged + 1
      return served.exchange(...)
    end,
  },
}

emulator:fault { action = "DescribeAuditTracks", kind = "throttle" }
local name = "in-a-bare-state"
local track = assert(client:create_track {
  name = name,
  action = "write",
  storage = cloudaudit.storage.cos { region = "ap-guangzhou", bucket = "audit-logs", prefix = "host" },
})
assert(track.id == 1, track.id)
local found = assert(client:find_track(name))
assert(found.id == track.id)
assert(exchanged >= 3 and slept > 0 and drawn > 0, "the host's functions were not used")
assert(emulator:count("CreateAuditTrack") == 1)

local params = { TrackId = track.id }
local request = assert(client:prepare("DescribeAuditTrack", params))
assert(request.timestamp == NOW)
local response = assert(served.exchange(request))
local result = assert(client:parse("DescribeAuditTrack", response.status, response.headers, response.body))
assert(result.Name == name)

client:close()

local remote = cloudaudit.new {
  env = false,
  endpoint = endpoint,
  ca_file = ca_file,
  secret_id = secret_id,
  secret_key = secret_key,
}
assert(remote:quota())

-- Everything from here on, what is freed later included, goes through another allocator: the clients and transports
-- above were made with the first.
replace_allocator()
local curl = require "cloudaudit.curl"
collectgarbage()
local bytes = foreign_bytes()
local transport = assert(curl.new{})
assert(foreign_bytes() - bytes > 100, "a transport takes no memory of the state's allocator")
transport:close()
assert(foreign_bytes() - bytes < 100, "a transport keeps memory")

local far = assert(remote:create_track {
  name = "over-https",
  action = "write",
  storage = cloudaudit.storage.cos { region = "ap-guangzhou", bucket = "audit-logs", prefix = "host" },
})
assert(remote:get_track(far.id).name == "over-https")
remote:close()
print(("%s: %d modules, TrackId %d here, %d over HTTPS"):format(_VERSION, loaded, track.id, far.id))
