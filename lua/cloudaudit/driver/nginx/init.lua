-- The driver over nginx's cosockets, for OpenResty and ngx_lua: a call yields and the worker serves others.
-- Never blocks, never sends a request twice, loads neither libcurl nor libssl.
local core = require "cloudaudit.core"
local cosocket = require "cloudaudit.driver.nginx.connection"
local http1 = require "cloudaudit.driver.nginx.http1"
local shared_rate = require "cloudaudit.driver.nginx.rate_limit"

local driver = {}

-- The phases that have cosockets and may wait. Not ssl_client_hello and ssl_session_fetch: unless nginx has OpenResty's
-- patches, who waits there ends the visitor's handshake.
local PHASES = {
  rewrite = true, server_rewrite = true, access = true, content = true, timer = true, preread = true, ssl_cert = true,
}

local IDLE = 30 -- seconds that a kept connection may be idle; less than servers and balancers allow
local PIECE = 16 * 1024

--- The phase of nginx that this code runs in ("init", "content", "timer", …), or nil outside of nginx.
function driver.phase()
  local host = type(ngx) == "table" and ngx
  return host and type(host.get_phase) == "function" and host.get_phase() or nil
end

--- nil, message, info when calls cannot be made in a phase; true when they can.
function driver.usable(phase)
  if PHASES[phase] then
    return true
  end
  return nil, ("nginx cannot make calls in its phase %q"):format(phase), { kind = "context", sent = false }
end

--- Has fn run in a timer: the thread of a request may be killed at any wait, a timer is not. False when no timer can be
-- had in this phase. It runs when the worker exits, too: a call waits for it then.
function driver.detach(phase, fn)
  return driver.usable(phase) and ngx.timer.at(0, function()
    fn()
  end) or false
end

local function failure(kind, message, sent)
  return nil, message, { kind = kind, sent = sent }
end

-- ---- one exchange ------------------------------------------------------------------------------------------------

-- What is left, set as the socket's timeout; nil when nothing is.
local function set_time(socket, ends)
  local left = ends - core.monotonic()
  if left <= 0 then
    return nil
  end
  cosocket.limit(socket, left)
  return true
end

local LATE = "the deadline passed before the answer had come"

local function broken(message, ends)
  message = tostring(message)
  if cosocket.waited_out(message, ends) then
    return failure("timeout", LATE, true)
  elseif message == "closed" then
    message = "it was closed"
  end
  return failure("transport", "the connection broke: " .. message, true)
end

