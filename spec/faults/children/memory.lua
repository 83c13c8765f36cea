-- A process whose allocations fail, one by one and from each one on, during calls on a warm connection.
-- usage: lua memory.lua URL CA_FILE read|write   with preload.so; prints a line per call: NAME OUTCOME
local cloudaudit = require "cloudaudit"
local core = require "cloudaudit.core"
local curl = require "cloudaudit.curl"
local faults = require "faults.rig"
local host = require "faults_host"

local url, ca_file, what = arg[1], arg[2], arg[3]
-- Where libcurl forgets to watch a socket, the deadline ends the call.
local TIMEOUT, HANG = 0.2, 1

local client = cloudaudit.new{
  endpoint = url, ca_file = ca_file, env = false, timeout = TIMEOUT, rate = 1000, random = function() return 0 end,
  secret_id = faults.SECRET_ID, secret_key = faults.SECRET_KEY, token = faults.TOKEN,
}
local number = 0

-- The results of pcall for a call, and its duration.
local function call(params)
  curl.sleep(0.002) -- stays below the client's own rate
  local started = core.monotonic()
  local ok, track, message, err
  if what == "write" then
    ok, track, message, err = pcall(client.create_track, client, params)
  else
    ok, track, message, err = pcall(client.DescribeAuditTracks, client, params)
  end
  return ok, track, message, err, core.monotonic() - started
end

local function new_params()
  number = number + 1
  local name = ("mem-%07d"):format(number)
  return what == "write" and faults.track(name) or { PageNumber = 1, PageSize = 10 }, name
end

local function report(name, ok, track, message, err)
  if not ok then
    assert(tostring(track):find("[Mm]emory"), track)
    print(name, "raised")
  elseif track then
    print(name, "created")
  else
    assert(type(message) == "string" and type(err) == "table", message)
    print(name, err.outcome, err.kind)
  end
end

local function clean_call()
  local params, name = new_params()
  local ok, track, message, err = call(params)
  assert(ok and track, "the next call failed: " .. tostring(track or message))
  report(name, ok, track, message, err)
end

local function settle()
  collectgarbage()
  collectgarbage()
  return host.live()
end

-- Fails one allocation per call; returns how many have failed.
local function sweep(and_on)
  local after, failed, refused = 0, 0
  repeat
    local params, name = new_params()
    collectgarbage()
    host.fail(after, and_on)
    local ok, track, message, err, elapsed = call(params)
    refused = host.heal()
    assert(elapsed < TIMEOUT + HANG, "the deadline did not end the call")
    report(name, ok, track, message, err)
    clean_call()
    after, failed = after + 1, failed + (refused > 0 and 1 or 0)
  until refused == 0
  return failed
end

for _ = 1, 20 do
  clean_call()
end
-- The first rounds leave handles and connections that are kept for reuse. A leak grows in every round.
local total, live = 0, {}
for round = 1, 3 do
  total = total + sweep(false) + sweep(true)
  live[round] = settle()
end
print("end", total, live[3] - live[2])
client:close()
