-- Fault injection: which requests a fault strikes, and how. A fault changes what the client sees; `carried_out` of its
-- kind, or else its `effect`, decides whether the call takes effect.
local ascii = require "cloudaudit.ascii"
local action_names = require "cloudaudit.emulator.action_names"
local core = require "cloudaudit.core"
local errors = require "cloudaudit.errors"
local messages = require "cloudaudit.emulator.messages"
local mutate = require "cloudaudit.emulator.mutate"
local validate = require "cloudaudit.validate"

local faults = {}

-- By kind: `takes`, the fields beyond EVERY_KIND; `needs`, the one of them that is required; `carried_out`, whether the
-- call takes effect (nil: the fault's `effect` decides, with the default `takes_effect`).
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
  response = { takes = { status = true, headers = true, body = true, effect = true }, takes_effect = true },
  mutate = { takes = { member = true, value = true, raw = true, absent = true }, needs = "member",
    carried_out = true },
}
local EVERY_KIND = { kind = true, action = true, times = true, after = true, probability = true }

-- The ranges are those that a sender of responses can carry out; `seconds` stay within a century.
--: class Fault  a fault to inject
--:   kind string
local ROWS = {
  { name = "action", type = "string" }, -- the only action that it strikes; nil: every one
  { name = "times", type = "count", one_of = { "always" } }, -- requests to strike; 1, or with a probability "always"
  { name = "after", type = "count" }, -- matching requests to spare first
  { name = "probability", type = "number", min = 0, max = 1 }, -- of striking a matching request
  { name = "effect", type = "boolean" }, -- whether the call takes effect; not for every kind
  { name = "message", type = "string" }, -- text of the error
  { name = "code", type = "string" }, -- of the error
  { name = "status", type = "count", min = 200, max = 599 }, -- HTTP status; 502 by default
  { name = "body", type = "string" }, -- of that response
  { name = "content_type", type = "string" }, -- of that response
  { name = "seconds", type = "number", min = -3155760000, max = 3155760000 }, -- of delay, or added to the clock by skew
  { name = "bytes", type = "count" }, -- of the body that leave before the connection closes; half of it by default
  { name = "headers", type = "table", lua = "table<string, string>" }, -- added to those of the response
  { name = "member", type = "string" }, -- path inside of Response, such as "Events[2].Username" or "Events[*].EventId"
  { name = "value", type = "any" }, -- the member's new value; json.null for null
  { name = "raw", type = "string" }, -- or the bytes to put in its place
  { name = "absent", one_of = { true } }, -- or true: without the member
}

local PATTERNS = { code = { "^[A-Za-z0-9][A-Za-z0-9.]*$", "error code" },
  content_type = { "^[\33-\126][\32-\126]*$", "header value" } }

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

local function validate_headers(headers)
  for name, value in pairs(headers or {}) do
    if type(name) ~= "string" or not name:find("^[A-Za-z0-9!#$&*+.^_`|~-]+$") then
      return errors.misuse(("fault.headers: header names expected, got %s"):format(tostring(name)), "headers")
    elseif type(value) ~= "string" or value:find("[%z\r\n]") then
      return errors.misuse(("fault.headers.%s: header value expected"):format(name), "headers")
    end
  end
  return true
end

-- The members that a response may have beyond those of the model.
local ENVELOPE = { Error = true, DeprecatedWarning = true, Response = true }

