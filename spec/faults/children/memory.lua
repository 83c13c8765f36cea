-- A process whose allocations fail, one by one and from each one on, during calls on a warm connection.
-- usage: lua memory.lua URL CA_FILE read|write   with preload.so; prints a line per call: NAME OUTCOME
local cloudaudit = require "cloudaudit"
local faults = require "faults.rig"
local host = require "faults_host"

local url, ca_file, what = arg[1], arg[2], arg[3]
local TIMEOUT = 2

local client = cloudaudit.new{
  endpoint = url, ca_file = ca_file, env = false, timeout = TIMEOUT, rate = 1000, random = function() return 0 end,
  secret_id = faults.SECRET_ID, secret_key = faults.SECRET_KEY, token = faults.TOKEN,
}
local number = 0

-- What a call returned, as pcall tells it, and how long it took.
local function call(params)
  local started = os.clock()
  local ok, track, message, err
  if what == "write" then
    ok, track, message, err = pcall(client.create_track, client, params)
  else
    ok, track, message, err = pcall(client.DescribeAuditTracks, client, params)
  end
  return ok, track, message, err, os.clock() - started
end

local function new_params()
  number = number + 1
  local name = ("mem-%07d"):format(number)
  return what == "write" and faults.track(name) or { PageNumber = 1, PageSize = 10 }, name
end

local function report(name, ok, track, message, err)
  if not ok then
    assert(tostring(track):find("not enough memory", 1, true) or tostring(track):find("no memory", 1, true), track)
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

for _ = 1, 20 do
  clean_call()
end
local total, before = 0, settle()
for _, and_on in ipairs{ false, true } do
  local after, refused = 0, nil
  repeat
    local params, name = new_params()
    collectgarbage()
    host.fail(after, and_on)
    local ok, track, message, err, elapsed = call(params)
    refused = host.heal()
    assert(elapsed < TIMEOUT + faults.GRACE, "late")
    report(name, ok, track, message, err)
    clean_call()
    after, total = after + 1, total + (refused > 0 and 1 or 0)
  until refused == 0
end
print("end", total, settle() - before)
client:close()
