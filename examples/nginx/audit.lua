-- Loaded by nginx.conf: a page of recent events, one of checks of the trail, and a timer that warns of alarming events.
local alarms = require "alarms"
local cloudaudit = require "cloudaudit"

local audit = {}
local client -- of this worker

--- Runs in the master, which alone sees the environment. All workers use the client, each with its own connections;
-- a dictionary keeps them together below the service's rate limit.
function audit.init()
  client = assert(cloudaudit.new{ rate_dict = "audit_rate" })
end

-- Answers with the lines that read(add) adds, or with 502 when it raises.
local function answer(nothing, read)
  ngx.header.content_type = "text/plain; charset=utf-8"
  local lines = {}
  local ok, problem = pcall(read, function(line)
    lines[#lines + 1] = line
  end)
  if not ok then
    ngx.status = 502
    ngx.log(ngx.ERR, "audit: ", problem)
    lines = { "The service could not be read." }
  end
  ngx.say(#lines > 0 and table.concat(lines, "\n") or nothing)
end

--- The events of the last hour, newest first. The worker serves other requests while it waits for them.
function audit.page()
  answer("No events in the last hour.", function(add)
    for event in client:events{ since = "-1h", order = "newest", max = 50 } do
      add(tostring(event))
    end
  end)
end

--- What is wrong with the trail, and what could not be read: that is no pass.
function audit.checks()
  answer("The trail is sound.", function(add)
    local report = assert(cloudaudit.check(client, { checks = { "trail" } }))
    for _, list in ipairs{ report.findings, report.unknown } do
      for _, result in ipairs(list) do
        add(("%s %s %s: %s"):format(result.result, result.severity, result.id, result.detail))
      end
    end
  end)
end

--- Starts the timer, in one worker.
function audit.init_worker()
  if ngx.worker.id() == 0 then
    alarms.start(client)
  end
end

return audit
