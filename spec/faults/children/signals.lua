-- A process with default signal dispositions whose connections are reset by the peer.
-- usage: lua signals.lua URL CA_FILE   prints the dispositions before and after, and "end"
local cloudaudit = require "cloudaudit"
local faults = require "faults.rig"

local client = cloudaudit.new{
  endpoint = arg[1], ca_file = arg[2], env = false, rate = 1000, timeout = 2, random = function() return 0 end,
  secret_id = faults.SECRET_ID, secret_key = faults.SECRET_KEY,
}

local function dispositions()
  local lines = {}
  for line in io.lines("/proc/self/status") do
    lines[#lines + 1] = line:match("^Sig[BIC]%a+:%s+%x+$") or line:match("^ShdPnd:%s+%x+$")
  end
  return table.concat(lines, " ")
end

print(dispositions())
local failures = 0
for number = 1, 60 do
  local _, _, err = client:create_track(faults.track("audit-" .. number))
  failures = failures + (err and 1 or 0)
end
client:close()
print(dispositions())
print("failures", failures)
print("end")
