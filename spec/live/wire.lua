-- Sends any request, also a wrong one, signed with the user's credentials, which stay in the client. The signature
-- covers the content type, the host and the body only: action, region and version are set after signing. Requests are
-- paced below the documented rate; reads are repeated after a lost answer, writes never.
local core = require "cloudaudit.core"

local wire = {}

local Wire = {}
Wire.__index = Wire

local PER_SECOND = 8 -- of each action; the documented limit is 20
local TRIES = 9
local TIMEOUT = 20

--- Options: client, driver, time (unix seconds), show(request) to be called before each request.
function wire.new(options)
  return setmetatable({ client = options.client, driver = options.driver, clock = options.time, show = options.show,
    offset = 0, sent = {}, requests = 0 }, Wire)
end

function Wire:sleep(seconds)
  if seconds > 0 then
    self.driver.sleep(seconds)
  end
end

--- Seconds of a clock that only grows.
function Wire:now()
  return self.driver.now()
end

--- The service's time, as its Date headers tell it.
function Wire:time()
  return self.clock() + self.offset
end

local function pace(self, action)
  local last, now = self.sent[action], self.driver.now()
  if last and now - last < 1 / PER_SECOND then
    self:sleep(1 / PER_SECOND - (now - last))
  end
  self.sent[action] = self.driver.now()
end

local MONTHS = { Jan = 1, Feb = 2, Mar = 3, Apr = 4, May = 5, Jun = 6, Jul = 7, Aug = 8, Sep = 9, Oct = 10, Nov = 11,
  Dec = 12 }

-- Unix seconds of a Date header.
local function seconds_of(date)
  local day, month, year, hour, minute, second =
    date:match("^%a+, (%d+) (%a+) (%d+) (%d+):(%d+):(%d+) GMT$")
  month = MONTHS[month]
  if not month then
    return nil
  end
  year, day = tonumber(year), tonumber(day)
  local y = month <= 2 and year - 1 or year
  local era_day = 365 * y + math.floor(y / 4) - math.floor(y / 100) + math.floor(y / 400)
    + math.floor((153 * ((month + 9) % 12) + 2) / 5) + day - 1
  return (era_day - 719468) * 86400 + hour * 3600 + minute * 60 + second
end

-- A clock that is off by more than two seconds is corrected, so that the answers do not depend on it.
local function learn_time(self, headers)
  local date = headers.date and seconds_of(headers.date)
  if date and math.abs(date - self:time()) > 2 then
    self.offset = date - self.clock()
  end
end

local function text_of(params)
  if type(params) == "string" then
    return params
  end
  return assert(core.encode(params or {}))
end

-- A header that is false is left out.
local function build(self, action, params, options)
  local stamp = math.floor(self:time() + (options.skew or 0))
  local request, message = self.client:prepare("CloudauditLive", text_of(params), { timestamp = stamp })
  if not request then
    error("the request could not be signed: " .. tostring(message), 0)
  end
  request.action, request.headers["X-TC-Action"] = action, action
  for name, value in pairs(options.headers or {}) do
    request.headers[name] = value or nil
  end
  return request
end

-- What an answer says: {status, headers, code, message, members, body}, or {lost = why} when there was none, which
-- includes the page of a gateway.
local function read_answer(response, message)
  if not response then
    return { lost = tostring(message) }
  end
  local decoded = core.decode(response.body)
  local members = type(decoded) == "table" and decoded.Response
  if type(members) ~= "table" then
    return { lost = "no answer of the service", status = response.status }
  end
  local refusal = type(members.Error) == "table" and members.Error or nil
  return { status = response.status, headers = response.headers or {}, members = members, body = response.body,
    code = refusal and tostring(refusal.Code), message = refusal and tostring(refusal.Message) }
end

local function exchange(self, request)
  self.requests = self.requests + 1
  if self.show then
    self.show(request)
  end
  local answer = read_answer(self.driver.exchange(request, TIMEOUT))
  if answer.headers then
    learn_time(self, answer.headers)
  end
  return answer
end

--- Whether a code means that the request came too soon.
function wire.is_throttle(code)
  return code ~= nil and (code:find("^RequestLimitExceeded") or code:find("^LimitExceeded%.%a*Freq")
    or code:find("^LimitExceeded%.%a*Rate")) ~= nil
end

--- One request without repetition. Options: headers (a value false leaves one out), skew (seconds of the timestamp).
function Wire:once(action, params, options)
  pace(self, action)
  return exchange(self, build(self, action, params, options or {}))
end

--- A read: repeated while the answer is lost or the service asks to wait. The last answer when it never comes.
function Wire:read(action, params, options)
  local answer
  for try = 1, TRIES do
    answer = self:once(action, params, options)
    local again = answer.lost or wire.is_throttle(answer.code) or answer.code == "InternalError"
    if not again then
      return answer
    end
    self:sleep(0.05 * 2 ^ try)
  end
  return answer
end

--- A write: repeated only when it was refused because it came too soon, and so had no effect.
function Wire:write(action, params, options)
  local answer
  for try = 1, TRIES do
    answer = self:once(action, params, options)
    if answer.lost or not wire.is_throttle(answer.code) then
      return answer
    end
    self:sleep(0.05 * 2 ^ try)
  end
  return answer
end

--- A request that is not signed by the client: {method, url, body, headers}.
function Wire:raw(request)
  local sample = build(self, "GetAttributeKey", "{}", {})
  pace(self, "raw")
  request.action, request.host = "raw", sample.host
  request.url = sample.url .. (request.query and "?" .. request.query or "")
  request.headers = request.headers or {}
  request.headers.Host = sample.headers.Host
  return exchange(self, request), sample
end

--- The id of the key that signs.
function Wire:key_id()
  local header = build(self, "GetAttributeKey", "{}", {}).headers.Authorization or ""
  return header:match("Credential=([^/]+)/")
end

--- Sends one read `count` times at once; the answers.
function Wire:burst(action, params, count)
  local tasks, answers = {}, {}
  for index = 1, count do
    local request = build(self, action, params, {})
    if self.show and index <= 1 then
      self.show(request, count)
    end
    self.requests = self.requests + 1
    tasks[index] = coroutine.create(function()
      local answer = read_answer(self.driver.async.exchange(request, TIMEOUT, function()
        coroutine.yield()
      end))
      answers[#answers + 1] = answer
    end)
  end
  while #answers < count do
    for _, task in ipairs(tasks) do
      if coroutine.status(task) == "suspended" then
        assert(coroutine.resume(task))
      end
    end
    self.driver.async.step(0.05)
  end
  return answers
end

return wire
