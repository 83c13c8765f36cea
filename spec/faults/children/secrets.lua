-- A process that prints everything that it can about failing calls. strace records the bytes that it writes.
-- usage: lua secrets.lua LIST   a file with a line "TIMEOUT URL" for each call; prints "end"
local cloudaudit = require "cloudaudit"
local faults = require "faults.rig"

local function say(value)
  if type(value) == "table" then
    io.stderr:write(tostring(value), "\n")
    for name, item in pairs(value) do
      say(name)
      say(item)
    end
  else
    io.stderr:write(tostring(value), "\n")
  end
end

local function say_all(...)
  for index = 1, select("#", ...) do
    say((select(index, ...)))
  end
end

for line in io.lines(arg[1]) do
  local timeout, url = line:match("^(%S+) (%S+)$")
  local client = cloudaudit.new{ endpoint = url, env = false, timeout = tonumber(timeout), log = say_all,
    on_request = say_all, on_response = say_all, random = function() return 0 end,
    secret_id = faults.SECRET_ID, secret_key = faults.SECRET_KEY, token = faults.TOKEN }
  say_all(client:create_track(faults.track("audit")))
  say_all(client:DescribeAuditTracks{ PageNumber = 1, PageSize = 10 })
  say_all(client, pcall(client.create_track, client, { nme = "audit" }))
  client:close()
  say(client)
end
print("end")
