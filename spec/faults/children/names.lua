-- A process whose name servers do not respond, with preload.so.
-- usage: lua names.lua URL   of a reachable service; prints a line per call, and "end"
local cloudaudit = require "cloudaudit"
local core = require "cloudaudit.core"
local faults = require "faults.rig"

local function client_of(endpoint, timeout)
  return cloudaudit.new{ endpoint = endpoint, env = false, timeout = timeout, random = function() return 0 end,
    secret_id = faults.SECRET_ID, secret_key = faults.SECRET_KEY }
end

local function timed(timeout, call, ...)
  local started = core.monotonic()
  local value, _, err = call(...)
  local over = core.monotonic() - started - timeout
  print("call", value and "ok" or err.kind, err and err.outcome or "-", ("%.3f"):format(over))
end

for _, timeout in ipairs{ 0.05, 0.3, 1 } do
  local lost = client_of("https://a.blackhole.test", timeout)
  timed(timeout, lost.create_track, lost, faults.track("audit"))
  timed(timeout, lost.DescribeAuditTracks, lost, { PageNumber = 1, PageSize = 10 })
  local started = core.monotonic()
  lost:close()
  print("close", "ok", "-", ("%.3f"):format(core.monotonic() - started))
end
local found = client_of(arg[1], 5)
timed(5, found.ListAudits, found)
print("end")
