-- What nginx.conf beside it runs: a page of recent events, and a timer that warns when somebody touches the trail.
local cloudaudit = require "cloudaudit"

local audit = {}
local ALERTS = { "CreateAuditTrack", "ModifyAuditTrack", "DeleteAuditTrack", "StopLogging" }
local INTERVAL = 10 -- seconds between two looks

local client, tail -- of this worker

--- In the master, which alone sees the environment. The client serves all workers, each with connections of its own;
-- the dictionary keeps them all together below the service's rate.
function audit.init()
  client = assert(cloudaudit.new{ rate_dict = "audit" })
end

--- The last hour's events, newest first. The worker serves others while it waits for them.
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

-- What was read is kept in the dictionary, which outlives a reload; the worker that ends looks no more.
local function watch()
  if ngx.worker.exiting() then
    return
  end
  local seen = ngx.shared.audit
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
