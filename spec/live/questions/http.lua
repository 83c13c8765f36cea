-- Requests as such: clock, rate, headers, bodies, signatures.
local wires = require "live.wire"

local PAGE = { PageNumber = 1, PageSize = 1 }

-- Seconds that a timestamp may be off, to ten seconds: the largest that is accepted, by halving.
local function tolerance(direction)
  return function(x)
    local low, high = 0, 7200
    while high - low > 4 do
      local middle = math.floor((low + high) / 2)
      local answer = x.wire:read("DescribeAuditTracks", PAGE, { skew = direction * middle })
      if answer.lost then
        return nil
      elseif answer.code then
        high = middle
      else
        low = middle
      end
    end
    return math.floor(low / 10 + 0.5) * 10
  end
end

local function clock(x)
  local past, future = tolerance(-1)(x), tolerance(1)(x)
  if not past then
    return nil, "no answer came"
  end
  return past, { { "seconds in the past", "number", past }, { "seconds in the future", "number", future } }
end

local BURST = 60

-- One burst serves three questions.
local function burst(x)
  if not x.burst then
    x.wire:sleep(1.2)
    local passed, refused = 0, nil
    for _, answer in ipairs(x.wire:burst("DescribeAuditTracks", PAGE, BURST)) do
      if answer.code then
        refused = refused or answer
      elseif not answer.lost then
        passed = passed + 1
      end
    end
    x.burst = { passed = passed, refused = refused }
    x.wire:sleep(1.2)
  end
  return x.burst
end

local function limit(x)
  local found = burst(x)
  return found.refused and found.passed or 0, { { "requests at once", "number", BURST } }
end

local function refused(read)
  return function(x)
    local found = burst(x)
    if not found.refused then
      return nil, "no request was refused"
    end
    return read(found.refused)
  end
end

local function ask(read)
  return function(x)
    local answer = x.wire:read("DescribeAuditTracks", PAGE)
    if answer.lost then
      return nil, "no answer came"
    end
    return read(answer)
  end
end

local function date(answer)
  return answer.headers.date ~= nil
end

local function keep_alive(answer)
  local header = (answer.headers.connection or ""):lower()
  local seconds = (answer.headers["keep-alive"] or ""):match("timeout=(%d+)")
  return not header:find("close"), seconds and { { "seconds announced", "number", seconds } } or nil
end

local function status(x)
  local answer = x.wire:read("CloudauditLiveProbe", {})
  if answer.lost then
    return nil, "no answer of the service came"
  end
  return answer.status
end

local function null_body(x)
  local answer = x.wire:read("GetAttributeKey", "null")
  if answer.lost then
    return nil, "no answer came"
  end
  return answer.code == nil, { { "code", "code", answer.code or "accepted", { "accepted" } } }
end

-- The signature is a made-up one: a service that knows the version says that it is wrong.
local function signature_v1(x)
  local id = x.wire:key_id()
  if not id then
    return nil, "the key id is not known"
  end
  local query = ("Action=GetAttributeKey&Nonce=1&Region=ap-guangzhou&SecretId=%s&Signature=bm90IGEgc2lnbmF0dXJl"
    .. "&SignatureMethod=HmacSHA256&Timestamp=%d&Version=2019-03-19"):format(id, math.floor(x.wire:time()))
  local answer = x.wire:raw{ method = "GET", query = query, body = "" }
  if answer.lost then
    return nil, "no answer came"
  end
  local code = answer.code or ""
  return code:find("SignatureFailure", 1, true) ~= nil, { { "code", "code", code } }
end

return {
  { id = "http.date", question = "Do answers have a Date header?", why = "a wrong clock is corrected by it",
    actions = { "DescribeAuditTracks" }, compares = "the header", class = "boolean", documented = true,
    run = ask(date) },
  { id = "http.keep_alive", question = "Are connections kept open?", why = "a new one costs a TLS handshake",
    actions = { "DescribeAuditTracks" }, compares = "the headers Connection and Keep-Alive", class = "boolean",
    documented = true, run = ask(keep_alive) },
  { id = "http.error_status", question = "Which HTTP status has a refusal?",
    why = "a status other than 200 could be a gateway's", actions = { "CloudauditLiveProbe" },
    compares = "the status of an unknown action", class = "number", documented = 200, run = status },
  { id = "http.null_body", question = "Is the body null taken as no parameters?", why = "the Ruby SDK sends it",
    actions = { "GetAttributeKey" }, compares = "the answer to it", class = "boolean", documented = true,
    run = null_body },
  { id = "http.signature_v1", question = "Are signatures of version 1 accepted?", why = "six SDKs offer them",
    actions = { "GetAttributeKey" }, compares = "the code for a wrong one", class = "boolean", documented = true,
    run = signature_v1 },
  { id = "clock.tolerance", question = "How many seconds may a timestamp be off?",
    why = "a wrong clock is corrected after a refusal", actions = { "DescribeAuditTracks" },
    compares = "timestamps in the past and in the future", class = "number", documented = 300, run = clock },
  { id = "rate.limit", question = "How many requests of one action pass within a second?",
    why = "the client keeps to 18", actions = { "DescribeAuditTracks" }, compares = BURST .. " reads at once",
    class = "number", documented = 20, run = limit },
  { id = "rate.code", question = "Which code has a request beyond the rate?", why = "it is retried by its code",
    actions = { "DescribeAuditTracks" }, compares = "the same reads", class = "code",
    documented = "RequestLimitExceeded", run = refused(function(answer)
      return answer.code, { { "text", "message", answer.message },
        { "counts as throttling here", "boolean", wires.is_throttle(answer.code) } }
    end) },
  { id = "rate.retry_after", question = "Does a request beyond the rate get a Retry-After?",
    why = "it would replace the backoff", actions = { "DescribeAuditTracks" }, compares = "the same reads",
    class = "any", words = { "none" }, documented = "none", run = refused(function(answer)
      return tonumber(answer.headers["retry-after"]) or "none"
    end) },
}
