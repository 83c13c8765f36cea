-- Memory without libcurl's: prints the kilobytes by which the process grows per client that has made a call, and per
-- call in flight. The driver never responds.
local cloudaudit = require "cloudaudit"

local COUNT = 2000

local driver = { sleep = print, exchange = print, async = {
  step = function() end,
  exchange = function(_, _, wait)
    local stop
    repeat
      stop = wait()
    until stop
    return nil, stop, { kind = stop, sent = false }
  end,
} }

local function new(timeout)
  return assert(cloudaudit.new{ driver = driver, env = false, timeout = timeout, secret_id = "AKIDEXAMPLE",
    secret_key = "key" })
end

local function kilobytes()
  collectgarbage()
  collectgarbage()
  for line in io.lines("/proc/self/status") do
    local resident = line:match("^VmRSS:%s+(%d+)")
    if resident then
      return tonumber(resident)
    end
  end
end

local function each(make)
  make(0)
  local before = kilobytes()
  for index = 1, COUNT do
    make(index)
  end
  return (kilobytes() - before) / COUNT
end

local kept = {}
local idle = each(function(index)
  kept[index] = new()
  kept[index].async:quota():cancel()
  kept[index]:step(0)
end)

-- A different action for each call, since the rate limit would delay them otherwise.
local client = new(1000)
local params = { Name = "track", ActionType = "Read", ResourceType = "cam", Status = 1, EventNames = { "*" },
  Storage = { StorageType = "cls", StorageRegion = "ap-guangzhou", StorageName = "topic", StoragePrefix = "test" } }
local call = each(function(index)
  client.async:call("Action" .. index, params)
end)
assert(client:pending() == COUNT + 1)
print(("%.1f %.1f"):format(idle, call))