-- The first name of a path is compared with the members of the action's response. One that is far from all of them may
-- be meant to be unknown.
local function validate_member(spec, steps)
  local known, names = {}, {}
  for _, field in ipairs(spec.action and core.shapes()[spec.action .. "Response"] or {}) do
    known[field.name], names[#names + 1] = true, field.name
  end
  local name = steps[1]
  local near = type(name) == "string" and not known[name] and not ENVELOPE[name] and core.nearest(name, names)
  if near then
    return errors.misuse(("fault.member: %s has no member %s, did you mean %s?"):format(spec.action, name, near),
      "member")
  end
  return true
end

-- Sets fault.steps and fault.change, see mutate.apply.
local function prepare_mutation(fault)
  local given = (fault.value ~= nil and 1 or 0) + (fault.raw and 1 or 0) + (fault.absent and 1 or 0)
  if given ~= 1 then
    return errors.misuse("fault: exactly one of value, raw and absent expected with the kind mutate")
  end
  local steps = mutate.parse(fault.member)
  if not steps then
    return errors.misuse('fault.member: a path such as "Events[2].Username" expected', "member")
  end
  local change = fault.raw or fault.absent and mutate.ABSENT
  if not change then
    local problem
    change, problem = core.encode(fault.value)
    if not change then
      return errors.misuse("fault.value: a value that JSON has expected; use raw for other bytes: "
        .. tostring(type(problem) == "table" and problem.message or problem), "value")
    end
  end
  fault.steps, fault.change = steps, change
  return validate_member(fault, steps)
end

local function validate_spec(spec)
  local ok, message, err = validate.fields("fault", spec, ROWS)
  if not ok then
    return nil, message, err
  end
  for name, pattern in pairs(PATTERNS) do
    if spec[name] and not spec[name]:find(pattern[1]) then
      return errors.misuse(("fault.%s: %s expected, got %q"):format(name, pattern[2],
        (spec[name]:sub(1, 40):gsub("[%z\1-\31\127]", " "))), name)
    end
  end
  ok, message, err = validate_kind(spec)
  if ok and spec.action then
    ok, message, err = action_names.validate("fault.action", spec.action)
  end
  if ok then
    ok, message, err = validate_headers(spec.headers)
  end
  if ok and spec.kind == "mutate" then
    ok, message, err = prepare_mutation(spec)
  end
  return ok, message, err
end

local Faults = {}
Faults.__index = Faults

function faults.new(random)
  return setmetatable({ list = {}, last_id = 0, random = random }, Faults)
end

local function deep_copy(value)
  if type(value) ~= "table" then
    return value
  end
  local out = {}
  for name, member in pairs(value) do
    out[name] = deep_copy(member)
  end
  return setmetatable(out, getmetatable(value))
end

-- A copy in which math.huge is written "always".
local function copy(spec)
  local fault = deep_copy(spec)
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

--- Copies of the faults for other programs, without what was derived from their fields.
function Faults:shown()
  local out = {}
  for index, fault in ipairs(self.list) do
    out[index] = copy(fault)
    out[index].steps, out[index].change = nil, nil
  end
  return out
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
  if fault.effect == nil then
    return KINDS[fault.kind].takes_effect == true
  end
  return fault.effect
end

--- The code and message of the service's error that the fault stands for; nothing for other kinds.
function faults.error(fault)
  if fault.kind == "throttle" then
    return "RequestLimitExceeded", fault.message or messages.rate(21, 20)
  elseif fault.kind == "error" then
    return fault.code, fault.message or "This error was injected into the emulator."
  elseif fault.kind == "expired_token" then
    return "AuthFailure.TokenFailure", fault.message or "The token has expired."
  end
end

-- A header replaces one of the same name in any case.
local function replace_parts(fault, response)
  response.status, response.body = fault.status or response.status, fault.body or response.body
  for name, value in pairs(fault.headers or {}) do
    for old in pairs(response.headers) do
      if ascii.lower(old) == ascii.lower(name) then
        response.headers[old] = nil
      end
    end
    response.headers[name] = value
  end
end

-- A response without the member does not count: the fault waits for one that has it.
local function change_member(fault, response)
  local body = mutate.apply(response.body, fault.steps, fault.change)
  response.body = body or response.body
  fault.struck = fault.struck - (body and 0 or 1)
  return response, body ~= nil
end

--- Changes the response as the fault says; returns it, and whether the fault struck. `cut`, `truncated` (bytes of the
-- body to send) and `delay` (seconds) are left to the sender of the response.
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
  elseif fault.kind == "response" then
    replace_parts(fault, response)
  elseif fault.kind == "mutate" then
    return change_member(fault, response)
  end
  return response, true
end

return faults
