-- The driver over nginx's cosockets, for OpenResty and ngx_lua: a call yields, and the worker serves other requests.
-- Never blocks, never sends a request twice, loads neither libcurl nor libssl.
local core = require "cloudaudit.core"
local connection = require "cloudaudit.driver.nginx.connection"
local http1 = require "cloudaudit.driver.nginx.http1"
local rate_limit = require "cloudaudit.driver.nginx.rate_limit"

local driver = {}

-- The phases that have cosockets and may wait. Not ssl_client_hello and ssl_session_fetch: unless nginx has OpenResty's
-- patches, a wait there ends the visitor's handshake.
local PHASES = {
  rewrite = true, server_rewrite = true, access = true, content = true, timer = true, preread = true, ssl_cert = true,
}

local IDLE = 30 -- seconds that a kept connection may be idle; less than servers and load balancers allow
local PIECE = 16 * 1024

--- The phase of nginx that this code runs in ("init", "content", "timer", …), or nil outside of nginx.
function driver.phase()
  local host = type(ngx) == "table" and ngx
  return host and type(host.get_phase) == "function" and host.get_phase() or nil
end

--- True when calls can be made in a phase; or nil, message, info.
function driver.usable(phase)
  if PHASES[phase] then
    return true
  end
  return nil, ("nginx cannot make calls in its phase %q"):format(phase), { kind = "context", sent = false,
    hint = "nginx has no cosockets in this phase: move the call into a timer (ngx.timer.at)" }
end

--- Runs fn in a timer: the thread of a request may be killed at any wait, a timer is not. False when this phase has no
-- timers. It also runs when the worker exits, since a call waits for it.
function driver.detach(phase, fn)
  return driver.usable(phase) and ngx.timer.at(0, function()
    fn()
  end) or false
end

local function failure(kind, message, sent, hint)
  return nil, message, { kind = kind, sent = sent, hint = hint }
end

local DECLARE = "declare it in the http block of nginx's configuration, for this client only: lua_shared_dict NAME 1m;"
local NAME = "nginx compares names only: use the name that the certificate is for (https://localhost:PORT for the"
  .. " emulator)"
local TRUST = "omit %s and set in nginx's configuration: lua_ssl_trusted_certificate FILE;"

-- ---- one exchange ------------------------------------------------------------------------------------------------

-- Sets the time left as the socket's timeout; nil when none is left.
local function set_timeout(socket, ends)
  local left = ends - core.monotonic()
  if left <= 0 then
    return nil
  end
  connection.limit(socket, left)
  return true
end

local LATE = "the deadline passed before the response was complete"

local function broken(message, ends)
  message = tostring(message)
  if connection.waited_out(message, ends) then
    return failure("timeout", LATE, true)
  elseif message == "closed" then
    message = "it was closed"
  end
  return failure("transport", "the connection broke: " .. message, true)
end

-- From the first byte on, the request counts as sent: nginx does not say how much had left when a send fails.
local function send(socket, bytes, ends)
  for from = 1, #bytes, 4 * PIECE do
    if not set_timeout(socket, ends) then
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
    if not set_timeout(socket, ends) then
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
    elseif message ~= "timeout" then -- one may come early (see connection.waited_out): the response can still arrive
      return broken(message, ends)
    end
    if problem then
      return nil, problem, { kind = "protocol", sent = true, field = reader.too_long and "max_response" or nil }
    elseif done then
      return reader.response
    end
  end
end

-- The target of a request. The last one is cached, since a client's requests go to one endpoint.
local function target_of(options, text)
  local target = options.target
  if not target or options.text ~= text then
    local url = http1.url(text)
    target = url and connection.target(url)
    options.target, options.text = target, text
  end
  return target
end

