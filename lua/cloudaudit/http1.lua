-- cloudaudit.http1: HTTP/1.1 for drivers over sockets of a host. One exchange on buffers: the bytes of a request, what
-- of them may have left, and the response piece by piece, strictly and within bounds. Performs no I/O.
local core = require "cloudaudit.core"
local errors = require "cloudaudit.errors"
local validate = require "cloudaudit.validate"

local http1 = {}

local MOST = 1024 * 1024 * 1024 -- the largest limit, in bytes

local REQUEST = {
  { name = "method", type = "string", required = true },
  { name = "url", type = "string", required = true },
  { name = "headers", type = "table", required = true },
  { name = "body", type = "string" },
  { name = "max_response", type = "positive", max = MOST },
  { name = "action", type = "string" },
  { name = "host", type = "string" },
  { name = "timestamp", type = "number" },
  { name = "direct", type = "boolean" },
}

--: class Http1Limits  bounds of a response, in bytes
local LIMITS = {
  { name = "max_body", type = "positive", default = 16 * 1024 * 1024, max = MOST },
  { name = "max_head", type = "positive", default = 64 * 1024, max = MOST },
}

--: class Http1Url  where to connect
--:   scheme "http"|"https"
--:   host string
--:   port integer
--:   authority string
--:   target string

--- The parts of an absolute http or https URL: `host` without brackets, `authority` as it stands there, and `target`,
-- the path and the query.
--: http1.url(text: string) -> Http1Url | failure
http1.url = errors.public(function(text)
  if type(text) ~= "string" then
    return errors.misuse("http1.url: string expected, got " .. type(text))
  end
  local url, fields = core.http1_url(text)
  if not url then
    return errors.failure(fields)
  end
  return url
end)

--: class Http1  one exchange of a request and its response
local Exchange = {}
Exchange.__index = Exchange

local function check_headers(headers)
  for name, value in pairs(headers) do
    if type(name) ~= "string" or type(value) ~= "string" then
      return errors.misuse("http1.exchange.headers: names and values must be strings", "headers")
    end
  end
  return true
end

--- Starts an exchange of a request (see the contract of drivers). Host comes from the URL unless the headers have it;
-- Content-Length is added, and Accept and User-Agent unless they are given; GET and HEAD are sent without a body.
--: http1.exchange(request: Request, limits: Http1Limits?) -> Http1 | failure
http1.exchange = errors.public(function(request, limits)
  limits = limits == nil and {} or limits
  local ok, message, err = validate.fields("http1.exchange", request, REQUEST)
  if ok then
    ok, message, err = check_headers(request.headers)
  end
  if ok then
    ok, message, err = validate.fields("http1.exchange", limits, LIMITS)
  end
  if not ok then
    return nil, message, err
  end
  local codec, fields = core.http1(request, limits.max_body, limits.max_head)
  if not codec then
    return errors.failure(fields)
  end
  return setmetatable({ codec = codec }, Exchange)
end)

-- What the codec returned: the response, false, or the failure.
local function result(self, status, head, body, field)
  if status and self.response then
    return self.response
  elseif status then
    self.response = { status = status, headers = core.headers(head), body = body }
    return self.response
  elseif status == false then
    return false
  end
  return errors.failure{ kind = body, message = head, field = field,
    outcome = self.codec:may_have_left() and "unknown" or "not_sent" }
end

--- The bytes of the request that are still to be sent, at most `most`; "" once all have left. They count as bytes that
-- may have left, until `sent` tells how many did.
--: Http1:output(most: integer?) -> string
Exchange.output = errors.public(function(self, most)
  local ok, message, err = validate.value("http1:output", { name = "most", type = "positive", max = MOST }, most)
  if not ok then
    return nil, message, err
  end
  return self.codec:output(most)
end)

--- Exactly `count` bytes of that output have left, the others have not.
--: Http1:sent(count: integer)
Exchange.sent = errors.public(function(self, count)
  local ok, message, err = validate.value("http1:sent", { name = "count", type = "count", required = true, max = MOST },
    count)
  if not ok then
    return nil, message, err
  end
  self.codec:sent(count)
end)

--- Whether a byte of the request may have left: `sent` of a driver's failure.
--: Http1:may_have_left() -> boolean
function Exchange:may_have_left()
  return self.codec:may_have_left()
end

--- Reads received bytes: the response once it is complete, false while it is not. What is no valid response is a
-- failure of kind "protocol": bytes before the request was sent, too, which a kept connection may bring.
--: Http1:feed(data: string) -> Response | false | failure
Exchange.feed = errors.public(function(self, data)
  local ok, message, err = validate.value("http1:feed", { name = "data", type = "string", required = true }, data)
  if not ok then
    return nil, message, err
  end
  return result(self, self.codec:feed(data))
end)

--- The peer has closed its end: the response when that completes it, else a failure of kind "transport".
--: Http1:closed() -> Response | failure
function Exchange:closed()
  return result(self, self.codec:closed())
end

--- Whether the response is complete and the connection may be used for another request.
--: Http1:keep() -> boolean
function Exchange:keep()
  return self.codec:keep()
end

--- Frees the memory, which the garbage collector does too, but later.
--: Http1:close()
function Exchange:close()
  self.codec:close()
end

return http1
