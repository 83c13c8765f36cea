-- The driver over nginx's cosockets, for OpenResty and ngx_lua: a call yields and the worker serves others.
-- Never blocks, never sends a request twice, loads neither libcurl nor libssl.
local core = require "cloudaudit.core"
local http1 = require "cloudaudit.driver.http1"
local shared_rate = require "cloudaudit.driver.shared_rate"

local driver = {}

-- The phases that have cosockets and may sleep.
local PHASES = {
  rewrite = true, server_rewrite = true, access = true, content = true, timer = true, preread = true,
  ssl_cert = true, ssl_client_hello = true, ssl_session_fetch = true,
}

local IDLE = 30 -- seconds that a kept connection may be idle; less than servers and balancers allow
local LIFE = 300 -- seconds after which a connection is used no more, so that a new certificate or address counts
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

-- ---- which connections may serve for one another -----------------------------------------------------------------

-- Authorities to trust are set by location, and no API tells which ones hold here. The address of the location's
-- configuration does: the sixth word of the request's struct, behind a signature that shows that it is one.
local REQUEST_SIGNATURE = 0x50545448

local function location()
  local loaded, base = pcall(require, "resty.core.base")
  local has_ffi, ffi = pcall(require, "ffi")
  local request = loaded and has_ffi and ngx.config.subsystem == "http" and base.get_request()
  if not request or tonumber(ffi.cast("const uint32_t *", request)[0]) ~= REQUEST_SIGNATURE then
    return nil
  end
  return tostring(ffi.cast("const uintptr_t *", request)[5])
end

-- nginx takes a kept connection for whatever is asked of it next: only the name of the pool keeps apart what was
-- verified for another server, with another name or by other authorities. nil: nothing may be kept.
local function pool_name(url)
  local trusted = "plain"
  if url.scheme == "https" then
    local place = location()
    trusted = place and ("verified as %s in %s"):format(url.host, place)
  end
  local age = math.floor(core.monotonic() / LIFE)
  return trusted and ("cloudaudit %s:%d %s %d"):format(url.host, url.port, trusted, age)
end

-- ---- connecting --------------------------------------------------------------------------------------------------

local function is_address(host)
  return host:find("^%d+%.%d+%.%d+%.%d+$") ~= nil or host:find(":", 1, true) ~= nil
end

-- nginx asks its resolver alone, never /etc/hosts; these names are loopback's by RFC 6761.
local function address_of(host)
  if host == "localhost" or host:find("%.localhost$") then
    return "127.0.0.1"
  end
  return host:find(":", 1, true) and "[" .. host .. "]" or host
end

-- Runs `connect` in a light thread, since nginx's resolver keeps to a timeout of its own.
local function within(seconds, connect)
  local worker = ngx.thread.spawn(connect)
  local watch = ngx.thread.spawn(function()
    ngx.sleep(seconds)
    return nil, "timeout"
  end)
  local ok, connected, message = ngx.thread.wait(worker, watch)
  ngx.thread.kill(worker)
  ngx.thread.kill(watch)
  if not ok then
    return nil, tostring(connected)
  end
  return connected, message
end

local function connect(socket, url, pool, seconds)
  local host = address_of(url.host)
  local function go()
    return socket:connect(host, url.port, pool and { pool = pool } or nil)
  end
  if is_address(host) or host:sub(1, 1) == "[" then
    return go()
  end
  return within(seconds, go)
end

local function connect_failure(message, url)
  message = tostring(message)
  if message:find("timeout", 1, true) and not message:find("resolve", 1, true) then
    return failure("timeout", ("no connection to %s within the time allowed"):format(url.authority), false)
  elseif message:find("no resolver defined", 1, true) then
    return failure("config", ("nginx has no resolver for the name %s"):format(url.host), false)
  elseif message:find("resolve", 1, true) then
    return failure("dns", message, false)
  end
  return failure("connect", ("no connection to %s: %s"):format(url.authority, message), false)
end

local function tls_failure(message, url)
  message = tostring(message)
  if message == "timeout" then
    return failure("timeout", ("no TLS handshake with %s within the time allowed"):format(url.authority), false)
  end
  return failure("tls", ("TLS with %s: %s"):format(url.authority, message), false)
end

-- Whole milliseconds are what nginx counts in; rounded up, since no wait may end before its time is over.
local function limit(socket, seconds)
  local milliseconds = math.max(math.ceil(seconds * 1000), 1)
  socket:settimeouts(milliseconds, milliseconds, milliseconds)
end

