-- Loaded by audit.lua: a timer that follows the events and logs what the activity rules find alarming.
local cloudaudit = require "cloudaudit"

local alarms = {}
local INTERVAL = 10 -- seconds between two polls
local tail -- of this worker
local watch = cloudaudit.watch()

-- The checkpoint is kept in a dictionary of its own, which survives a reload; a worker that is exiting stops polling.
local function poll(_, client)
  if ngx.worker.exiting() then
    return
  end
  local seen = ngx.shared.audit_state
  tail = tail or assert(client:tail{ since = "-1h", checkpoint = seen:get("seen") })
  local events, more = tail:poll()
  for _, event in ipairs(events or {}) do
    for _, finding in ipairs(watch:add(event)) do
      ngx.log(ngx.WARN, "audit: ", finding.severity, " ", finding.id, " by ", finding.subject, ": ", finding.detail)
    end
  end
  if not events then
    ngx.log(ngx.ERR, "audit: ", more)
  end
  seen:set("seen", tail:checkpoint())
  if not ngx.worker.exiting() then
    assert(ngx.timer.at(events and more and 0 or INTERVAL, poll, client))
  end
end

--- Starts the timer, with a client of this worker.
function alarms.start(client)
  assert(ngx.timer.at(0, poll, client))
end

return alarms
