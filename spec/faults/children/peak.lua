-- A process that measures the memory of calls whose responses are endless.
-- usage: lua peak.lua URL   prints the bytes by which its peak grew, and "end"
local cloudaudit = require "cloudaudit"
local faults = require "faults.rig"

local client = cloudaudit.new{ endpoint = arg[1], env = false, timeout = 10, random = function() return 0 end,
  secret_id = faults.SECRET_ID, secret_key = faults.SECRET_KEY }

local function status(name)
  for line in io.lines("/proc/self/status") do
    local value = line:match("^" .. name .. ":%s+(%d+) kB")
    if value then
      return tonumber(value) * 1024
    end
  end
end

local function call()
  local track, _, err = client:create_track(faults.track("audit"))
  assert(not track and err.kind == "protocol", err and err.message)
end

call()
collectgarbage()
collectgarbage()
local reset = assert(io.open("/proc/self/clear_refs", "w"))
reset:write("5") -- resets the peak of the resident set
reset:close()
local before = status("VmRSS")
for _ = 1, 5 do
  call()
end
print("beyond", ("%d"):format(status("VmHWM") - before))
print("end")
