-- Fault injection: which requests a fault strikes, and how. A fault changes what the client sees; `carried_out` of its
-- kind, or else its `effect`, decides whether the call takes effect.
local errors = require "cloudaudit.errors"
local validate = require "cloudaudit.validate"

local faults = {}

-- By kind: `takes`, the fields beyond EVERY_KIND; `needs`, the one of them that is required; `carried_out`, whether the
-- call takes effect (nil: the fault's `effect` decides, false by default).
local KINDS = {
  throttle = { takes = { message = true } },
  error = { takes = { code = true, message = true }, needs = "code" },
  status = { takes = { status = true, body = true, content_type = true } },
  delay = { takes = { seconds = true }, needs = "seconds", carried_out = true },
  cut_before = { takes = {}, carried_out = false },
  cut_after = { takes = {}, carried_out = true },
  truncate = { takes = { bytes = true }, carried_out = true },
  skew = { takes = { seconds = true }, needs = "seconds", carried_out = true },
  expired_token = { takes = { message = true } },
}
local EVERY_KIND = { kind = true, action = true, times = true, after = true, probability = true }

-- The ranges are those that a sender of responses can carry out; `seconds` stay within a century.
--: class Fault  a fault to inject
--:   kind "throttle"|"error"|"status"|"delay"|"cut_before"|"cut_after"|"truncate"|"skew"|"expired_token"
local ROWS = {
  { name = "action", type = "string" }, -- the only action that it strikes; nil: every one
  { name = "times", type = "count", one_of = { "always" } }, -- requests to strike; 1, or with a probability "always"
  { name = "after", type = "count" }, -- matching requests to spare first
  { name = "probability", type = "number", min = 0, max = 1 }, -- of striking a matching request
  { name = "effect", type = "boolean" }, -- whether the call takes effect; for throttle, error, status, expired_token
  { name = "message", type = "string" }, -- text of the error
  { name = "code", type = "string" }, -- of the error
  { name = "status", type = "count", min = 200, max = 599 }, -- HTTP status; 502 by default
  { name = "body", type = "string" }, -- of that response
  { name = "content_type", type = "string" }, -- of that response
  { name = "seconds", type = "number", min = -3155760000, max = 3155760000 }, -- of delay, or added to the clock by skew
  { name = "bytes", type = "count" }, -- of the body that leave before the connection closes; half of it by default
}

local PATTERNS = { code = { "^%w[%w.]*$", "error code" }, content_type = { "^[\33-\126][\32-\126]*$", "header value" } }

local HTML = "<html><head><title>%d</title></head><body><center><h1>%d</h1></center></body></html>\r\n"

local function kinds()
  local names = {}
  for name in pairs(KINDS) do
    names[#names + 1] = name
  end
  table.sort(names)
  return names
end

table.insert(ROWS, 1, { name = "kind", one_of = kinds(), required = true })

-- The rules that depend on the kind.
local function validate_kind(spec)
  local kind = KINDS[spec.kind]
  for _, row in ipairs(ROWS) do
    local name = row.name
    local taken = EVERY_KIND[name] or kind.takes[name] or name == "effect" and kind.carried_out == nil
    if spec[name] ~= nil and not taken then
      return errors.misuse(("fault.%s: not a field of the kind %s"):format(name, spec.kind), name)
    elseif spec[name] == nil and kind.needs == name then
      return errors.misuse(("fault.%s: missing, required for the kind %s"):format(name, spec.kind), name)
    end
  end
  return true
end

local function validate_spec(spec)
  local ok, message, err = validate.fields("fault", spec, ROWS)
  if not ok then
    return nil, message, err
  end
  for name, pattern in pairs(PATTERNS) do
    if spec[name] and not spec[name]:find(pattern[1]) then
      return errors.misuse(("fault.%s: %s expected, got %q"):format(name, pattern[2],
        (spec[name]:sub(1, 40):gsub("%c", " "))), name)
    end
  end
  return validate_kind(spec)
end

local Faults = {}
Faults.__index = Faults

function faults.new(random)
  return setmetatable({ list = {}, last_id = 0, random = random }, Faults)
end

-- A copy in which math.huge is written "always".
local function copy(spec)
  local fault = {}
  for name, value in pairs(spec) do
    fault[name] = value
  end
  if fault.times == math.huge then
    fault.times = "always"
  end
  return fault
end

--- Adds a fault and returns its id. It strikes `times` requests for `action` ("always": all of them; default: 1, or
-- "always" with a probability; no action: any), after sparing the first `after` of them.
function Faults:add(spec)
  local fault = type(spec) == "table" and copy(spec) or spec
  local ok, message, err = validate_spec(fault)
  if not ok then
    return nil, message, err
  end
  self.last_id = self.last_id + 1
  fault.id = self.last_id
  fault.times = fault.times or (fault.probability and "always" or 1)
  fault.seen, fault.struck = 0, 0
  self.list[#self.list + 1] = fault
  return fault.id
end

function Faults:clear()
  self.list = {}
end

local function strikes(self, fault, action)
  if fault.action and fault.action ~= action then
    return false
  end
  if fault.times ~= "always" and fault.struck >= fault.times then
    return false
  end
  fault.seen = fault.seen + 1
  if fault.seen <= (fault.after or 0) then
    return false
  end
  return not fault.probability or self.random:next() < fault.probability
end

--- The fault that strikes a request for `action`, if any: the first one added.
function Faults:pick(action)
  for _, fault in ipairs(self.list) do
    if strikes(self, fault, action) then
      fault.struck = fault.struck + 1
      return fault
    end
  end
end

--- Whether a call that this fault strikes takes effect.
function faults.carried_out(fault)
  local fixed = KINDS[fault.kind].carried_out
  if fixed ~= nil then
    return fixed
  end
  return fault.effect == true
end

--- The code and message of the service's error that the fault stands for; nothing for other kinds.
function faults.error(fault)
  if fault.kind == "throttle" then
    return "RequestLimitExceeded", fault.message or "Your current request times exceed the limit."
  elseif fault.kind == "error" then
    return fault.code, fault.message or "This error was injected into the emulator."
  elseif fault.kind == "expired_token" then
    return "AuthFailure.TokenFailure", fault.message or "The token has expired."
  end
end

--- Changes the response as the fault says. `cut`, `truncated` (bytes of the body to send) and `delay` (seconds) are
-- left to the sender of the response.
function faults.apply(fault, response)
  if fault.kind == "status" then
    local status = fault.status or 502
    response.status = status
    response.body = fault.body or HTML:format(status, status)
    response.headers["Content-Type"] = fault.content_type or "text/html"
  elseif fault.kind == "cut_before" or fault.kind == "cut_after" then
    response.cut = true
  elseif fault.kind == "truncate" then
    response.truncated = math.min(fault.bytes or math.floor(#response.body / 2), #response.body - 1)
  elseif fault.kind == "delay" then
    response.delay = fault.seconds
  end
  return response
end

return faults
