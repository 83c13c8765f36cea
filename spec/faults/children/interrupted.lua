-- A program that waits in the library for half a minute and gets signals meanwhile.
-- usage: lua interrupted.lua alarms URL    handled signals: prints how long a sleep of 0.3 s took and how many came
--        lua interrupted.lua WHAT URL      Ctrl-C after 0.2 s: prints "interrupted" and how long it took
local core = require "cloudaudit.core"
local curl_driver = require "cloudaudit.driver.curl"
local faults = require "faults.rig"
local host = require "faults_host"
local cloudaudit = require "cloudaudit"

local what, url = arg[1], arg[2]
local driver = curl_driver.new()
local client = assert(cloudaudit.new{ endpoint = url, env = false, timeout = 30, retries = 0,
  secret_id = faults.SECRET_ID, secret_key = faults.SECRET_KEY })

local waits = {
  sleep = function() driver.sleep(30) end,
  call = function() client:quota() end,
  step = function()
    client.async:quota()
    while client:step(30) > 0 do end
  end,
}

if what == "alarms" then
  host.alarms(0.01)
  local started = core.monotonic()
  driver.sleep(0.3)
  print("slept", core.monotonic() - started >= 0.3 and "whole" or "short", host.alarms(0) > 10 and "often" or "seldom")
else
  local pipe = io.popen("echo $PPID")
  local pid = pipe:read("*n")
  pipe:close()
  os.execute(("(sleep 0.2; kill -INT %d) &"):format(pid))
  local started = core.monotonic()
  local ok, message = pcall(waits[what])
  local took = core.monotonic() - started
  print(ok and "returned" or tostring(message):match("interrupted"), took < 5 and "soon" or "late")
end
print("end")
