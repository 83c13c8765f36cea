-- Replays a driver's exchanges over the network: this nginx serves the driver's responses over HTTP or HTTPS, and the
-- cosocket driver fetches them. So specs with prepared responses run over cosockets unchanged.
local cosockets = require "cloudaudit.driver.nginx"
local exchange = require "cloudaudit.call"

local replay = { scheme = "http", ports = {} }

local dealt, count = {}, 0

-- Headers that HTTP adds, unless the response itself has them.
local ADDED = { "date", "server", "connection", "content-length", "content-type", "transfer-encoding" }

local function same_request(card)
  local headers = ngx.req.get_headers(0)
  for name, value in pairs(card.request.headers) do
    if headers[name] ~= value then
      return false
    end
  end
  ngx.req.read_body()
  return ngx.req.get_method() == card.request.method and (ngx.req.get_body_data() or "") == card.request.body
end

-- Whether HTTP can carry the result of an exchange; if not, the connection is closed without a response.
local function servable(response)
  return type(response) == "table" and exchange.is_status(response.status) and response.status >= 200
    and type(response.body) == "string" and (response.headers == nil or type(response.headers) == "table")
end

--- The content handler: responds to the request that is expected on this path.
function replay.serve()
  local id = tonumber(ngx.var.uri:match("^/(%d+)$"))
  local card = id and dealt[id]
  dealt[id] = nil
  if not card or not same_request(card) then
    return ngx.exit(404)
  end
  card.result = { card.perform(card.request, card.timeout) }
  local response = card.result[1]
  if not servable(response) then
    return ngx.exit(444)
  end
  ngx.status = response.status
  for name, value in pairs(response.headers or {}) do
    ngx.header[name] = value
  end
  ngx.header.content_length = #response.body
  ngx.print(response.body)
  ngx.eof()
end

local function without_added(headers, given)
  local lower = {}
  for name in pairs(given or {}) do
    lower[tostring(name):lower()] = true
  end
  for _, name in ipairs(ADDED) do
    headers[name] = lower[name] and headers[name] or nil
  end
  return headers
end

local driver = cosockets.new{}

local function over(perform, request, timeout)
  count = count + 1
  local card = { request = request, perform = perform, timeout = timeout }
  dealt[count] = card
  local copy = {}
  for name, value in pairs(request) do
    copy[name] = value
  end
  copy.url = ("%s://localhost:%d/%d"):format(replay.scheme, replay.ports[replay.scheme], count)
  local response, message, info = driver.exchange(copy, 10)
  replay.exchanges = (replay.exchanges or 0) + 1
  local result = assert(card.result, message or "the request came otherwise than it was sent")
  if not servable(result[1]) then
    -- A result that is not a response fails over the network as well, after the request has left.
    assert(response == nil and info.kind == "transport" and info.sent, "a failure was expected")
    return unpack(result, 1, 3)
  end
  assert(response and response.status == result[1].status and response.body == result[1].body, message)
  without_added(response.headers, result[1].headers)
  return response
end

--- Makes every driver that new(...) of a module returns exchange over cosockets.
function replay.wrap(module, name)
  local original = module[name]
  module[name] = function(...)
    local made = original(...)
    local perform = made.exchange
    made.exchange = function(request, timeout)
      return over(perform, request, timeout)
    end
    return made
  end
end

return replay
