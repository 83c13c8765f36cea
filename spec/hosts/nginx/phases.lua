-- Tries a call in every phase of nginx and records the result.
local phases = { seen = {} }

local client

local function note(phase, result, message, err)
  local told = message and ("%s: %s; %s; %s"):format(err.kind, err.outcome, message, tostring(err.hint))
  phases.seen[phase] = told or ("ok " .. tostring(result ~= nil))
end

--- One call in the current phase.
function phases.try()
  note(ngx.get_phase(), client:ListAudits())
  return ""
end

function phases.init()
  local given = require("hosts.nginx.site").settings
  client = require("cloudaudit").new{ endpoint = given.endpoint, secret_id = given.secret_id,
    secret_key = given.secret_key, rate = 1000 }
  phases.try()
end

phases.init_worker = phases.try

--- Makes calls in the content phase, in a light thread and in a timer, and then responds.
function phases.content()
  phases.try()
  assert(ngx.thread.wait(ngx.thread.spawn(function()
    note("thread", client:ListAudits())
  end)))
  local done = require("ngx.semaphore").new()
  assert(ngx.timer.at(0, function()
    phases.try()
    done:post()
  end))
  assert(done:wait(10))
  ngx.say("done")
end

return phases
