-- Runs one call: asks the core's state machine for the next step and lets the driver perform it. Knows no transport.
-- The driver's functions, sleep and the refresher may yield.
--
-- A call's context is {action, settings, driver, exchange, send, now, clock, sleep, random}, with `refresher` unless it
-- is sent without credentials, and inside a task also {task, wait}. `exchange` takes the request as a table, `send` (of
-- the library's own drivers) the core's call object; it is nil for a driver that has only `exchange`. `event_type`, if
-- it is there, is the metatable of what the items of Events become. While the call runs it also holds {attempt,
-- started, generation, may_have_left, hint, field, sent_at, unrefreshed}; and of the last response that told the
-- service's time that `date`, and `ahead`, by how much it was ahead of the local clock in the middle of the exchange
-- (false after a slow one). A field more than 16 costs every call 2 % of its time.
local core = require "cloudaudit.core"
local errors = require "cloudaudit.errors"
local reader = require "cloudaudit.reader"

local calls = {}

-- Actions that must not be repeated when it is unknown whether they took effect: err.intent then holds what `reconcile`
-- needs to find out. JSON-safe, without a header.
local CREATES = { CreateAuditTrack = true, CreateEventsAuditTrack = true }

local function intent_of(context, call)
  if CREATES[context.action] then
    local body, timestamp = call:body()
    return { action = context.action, body = body, timestamp = timestamp }
  end
end

--- True for the status of a response: an integer of three digits.
function calls.is_status(status)
  return type(status) == "number" and status % 1 == 0 and status >= 100 and status <= 999
end

-- Custom drivers are untrusted: an invalid response becomes a failure, never a success or a Lua error.
local function is_response(response)
  return type(response) == "table" and calls.is_status(response.status) and type(response.body) == "string"
    and (response.headers == nil or type(response.headers) == "table")
end

-- Why the call is to end: "cancelled", "closed" or nil. Another coroutine or a hook may have closed the client.
local function stop_of(context)
  local task, refresher = context.task, context.refresher
  return task and task.stop or refresher and refresher.closed and "closed" or nil
end

-- ---- hooks and log -------------------------------------------------------------------------------

local function notify(context, name, info)
  local hook = context.settings[name]
  if hook then
    hook(info)
  end
end

local function log(context, format, ...)
  if context.settings.log then
    context.settings.log("debug", format:format(...))
  end
end

--: class RequestInfo  the argument of on_request
--:   action string
--:   attempt integer
--:   method string
--:   host string
--:   bytes integer
--:   timeout number
--:   intent Intent?
--: class ResponseInfo  the argument of on_response
--:   action string
--:   attempt integer
--:   elapsed number
--:   status integer?
--:   bytes integer?
--:   request_id string?
--:   kind string?

local function announce(context, call, request, seconds)
  request = request or call:request()
  log(context, "%s attempt %d: %s %s, %d bytes", context.action, context.attempt, request.method, request.url,
    #request.body)
  notify(context, "on_request", { action = context.action, attempt = context.attempt, method = request.method,
    host = request.host, bytes = #request.body, timeout = seconds, intent = intent_of(context, call) })
end

local function report(context, info)
  if info.status then
    log(context, "%s attempt %d: HTTP %d in %.3f s, %d bytes, request id %s", info.action, info.attempt, info.status,
      info.elapsed, info.bytes, info.request_id or "none")
  else
    log(context, "%s attempt %d: %s after %.3f s", info.action, info.attempt, info.kind, info.elapsed)
  end
  notify(context, "on_response", info)
end

-- ---- steps ---------------------------------------------------------------------------------------

-- Lets the driver exchange a request table: status, headers and body; or nil, message, info.
local function exchange(context, request, seconds)
  local response, message, info = context.exchange(request, seconds, context.wait)
  if is_response(response) then
    return response.status, response.headers, response.body
  elseif response ~= nil then
    return nil, "the driver returned no response with status, headers and body", { kind = "protocol", sent = true }
  end
  return nil, message, type(info) == "table" and info or {}
end

-- Sends the request under way: status, headers (a table with lower-case names, or the lines of a head) and body; or
-- nil, message, info.
local function send(context, call, request, seconds)
  local settings = context.settings
  context.attempt = context.attempt + 1
  context.generation = context.refresher and context.refresher.generation
  if settings.log or settings.on_request or settings.on_response then
    announce(context, call, request, seconds)
    context.sent_at = context.now()
  end
  if context.send then
    return context.send(call, seconds, context.wait)
  end
  return exchange(context, request, seconds)
end

-- Logs what the service says of an action that it is going to withdraw.
local function warn_deprecated(context, warning)
  warning = reader.any_text(warning)
  if warning and warning ~= "" and context.settings.log then
    local text = ("%s: the service says it is deprecated: %s"):format(context.action, core.line(warning))
    context.settings.log("warn", text)
  end
end

-- With a longer round trip, in seconds, Date is too inexact.
local MAX_ROUND_TRIP = 5

-- Hands a response to the core: the response table of a success, nil for a refusal.
local function received(context, call, left, ended, status, headers, body)
  context.may_have_left, context.hint, context.field = true, nil, nil
  local wall = context.clock()
  local response, detail, date = call:received(status, headers, body, ended, wall, context.random(),
    context.event_type)
  date = response and detail or date
  if date then
    local trip = ended - left
    context.date, context.ahead = date, trip <= MAX_ROUND_TRIP and date - (wall - trip / 2)
  end
  -- Drivers that share a rate limit between processes need to know.
  local throttled = context.driver.throttled
  if not response and detail == "throttled" and type(throttled) == "function" then
    throttled(context.action)
  end
  return response
end

-- Hands the failure of an exchange to the core; returns its kind.
local function failed(context, call, ended, message, info)
  local kind = stop_of(context) or type(info.kind) == "string" and info.kind or "transport"
  context.may_have_left = context.may_have_left or info.sent ~= false
  context.hint = type(info.hint) == "string" and info.hint or nil
  context.field = type(info.field) == "string" and info.field or nil
  call:failed(kind, tostring(message or "the driver gave no reason"), info.sent ~= false, ended, context.clock(),
    context.random())
  return kind
end

-- What came of the request under way: the response table of a success, else nil.
local function finish_attempt(context, call, left, status, headers, body)
  local ended, response, kind = context.now(), nil, nil
  if status then
    response = received(context, call, left, ended, status, headers, body)
  else
    kind = failed(context, call, ended, headers, body)
  end
  if context.sent_at then
    report(context, { action = context.action, attempt = context.attempt, elapsed = ended - context.sent_at,
      kind = kind, status = status, bytes = status and #body, request_id = status and call:request_id() })
  end
  return response
end

-- The clocks of sessions that were moved on, by the settings of the session.
local moved = setmetatable({}, { __mode = "k" })

--- The monotonic clock of a session: `now`, moved on by the waits in which no time passed.
function calls.clock_of(settings, now)
  local clock = moved[settings]
  return clock and clock.now or now
end

-- NaN, an infinity, and numbers so large that no wait changes them.
local NO_CLOCK = "driver.now: a finite number of seconds that rises expected"

local function skip(context, seconds)
  local clock = moved[context.settings]
  if not clock then
    local now = context.now
    clock = { seconds = 0 }
    clock.now = function()
      return now() + clock.seconds
    end
    moved[context.settings] = clock
  end
  clock.seconds = clock.seconds + seconds
  context.now = clock.now
end

--- Waits as calls with this context do: true, or nil, message, err. If no time passes in a wait, or the clock goes
-- back, it counts as over: the clock of a session whose `sleep` does not sleep would never reach the end of anything.
function calls.sleep(context, seconds)
  local began = context.now()
  if context.wait then
    context.wait(context.task.scheduler:now() + seconds) -- whose clock was never moved on
    if context.now() >= began then
      return true -- perhaps cut short: the task was stopped
    end
  else
    context.sleep(seconds)
  end
  local ended = context.now()
  if ended <= began or ended ~= ended then
    skip(context, began - ended + seconds)
    ended = context.now()
    if ended <= began or ended ~= ended then
      return errors.failure{ kind = "context", message = NO_CLOCK }
    end
  end
  return true
end

-- Fails a call; a task that was stopped is told.
local function fail(context, fields)
  local _, message, err = errors.of_call(fields, context.action)
  if context.task then
    context.task.note_failure(context.task, err)
  end
  return nil, message, err
end

-- Ends a call that was stopped between two requests. After one that may have left the outcome is unknown, whatever its
-- response said: the core meant to send another.
local function stop(context, call, kind, message)
  local intent = context.may_have_left and intent_of(context, call) or nil
  call:close()
  return fail(context, {
    kind = kind, message = message or "the call was " .. kind .. " before it was done", attempts = context.attempt,
    intent = intent, outcome = context.may_have_left and "unknown" or "not_sent",
    elapsed = context.now() - context.started, retryable = not context.may_have_left,
  })
end

-- Without newer credentials the core lets the service's refusal stand.
local function refresh(context, core_client)
  local ok, message = context.refresher:ensure_fresh(core_client, context.generation, context.started)
  context.unrefreshed = not ok and message or nil
end

local function give_up(context, call, fields)
  fields.intent = fields.outcome == "unknown" and intent_of(context, call) or nil
  call:close()
  fields.field = fields.field or context.field
  fields.hint = context.unrefreshed and "refreshing the credentials failed: " .. context.unrefreshed or context.hint
  return fail(context, fields)
end

--- Runs a call to its end: the response table (context.date is then the service's time, if the response told it, and
-- context.intent the intent of a create whose response has no plain id), or nil, message, err.
function calls.run(context, core_client, call)
  local now = context.now()
  context.attempt = 0
  if context.started then -- it waited for credentials
    call:begin(context.started)
  else
    context.started = now
  end
  while true do
    local step, detail, seconds = call:next(now, context.clock(), context.send ~= nil)
    if step == "send" then
      local response = finish_attempt(context, call, now, send(context, call, detail, seconds))
      if response then
        local id = response.TrackId
        if not (type(id) == "number" and id > 0 and id % 1 == 0 and id < 2 ^ 63) then
          context.intent = intent_of(context, call)
        end
        if response.DeprecatedWarning ~= nil then
          warn_deprecated(context, response.DeprecatedWarning)
        end
        call:close() -- the garbage collector does not know how much memory a call holds
        return response
      end
    elseif step == "wait" then
      log(context, "%s: waits %.3f s", context.action, detail)
      local ok, message = calls.sleep(context, detail)
      local kind = stop_of(context) or not ok and "context"
      if kind then
        return stop(context, call, kind, message)
      end
    elseif step == "refresh" then
      refresh(context, core_client)
    else
      return give_up(context, call, detail)
    end
    now = context.now()
  end
end

return calls
