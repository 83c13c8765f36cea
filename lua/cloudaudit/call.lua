-- Runs one call: asks the core's state machine what to do next and lets the driver do it. The only
-- loop of its kind; knows no transport. The driver's functions, sleep and credentials may yield.
local errors = require "cloudaudit.errors"
local keepers = require "cloudaudit.credentials.refresher"

local exchange = {}

-- Actions whose repetition would make a second one of what they make: when it is not known whether they did,
-- err.intent holds what finding out needs. JSON-safe, without a header.
local CREATES = { CreateAuditTrack = true, CreateEventsAuditTrack = true }

local function intent_of(run, call)
  if CREATES[run.action] then
    local body, timestamp = call:body()
    return { action = run.action, body = body, timestamp = timestamp }
  end
end

--- Whether that is the status of a response: an integer of three digits.
function exchange.is_status(status)
  return type(status) == "number" and status % 1 == 0 and status >= 100 and status <= 999
end

-- A host's own driver may be wrong; what it gives must not become a success nor raise in mid-write.
local function usable(response)
  return type(response) == "table" and exchange.is_status(response.status) and type(response.body) == "string"
    and (response.headers == nil or type(response.headers) == "table")
end

local function tell(run, name, info)
  local hook = run.settings[name]
  if hook then
    hook(info)
  end
end

local function log(run, format, ...)
  if run.settings.log then
    run.settings.log("debug", format:format(...))
  end
end

-- Why the task that a call is in is to end: "cancelled", "closed" or nil.
local function stop_of(run)
  return run.task and run.task.stop
end

-- The end of a call that was stopped between two requests. Once a request has left, what came back for
-- it no longer counts: the call as a whole is not over.
local function stopped(run, call, kind)
  local intent = run.left and intent_of(run, call) or nil
  call:close()
  return errors.of_call({
    kind = kind, message = "the call was " .. kind .. " before it was done", attempts = run.attempt, intent = intent,
    outcome = run.left and "unknown" or "not_sent", elapsed = run.now() - run.started, retryable = not run.left,
  }, run.action)
end

--: class RequestInfo  what on_request is told
--:   action string
--:   attempt integer
--:   method string
--:   host string
--:   bytes integer
--:   timeout number
--:   intent Intent?
--: class ResponseInfo  what on_response is told
--:   action string
--:   attempt integer
--:   elapsed number
--:   status integer?
--:   bytes integer?
--:   request_id string?
--:   kind string?

-- Tells who wants to hear of it that a request is about to leave.
local function announce(run, call, request, seconds)
  local action = run.action
  request = request or call:request()
  log(run, "%s attempt %d: %s %s, %d bytes", action, run.attempt, request.method, request.url, #request.body)
  tell(run, "on_request", { action = action, attempt = run.attempt, method = request.method,
    host = request.host, bytes = #request.body, timeout = seconds, intent = intent_of(run, call) })
end

-- Tells the same ones what came of it.
local function report(run, told)
  if told.status then
    log(run, "%s attempt %d: HTTP %d in %.3f s, %d bytes, request id %s", told.action, told.attempt, told.status,
      told.elapsed, told.bytes, told.request_id or "none")
  else
    log(run, "%s attempt %d: %s after %.3f s", told.action, told.attempt, told.kind, told.elapsed)
  end
  tell(run, "on_response", told)
end

-- Has the driver do it: status, headers and body; or nil, message, info.
local function perform(run, request, seconds)
  local response, message, info = run.exchange(request, seconds, run.wait)
  if usable(response) then
    return response.status, response.headers, response.body
  elseif response ~= nil then
    return nil, "the driver gave no response with status, headers and body", { kind = "protocol", sent = true }
  end
  return nil, message, type(info) == "table" and info or {}
end

-- One HTTP exchange; hands what happened to the call and returns the response table of a success.
local function send(run, call, request, seconds)
  local settings = run.settings
  local watched = settings.log or settings.on_request or settings.on_response
  run.attempt = run.attempt + 1
  run.generation = run.keeper and run.keeper.generation
  if watched then
    announce(run, call, request, seconds)
  end
  local started = watched and run.now()
  local status, headers, body
  if run.send then
    status, headers, body = run.send(call, seconds, run.wait)
  else
    status, headers, body = perform(run, request, seconds)
  end
  local ended = run.now()
  local result, kind
  if status then
    run.left = true
    result, run.date = call:received(status, headers, body, ended, run.clock(), run.random())
  else
    local message, info = tostring(headers or "the driver gave no reason"), body
    kind = stop_of(run) or type(info.kind) == "string" and info.kind or "transport"
    run.left = run.left or info.sent ~= false
    call:failed(kind, message, info.sent ~= false, ended, run.clock(), run.random())
  end
  if watched then
    report(run, { action = run.action, attempt = run.attempt, elapsed = ended - started, kind = kind, status = status,
      bytes = status and #body, request_id = status and call:request_id() })
  end
  return result
end

--- Waits as the calls of a run do.
function exchange.sleep(run, seconds)
  if run.wait then
    run.wait(run.now() + seconds)
  else
    run.sleep(seconds)
  end
end

--- Runs a call to its end. `run` is {action, settings, driver, exchange, send, keeper, now, clock, sleep, random}; in
-- a task of ours also task and wait. Returns the response table (run.date is then the service's time, if it told
-- it), or nil, message, err.
function exchange.run(run, core_client, call)
  local now, unrefreshed = run.now(), nil
  run.attempt, run.started = 0, now
  while true do
    local step, detail, seconds = call:next(now, run.clock(), run.send ~= nil)
    if step == "send" then
      local response = send(run, call, detail, seconds)
      if response then
        call:close() -- the collector does not know how much memory a call holds
        return response
      end
    elseif step == "wait" then
      log(run, "%s: waits %.3f s", run.action, detail)
      exchange.sleep(run, detail)
      local kind = stop_of(run)
      if kind then
        return stopped(run, call, kind)
      end
    elseif step == "refresh" then
      -- Without newer keys the core lets the service's refusal stand.
      local ok, message = keepers.supply(run.keeper, core_client, run.generation)
      unrefreshed = not ok and message or nil
    else
      detail.intent = detail.outcome == "unknown" and intent_of(run, call) or nil
      call:close()
      if unrefreshed then
        detail.hint = "no newer key could be had: " .. unrefreshed
      end
      return errors.of_call(detail, run.action)
    end
    now = run.now()
  end
end

return exchange
