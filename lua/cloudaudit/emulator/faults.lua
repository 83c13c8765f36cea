-- Faults to order: which request they strike, and what they do to it. They change what the client
-- sees; only `effect` and the kinds named after it decide whether the call was carried out.
local core = require "cloudaudit.core"
local errors = require "cloudaudit.errors"

local faults = {}

-- Kinds, and what each takes beside action, times, after, probability. `carried_out`: whether the
-- call takes effect (nil: the fault's `effect` member says so, false by default).
local KINDS = {
  throttle = { message = "string" },
  error = { code = "string", message = "string" },
  status = { status = "number", body = "string", content_type = "string" },
  delay = { seconds = "number", carried_out = true },
  cut_before = { carried_out = false },
  cut_after = { carried_out = true },
  truncate = { bytes = "number", carried_out = true },
  skew = { seconds = "number", carried_out = true },
  expired_token = { message = "string" },
}
local COMMON = { kind = "string", action = "string", times = "number", after = "number",
  probability = "number", effect = "boolean" }

-- What the members may hold beyond their type: whoever sends the response could not carry out others.
local function whole(least, most)
  return function(value) return value % 1 == 0 and value >= least and value <= most end
end
local RANGES = {
  times = { "integer of 0 or more", function(value) return value == math.huge or whole(0, 2 ^ 53)(value) end },
  after = { "integer of 0 or more", whole(0, 2 ^ 53) },
  probability = { "number from 0 to 1", function(value) return value >= 0 and value <= 1 end },
  status = { "HTTP status of 200 to 599", whole(200, 599) },
  bytes = { "integer of 0 or more", whole(0, 2 ^ 53) },
  seconds = { "number of seconds within a century", function(value) return math.abs(value) <= 36525 * 86400 end },
  code = { "code", function(value) return value:find("^%w[%w.]*$") ~= nil end },
  content_type = { "value of a header", function(value) return value:find("^[\33-\126][\32-\126]*$") ~= nil end },
}

--: class Fault  something to go wrong
--:   kind "throttle"|"error"|"status"|"delay"|"cut_before"|"cut_after"|"truncate"|"skew"|"expired_token"
--:   action string?
--:   times integer|"always"|nil
--:   after integer?
--:   probability number?
--:   effect boolean?
--:   message string?
--:   code string?
--:   status integer?
--:   body string?
--:   content_type string?
--:   seconds number?
--:   bytes integer?

local HTML = "<html><head><title>%d</title></head><body><center><h1>%d</h1></center></body></html>\r\n"

local function names_of(...)
  local names = {}
  for _, set in ipairs{ ... } do
    for name in pairs(set) do
      names[#names + 1] = name
    end
  end
  table.sort(names)
  return names
end

local function nearest(what, given, names)
  local near = core.nearest(tostring(given), names)
  local hint = near and (", did you mean %s?"):format(near) or ""
  return errors.misuse(("fault: unknown %s %s%s"):format(what, tostring(given), hint))
end

local function check(spec)
  if type(spec) ~= "table" then
    return errors.misuse("fault: table expected, got " .. type(spec))
  end
  local kind = KINDS[spec.kind]
  if not kind then
    return nearest("kind", spec.kind, names_of(KINDS))
  end
  for name, value in pairs(spec) do
    local expected = COMMON[name] or name ~= "carried_out" and kind[name]
    if not expected then
      return nearest("member", name, names_of(COMMON, kind))
    end
    local range = RANGES[name]
    if name == "times" and value == "always" then
      range = nil
    elseif type(value) ~= expected then
      return errors.misuse(("fault.%s: %s expected, got %s"):format(name, expected, type(value)))
    end
    if range and not range[2](value) then
      return errors.misuse(("fault.%s: %s expected, got %s"):format(name, range[1], tostring(value)))
    end
  end
  if spec.effect ~= nil and kind.carried_out ~= nil then
    return errors.misuse(("fault.effect: %s does not take it"):format(spec.kind))
  elseif (spec.kind == "delay" or spec.kind == "skew") and not spec.seconds then
    return errors.misuse("fault.seconds: missing, " .. spec.kind .. " needs it")
  elseif spec.kind == "error" and not spec.code then
    return errors.misuse("fault.code: missing, error needs it")
  end
  return true
end

local Faults = {}
Faults.__index = Faults

function faults.new(random)
  return setmetatable({ list = {}, last_id = 0, random = random }, Faults)
end

--- Orders a fault; returns its id. It strikes `times` requests ("always" for all; 1 by default, all
-- when there is a probability) for `action` (any), after letting `after` of them through.
function Faults:add(spec)
  local ok, message, err = check(spec)
  if not ok then
    return nil, message, err
  end
  local fault = {}
  for name, value in pairs(spec) do
    fault[name] = value
  end
  self.last_id = self.last_id + 1
  fault.id = self.last_id
  fault.times = spec.times or (spec.probability and "always" or 1)
  if fault.times == math.huge then
    fault.times = "always"
  end
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

--- The fault that strikes a request for `action`, if any: the one ordered first.
function Faults:pick(action)
  for _, fault in ipairs(self.list) do
    if strikes(self, fault, action) then
      fault.struck = fault.struck + 1
      return fault
    end
  end
end

--- Whether a request that this fault strikes is carried out.
function faults.carried_out(fault)
  local fixed = KINDS[fault.kind].carried_out
  if fixed ~= nil then
    return fixed
  end
  return fault.effect == true
end

--- The code and message that the fault answers with, nothing when it is no error of the service.
function faults.refusal(fault)
  if fault.kind == "throttle" then
    return "RequestLimitExceeded", fault.message or "Your current request times exceed the limit."
  elseif fault.kind == "error" then
    return fault.code, fault.message or "This error was ordered from the emulator."
  elseif fault.kind == "expired_token" then
    return "AuthFailure.TokenFailure", fault.message or "The token has expired."
  end
end

--- What becomes of the response on its way: `cut` and `truncated` (bytes that leave) and `delay`
-- (seconds) are carried out by whoever sends it.
function faults.distort(fault, response)
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