-- Options of libcurl that cosockets do not have are refused rather than silently ignored. True or nil, message, info.
local function check(options, request, target)
  local ok, message, info = driver.usable(driver.phase())
  if not ok then
    return nil, message, info
  elseif not target then
    return failure("config", "endpoint: not an http or https URL", false)
  elseif target.is_ip and target.url.scheme == "https" then
    return failure("config", "endpoint: nginx cannot verify the certificate of an IP address", false, NAME)
  elseif not request.direct and (options.proxy and options.proxy ~= "" or options.proxy_from_env) then
    return failure("config", "proxy: not supported inside nginx", false)
  elseif options.rate_dict and not options.limiter then
    return failure("config", ("rate_dict: nginx has no lua_shared_dict %s"):format(options.rate_dict), false, DECLARE)
  elseif options.trust and target.url.scheme == "https" then
    return failure("config", options.trust .. ": nginx cannot take it from Lua; it trusts its"
      .. " lua_ssl_trusted_certificate", false, TRUST:format(options.trust))
  end
  return true
end

-- Keeps a connection for the next request, or closes it when it must not be reused.
local function put_back(socket, pool)
  if not pool or not socket:setkeepalive(IDLE * 1000) then
    socket:close()
  end
end

-- Requests of one action at one endpoint share a limit.
local function rate_key(request, url)
  return ("%s:%d %s"):format(url.host, url.port, tostring(request.action))
end

-- A connection, once the limit that all workers share admits this request. It is opened only after that, and the limit
-- is asked again when opening took long, so that a request that is counted is sent at once.
local function open_in_turn(options, request, target, ends)
  local limiter, key = options.limiter, rate_key(request, target.url)
  while true do
    local wait, slot = limiter:take(key)
    if wait == 0 then
      local socket, pool, info = connection.open(target, options.connect_timeout or 3, ends)
      if not socket then
        return nil, pool, info
      end
      wait, slot = limiter:renew(key, slot)
      if wait == 0 then
        return socket, pool
      end
      put_back(socket, pool)
    end
    if not wait then
      return failure("config", ("lua_shared_dict %s: %s"):format(options.rate_dict, tostring(slot)), false, DECLARE)
    elseif core.monotonic() + wait >= ends then
      return failure("timeout", "the rate limit that the workers share left no time for a request", false)
    end
    ngx.sleep(wait)
  end
end

local function open(options, request, target, ends)
  if options.limiter and not request.direct then
    return open_in_turn(options, request, target, ends)
  end
  return connection.open(target, options.connect_timeout or 3, ends)
end

local function exchange(options, request, timeout)
  local ends = core.monotonic() + timeout
  local target = target_of(options, request.url)
  local ok, message, info = check(options, request, target)
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
  return response, message, info
end

-- The option that names a trust store, or nil. One from the environment may be meant for other programs; one given to
-- `new` is meant for this client.
local function trust_of(options, sources)
  for _, name in ipairs{ "ca_file", "ca_path" } do
    if options[name] and (sources and sources[name] or "option") == "option" then
      return name
    end
  end
end

local function settings_of(options, sources)
  local dict = options.rate_dict and ngx.shared[options.rate_dict]
  return {
    connect_timeout = options.connect_timeout, max_response = options.max_response, proxy = options.proxy,
    proxy_from_env = options.proxy_from_env, trust = trust_of(options, sources),
    rate_dict = options.rate_dict, limiter = dict and rate_limit.new(dict, options.rate or 18, core.monotonic),
  }
end

--- Makes a driver {exchange(request, timeout), throttled(request), sleep(seconds), now(), warms, close()}; the
-- contract is in doc/drivers.md. Options: connect_timeout, max_response, and rate with rate_dict; proxy,
-- proxy_from_env, ca_file and ca_path are refused when a request would use them. `sources` holds the source of each
-- option (see options.lua).
function driver.new(options, sources)
  options = settings_of(options or {}, sources)
  return {
    exchange = function(request, timeout)
      return exchange(options, request, timeout)
    end,
    -- The service has throttled a request: all workers slow down.
    throttled = function(request)
      if options.limiter then
        options.limiter:throttled(rate_key(request, target_of(options, request.url).url))
      end
    end,
    sleep = function(seconds)
      ngx.sleep(seconds)
    end,
    now = core.monotonic,
    warms = true,
    close = function() end,
  }
end

return driver
