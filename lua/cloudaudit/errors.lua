-- Errors: one table for every failure, with a line to read and fields to decide by.
-- Inside the library a failure is a return value; only `public` raises, and only for misuse.
local hints = require "cloudaudit.hints"

local errors = {}

-- In the order in which the README explains them.
local FIELDS = {
  "kind", "code", "message", "action", "request_id", "http_status", "outcome",
  "attempts", "elapsed", "retryable", "field", "hint",
  "intent", "ids", "differences", "retry_after",
}

--: class Error  a failure; its text is the message
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

--- True when the service's code is `prefix` or lies below it: err:is("ResourceNotFound") holds for
-- ResourceNotFound.AuditNotExist, not for ResourceNotFoundX.
--: Error:is(prefix: string) -> boolean
function methods.is(err, prefix)
  if type(prefix) ~= "string" then
    error("err:is expects a code such as \"ResourceNotFound\", got " .. type(prefix), 2)
  end
  local code = err.code
  return code ~= nil and (code == prefix or code:sub(1, #prefix + 1) == prefix .. ".")
end

--- Makes an error of `fields` (those of the core's fields table, and action, hint); returns its
-- message and the error. Message is always one line.
function errors.new(fields)
  local err = {}
  for _, name in ipairs(FIELDS) do
    err[name] = fields[name]
  end
  err.kind = err.kind or "protocol"
  local message = err.message ~= "" and err.message or err.code or err.kind
  err.message = tostring(message):gsub("[%c]+", " ")
  err.outcome = err.outcome or "not_sent"
  err.attempts = err.attempts or 0
  err.retryable = err.retryable or false
  err.hint = err.hint or hints.find(err)
  setmetatable(err, Error)
  return err.message, err
end

--- As new, in the shape that every function of ours returns when it fails: nil, message, err.
function errors.failure(fields)
  return nil, errors.new(fields)
end

--- The failure of a call that was sent or could not be: the core's fields with the action in front and
-- the service's code behind the text.
function errors.of_call(fields, action)
  local message = fields.message ~= "" and fields.message or nil
  if message and fields.code then
    message = ("%s (%s)"):format(message, fields.code)
  end
  fields.message = ("%s: %s"):format(action, message or fields.code or fields.kind)
  fields.action = action
  return errors.failure(fields)
end

--- The failure that `public` turns into a raised error. `field` is the place without its owner.
function errors.misuse(message, field)
  return errors.failure{ kind = "misuse", message = message, field = field }
end

--- True for an error made here.
--: errors.is_error(value: any) -> boolean
function errors.is_error(value)
  return getmetatable(value) == Error
end

--- Wraps a function for the outside: misuse raises at the caller's level, everything else is
-- returned as it is (at most four values). No pcall: 5.1 could not yield across it.
function errors.public(method)
  return function(...)
    local a, b, c, d = method(...)
    if a == nil and c ~= nil and getmetatable(c) == Error and c.kind == "misuse" then
      error(b, 2)
    end
    -- Trailing nils are not returned, so that print(client:close()) shows what there is.
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