-- From the first byte on, the request counts as sent: nginx does not say how much of it had left when a send fails.
local function send(socket, bytes, ends)
  for from = 1, #bytes, 4 * PIECE do
    if not set_time(socket, ends) then
      return failure("timeout", "the deadline passed while the request was sent", from > 1)
    end
    local count, message = socket:send(#bytes > 4 * PIECE and bytes:sub(from, from + 4 * PIECE - 1) or bytes)
    if not count then
      return broken(message, ends)
    end
  end
  return true
end

local function receive(socket, reader, ends)
  while true do
    if not set_time(socket, ends) then
      return failure("timeout", LATE, true)
    end
    local data, message = socket:receiveany(PIECE)
    local done, problem
    if data then
      done, problem = reader:feed(data)
    elseif message == "closed" then
      done, problem = reader:finish()
      if problem then
        return failure("transport", problem, true)
      end
    elseif message ~= "timeout" then -- one may come early (see cosocket.waited_out): the answer still can
      return broken(message, ends)
    end
    if problem then
      return failure("protocol", problem, true)
    elseif done then
      return reader.response
    end
  end
end

-- Where a request goes. The last one is kept, since a client's requests go to one place.
local function target_of(options, text)
  local target = options.target
  if not target or options.text ~= text then
    local url = http1.url(text)
    target = url and cosocket.target(url)
    options.target, options.text = target, text
  end
  return target
end

-- True when the driver can do what was asked for. Options of libcurl's that cosockets do not have are better refused
-- than left out in silence.
local function able(options, request, target)
  local ok, message, info = driver.usable(driver.phase())
  if not ok then
    return nil, message, info
  elseif not target then
    return failure("config", "the endpoint is no URL that nginx can call", false)
  elseif not request.direct and (options.proxy and options.proxy ~= "" or options.proxy_from_env) then
    return failure("config", "proxy: not supported inside nginx", false)
  elseif options.rate_dict and not options.limiter then
    return failure("config", ("rate_dict: nginx has no lua_shared_dict %s"):format(options.rate_dict), false)
  elseif options.ca_file and target.url.scheme == "https" then
    return failure("config", "ca_file: nginx cannot take it from Lua, it trusts its lua_ssl_trusted_certificate", false)
  end
  return true
end

-- Kept for the next request, or closed when nobody may have it.
local function put_back(socket, pool)
  if not pool or not socket:setkeepalive(IDLE * 1000) then
    socket:close()
  end
end

-- What requests share a limit: those of one action at one service.
local function rate_key(request, url)
  return ("%s:%d %s"):format(url.host, url.port, tostring(request.action))
end

-- A connection once it is this request's turn by the limit that all workers share. Who has no turn holds no connection
-- and opens none; who has one and was long about opening asks again, so that what is counted is sent at once.
local function open_in_turn(options, request, target, ends)
  local limiter, key = options.limiter, rate_key(request, target.url)
  while true do
    local wait, turn = limiter:take(key)
    if wait == 0 then
      local socket, pool, info = cosocket.open(target, options.connect_timeout or 3, ends)
      if not socket then
        return nil, pool, info
      end
      wait, turn = limiter:renew(key, turn)
      if wait == 0 then
        return socket, pool
      end
      put_back(socket, pool)
    end
    if not wait then
      return failure("config", ("lua_shared_dict %s: %s"):format(options.rate_dict, tostring(turn)), false)
    elseif core.monotonic() + wait >= ends then
      return failure("timeout", "the rate limit of these workers left no time for a request", false)
    end
    ngx.sleep(wait)
  end
end

local function open(options, request, target, ends)
  if options.limiter and not request.direct then
    return open_in_turn(options, request, target, ends)
  end
  return cosocket.open(target, options.connect_timeout or 3, ends)
end

local function exchange(options, request, timeout)
  local ends = core.monotonic() + timeout
  local target = target_of(options, request.url)
  local ok, message, info = able(options, request, target)
  if not ok then
    return nil, message, info
  end
  local bytes = http1.request(request, target.url)
  local socket, pool
  socket, pool, info = open(options, request, target, ends)
  if not socket then
    return nil, pool, info
  end
  local reader, response = http1.reader{ max_body = request.max_response or options.max_response }, nil
  ok, message, info = send(socket, bytes, ends)
  if ok then
    response, message, info = receive(socket, reader, ends)
  end
  put_back(socket, response and reader.keep and pool)
  if response and options.limiter and response.body:sub(1, 1000):find('"Code"%s*:%s*"RequestLimitExceeded') then
    options.limiter:throttled(rate_key(request, target.url))
  end
  return response, message, info
end

-- The environment may name a CA for other programs; whoever gives one to `new` means this client.
local function chosen(options, sources)
  local from = sources and sources.ca_file or "option"
  local dict = options.rate_dict and ngx.shared[options.rate_dict]
  return {
    connect_timeout = options.connect_timeout, max_response = options.max_response, proxy = options.proxy,
    proxy_from_env = options.proxy_from_env, ca_file = from == "option" and options.ca_file or nil,
    rate_dict = options.rate_dict, limiter = dict and shared_rate.new(dict, options.rate or 18, core.monotonic),
  }
end

--- Makes a driver {exchange(request, timeout), sleep(seconds), now(), close()}; see the contract in the README.
-- Options: connect_timeout, max_response, and rate with rate_dict; proxy, proxy_from_env and ca_file are refused when
-- they are used. `sources` tells where each option comes from (see options.lua).
function driver.new(options, sources)
  options = chosen(options or {}, sources)
  return {
    exchange = function(request, timeout)
      return exchange(options, request, timeout)
    end,
    sleep = function(seconds)
      ngx.sleep(seconds)
    end,
    now = core.monotonic,
    close = function() end,
  }
end

return driver
