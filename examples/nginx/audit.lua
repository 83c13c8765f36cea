-- Loaded by nginx.conf: a page of recent events, and a timer that warns of changes to the audit trail itself.
local cloudaudit = require "cloudaudit"

local audit = {}
local ALERTS = { "CreateAuditTrack", "ModifyAuditTrack", "DeleteAuditTrack", "StopLogging" }
local INTERVAL = 10 -- seconds between two polls
local client, tail -- of this worker

--- Runs in the master, which alone sees the environment. All workers use the client, each with its own connections;
-- a dictionary keeps them together below the service's rate limit.
function audit.init()
  client = assert(cloudaudit.new{ rate_dict = "audit_rate" })
end

--- The events of the last hour, newest first. The worker serves other requests while it waits for them.
function audit.page()
  ngx.header.content_type = "text/plain; charset=utf-8"
  local lines = {}
  local ok, problem = pcall(function()
    for event in client:events{ since = "-1h", order = "newest", max = 50 } do
      lines[#lines + 1] = tostring(event)
    end
  end)
  if not ok then
    ngx.status = 502
    ngx.log(ngx.ERR, "audit: ", problem)
    lines = { "The events could not be read." }
  end
  ngx.say(#lines > 0 and table.concat(lines, "\n") or "No events in the last hour.")
end

-- The checkpoint is kept in a dictionary of its own, which survives a reload; a worker that is exiting stops polling.
local function watch()
  if ngx.worker.exiting() then
    return
  end
  local seen = ngx.shared.audit_state
  tail = tail or assert(client:tail{ since = "-1h", where = { event_name = ALERTS }, checkpoint = seen:get("seen") })
  local events, more = tail:poll()
  for _, event in ipairs(events or {}) do
    ngx.log(ngx.WARN, "audit: ", tostring(event))
  end
  if not events then
    ngx.log(ngx.ERR, "audit: ", more)
  end
  seen:set("seen", tail:checkpoint())
  if not ngx.worker.exiting() then
    assert(ngx.timer.at(events and more and 0 or INTERVAL, watch))
  end
end

--- Starts the timer, in one worker.
function audit.init_worker()
  if ngx.worker.id() == 0 then
    assert(ngx.timer.at(0, watch))
  end
end

return audit
