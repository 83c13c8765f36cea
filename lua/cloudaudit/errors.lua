-- The error table: a one-line message and the fields that code decides by.
-- Inside the library a failure is a return value; only `public` raises, and only for misuse.
local core = require "cloudaudit.core"
local hints = require "cloudaudit.hints"

local errors = {}

-- In the order in which the manual explains them.
local FIELDS = {
  "kind", "code", "message", "action", "request_id", "http_status", "outcome",
  "attempts", "elapsed", "retryable", "field", "hint",
  "intent", "ids", "differences", "retry_after",
}

-- Runs of control characters in any locale. Lua 5.1 needs %z for a zero byte.
local CONTROLS = "[%z\1-\31]+"

-- Fields that may hold what somebody else wrote: like the message they are printable.
local SHOWN = { "code", "request_id", "field" }

--: class Error  a failure; tostring gives the message
--:   kind string
--:   code string?
--:   message string
--:   action string?
--:   request_id string?
--:   http_status integer?
--:   outcome "not_sent"|"rejected"|"unknown"|"created"
--:   attempts integer
--:   elapsed number?
--:   retryable boolean
--:   field string?
--:   hint string?
--:   intent Intent?
--:   ids (integer|string)[]?
--:   differences Difference[]?
--:   retry_after number?
local methods = {}
local Error = { __index = methods }

function Error.__tostring(err)
  return err.message
end

--- True when the service's code equals `prefix` or begins with it and a dot: err:is("ResourceNotFound") is true
-- for ResourceNotFound.AuditNotExist, not for ResourceNotFoundX.
--: Error:is(prefix: string) -> boolean
function methods.is(err, prefix)
  if type(prefix) ~= "string" then
    error("err:is expects a code such as \"ResourceNotFound\", got " .. type(prefix), 2)
  end
  local code = err.code
  return code ~= nil and (code == prefix or code:sub(1, #prefix + 1) == prefix .. ".")
end

--- Makes an error from `fields` (the core's fields table, plus action and hint). Returns the message, always one
-- printable line of valid UTF-8, and the error. A failure whose text is written in this library brings its hint;
-- hints.lua knows the others.
function errors.new(fields)
  local err = {}
  for _, name in ipairs(FIELDS) do
    err[name] = fields[name]
  end
  err.kind = err.kind or "protocol"
  local message = err.message ~= "" and err.message or err.code or err.kind
  err.message = core.line((tostring(message):gsub(CONTROLS, " ")))
  for _, name in ipairs(SHOWN) do
    err[name] = type(err[name]) == "string" and core.line(err[name]) or err[name]
  end
  err.outcome = err.outcome or "not_sent"
  err.attempts = err.attempts or 0
  err.retryable = err.retryable or false
  err.hint = err.hint or hints.find(err)
  setmetatable(err, Error)
  return err.message, err
end

--- Like `new`, but returns nil, message, err, as every function that fails does.
function errors.failure(fields)
  return nil, errors.new(fields)
end

--- The failure of an action whose message already names the place (parameters, credentials).
function errors.of_action(fields, action)
  fields.action = action
  return errors.failure(fields)
end

--- The failure of every method of a closed client.
function errors.closed()
  return errors.failure{ kind = "closed", message = "the client is closed" }
end

--- The failure of a call once it has begun: the core's fields, the message as "action: message (code)".
function errors.of_call(fields, action)
  local message = fields.message ~= "" and fields.message or nil
  if message and fields.code then
    message = ("%s (%s)"):format(message, fields.code)
  end
  fields.message = ("%s: %s"):format(action, message or fields.code or fields.kind)
  return errors.of_action(fields, action)
end

--- The failure that `public` raises. `field` is the path without the method's name.
function errors.misuse(message, field)
  return errors.failure{ kind = "misuse", message = message, field = field }
end

--- True for an error of this library.
--: errors.is_error(value: any) -> boolean
function errors.is_error(value)
  return getmetatable(value) == Error
end

--- Wraps a public function: misuse raises at the caller's line, all other results (at most four) are returned
-- unchanged. Without pcall, which Lua 5.1 cannot yield across.
function errors.public(method)
  return function(...)
    local a, b, c, d = method(...)
    if a == nil and c ~= nil and getmetatable(c) == Error and c.kind == "misuse" then
      error(b, 2)
    end
    -- Trailing nils are dropped, so that print(client:close()) prints one value.
    if d ~= nil then
      return a, b, c, d
    elseif c ~= nil then
      return a, b, c
    elseif b ~= nil then
      return a, b
    end
    return a
  end
end

return errors
