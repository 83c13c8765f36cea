-- A process that makes some calls, while strace makes one system call fail.
-- usage: lua calls.lua URL CA_FILE ID   prints, at its end, NAME OUTCOME KIND for each write, and errors
local cloudaudit = require "cloudaudit"
local core = require "cloudaudit.core"
local faults = require "faults.rig"

local url, ca_file, id = arg[1], arg[2], arg[3]
local TIMEOUT, HANG = 2, 1

local client = cloudaudit.new{
  endpoint = url, ca_file = ca_file, env = false, timeout = TIMEOUT, random = function() return 0 end,
  secret_id = faults.SECRET_ID, secret_key = faults.SECRET_KEY, token = faults.TOKEN,
}
local lines, failed_before = {}, false

local function say(...)
  lines[#lines + 1] = table.concat({ ... }, " ")
end

local function call(name, method, params)
  local started = core.monotonic()
  local ok, value, message, err = pcall(client[method], client, params)
  local outcome, kind = "created", "-"
  if not ok then
    outcome, kind = "raised", tostring(value):find("[Mm]emory") and "memory" or tostring(value)
  elseif not value then
    outcome, kind = err.outcome, err.kind
    if type(message) ~= "string" or message:find("%c") then
      say("broken: no message")
    end
  end
  if core.monotonic() - started > TIMEOUT + HANG then
    say("broken: the deadline did not end " .. name)
  elseif kind ~= "-" and failed_before then
    say("broken: " .. name .. " failed after another: " .. tostring(message or value))
  elseif outcome == "raised" and kind ~= "memory" then
    say("broken: raised " .. kind)
  end
  failed_before = kind ~= "-"
  say(name, outcome, kind)
end

require "cloudaudit.curl"
-- From here on system calls fail; those that load libraries are not tested.
local marker = io.open("/faults-marker")
assert(not marker)
for number = 1, 4 do
  call(("sys-%s-%d"):format(id, number), "create_track", faults.track(("sys-%s-%d"):format(id, number)))
  call("read", "DescribeAuditTracks", { PageNumber = 1, PageSize = 10 })
end
print(table.concat(lines, "\n") .. "\nend")