-- A connected socket, verified when it is TLS; nil, message, info when there is none. `keeps`: it may be kept after.
local function open(url, most, ends)
  local socket, message = ngx.socket.tcp()
  if not socket then
    return failure("connect", "no cosocket: " .. tostring(message), false)
  end
  local pool = pool_name(url)
  local seconds = math.min(most, ends - core.monotonic())
  if seconds <= 0 then
    return failure("timeout", "no time was left to connect", false)
  end
  local connect_ends = core.monotonic() + seconds
  limit(socket, seconds)
  local ok
  ok, message = connect(socket, url, pool, seconds)
  if not ok then
    return connect_failure(message, url)
  end
  if url.scheme == "https" and (socket:getreusedtimes() or 0) == 0 then
    limit(socket, connect_ends - core.monotonic())
    ok, message = socket:sslhandshake(false, url.host, true)
    -- Of a handshake that was over at once, ngx_lua 0.10.23 says true even when it refused the certificate; it has
    -- closed the connection then.
    if ok and not socket:getreusedtimes() then
      ok, message = nil, "the certificate was refused, and nginx does not say why"
    end
    if not ok then
      socket:close()
      return tls_failure(message, url)
    end
  end
  return socket, pool ~= nil
end

-- ---- one exchange ------------------------------------------------------------------------------------------------

-- What is left, set as the socket's timeout; nil when nothing is.
local function set_time(socket, ends)
  local left = ends - core.monotonic()
  if left <= 0 then
    return nil
  end
  limit(socket, left)
  return true
end

local LATE = "the deadline passed before the answer had come"

local function broken(message)
  message = tostring(message)
  if message == "timeout" then
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
      return broken(message)
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
      reader.keep = false
      if problem then
        return failure("transport", problem, true)
      end
    elseif message ~= "timeout" then -- nginx counts from its last turn on, so that one may come early
      return broken(message)
    end
    if problem then
      return failure("protocol", problem, true)
    elseif done then
      return reader.response
    end
  end
end

-- True when the driver can do what was asked for. Options of libcurl's that cosockets do not have are better refused
-- than left out in silence.
local function able(options, request, url)
  local ok, message, info = driver.usable(driver.phase())
  if not ok then
    return nil, message, info
  elseif not url then
    return failure("config", "the endpoint is no URL that nginx can call", false)
  elseif not request.direct and (options.proxy and options.proxy ~= "" or options.proxy_from_env) then
    return failure("config", "proxy: not supported inside nginx", false)
  elseif options.rate_dict and not options.limiter then
    return failure("config", ("rate_dict: nginx has no lua_shared_dict %s"):format(options.rate_dict), false)
  elseif options.ca_file and url.scheme == "https" then
    return failure("config", "ca_file: nginx cannot take it from Lua, it trusts its lua_ssl_trusted_certificate", false)
  end
  return true
end

-- Kept for the next request, or closed when nobody may have it.
local function put_back(socket, keeps)
  if keeps then
    socket:setkeepalive(IDLE * 1000)
  else
    socket:close()
  end
end

-- What requests share a limit: those of one action at one service.
local function rate_key(request, url)
  return ("%s:%d %s"):format(url.host, url.port, tostring(request.action))
end

-- A connection once it is this request's turn by the limit that all workers share, if there is one. Asked for only
-- when the connection is there: what is counted is sent at once.
local function open_in_turn(options, request, url, ends)
  while true do
    local socket, keeps, info = open(url, options.connect_timeout or 3, ends)
    if not socket or not options.limiter or request.direct then
      return socket, keeps, info
    end
    local wait, message = options.limiter:take(rate_key(request, url))
    if wait == 0 then
      return socket, keeps
    end
    put_back(socket, keeps)
    if not wait then
      return failure("config", ("lua_shared_dict %s: %s"):format(options.rate_dict, tostring(message)), false)
    elseif core.monotonic() + wait >= ends then
      return failure("timeout", "the rate limit of these workers left no time for a request", false)
    end
    ngx.sleep(wait)
  end
end

local function exchange(options, request, timeout)
  local ends = core.monotonic() + timeout
  local url = http1.url(request.url)
  local ok, message, info = able(options, request, url)
  if not ok then
    return nil, message, info
  end
  local bytes = http1.request(request, url)
  local socket, keeps
  socket, keeps, info = open_in_turn(options, request, url, ends)
  if not socket then
    return nil, keeps, info
  end
  local reader, response = http1.reader{ max_body = request.max_response or options.max_response }, nil
  ok, message, info = send(socket, bytes, ends)
  if ok then
    response, message, info = receive(socket, reader, ends)
  end
  put_back(socket, response and reader.keep and keeps)
  if response and options.limiter and response.body:sub(1, 1000):find('"Code"%s*:%s*"RequestLimitExceeded') then
    options.limiter:throttled(rate_key(request, url))
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
    lower_headers = true,
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
