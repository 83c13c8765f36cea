-- The driver over nginx's cosockets, for OpenResty and ngx_lua: a call yields, and the worker serves other requests.
-- Never blocks, never sends a request twice, loads neither libcurl nor libssl.
local core = require "cloudaudit.core"
local connection = require "cloudaudit.driver.nginx.connection"
local rate_limit = require "cloudaudit.driver.nginx.rate_limit"

local driver = {}

-- The phases that have cosockets and may wait. Not ssl_client_hello and ssl_session_fetch: unless nginx has OpenResty's
-- patches, a wait there ends the visitor's handshake.
local PHASES = {
  rewrite = true, server_rewrite = true, access = true, content = true, timer = true, preread = true, ssl_cert = true,
}

local IDLE = 30 -- seconds that a kept connection may be idle; less than servers and load balancers allow
local PIECE = 16 * 1024
local MOST_IDLE = 16 -- exchanges of the core that are kept for the next calls

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

local MILLISECOND = 1 / 1000

-- Sets the time left as the socket's timeout, which nginx counts in milliseconds: what was set less than one ago stays.
-- `set_at`: when it was set last. Returns when it was set; nil when no time is left.
local function set_timeout(socket, ends, set_at)
  local now = core.monotonic()
  if now >= ends then
    return nil
  elseif set_at and now - set_at < MILLISECOND then
    return set_at
  end
  connection.limit(socket, ends - now)
  return now
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

-- nginx does not say how much of a piece had left when its sending fails: all of it counts as sent. Returns when the
-- socket's timeout was set; or nil, message, info.
local function send(socket, codec, ends, set_at)
  repeat
    set_at = set_timeout(socket, ends, set_at)
    if not set_at then
      return failure("timeout", "the deadline passed while the request was sent", codec:may_have_left())
    end
    local count, message = socket:send(codec:output(4 * PIECE))
    if not count then
      return broken(message, ends)
    end
  until codec:sent(count) == 0
  return set_at
end

-- Status, head, body, and whether the connection may be kept; or nil, message, info.
local function receive(socket, codec, ends, set_at)
  while true do
    set_at = set_timeout(socket, ends, set_at)
    if not set_at then
      return failure("timeout", LATE, true)
    end
    local data, message = socket:receiveany(PIECE)
    local status, head, body, more = false, nil, nil, nil
    if data then
      status, head, body, more = codec:feed(data)
    elseif message == "closed" then
      status, head, body, more = codec:closed()
    elseif message ~= "timeout" then -- one may come early (see connection.waited_out): the response can still arrive
      return broken(message, ends)
    end
    if status then
      return status, head, body, more
    elseif status == nil then
      return nil, head, { kind = body, sent = true, field = more }
    end
  end
end

-- The target of a URL, kept in `last`, since a client's calls go to one endpoint.
local function target_of(last, text)
  if last.text ~= text then
    last.target, last.text = connection.target(core.http1_url(text)), text
  end
  return last.target
end

-- Options of libcurl that cosockets do not have are refused rather than silently ignored. True or nil, message, info.
local function check(options, direct, target)
  local ok, message, info = driver.usable(driver.phase())
  if not ok then
    return nil, message, info
  elseif target.is_ip and target.url.scheme == "https" then
    return failure("config", "endpoint: nginx cannot verify the certificate of an IP address", false, NAME)
  elseif not direct and (options.proxy and options.proxy ~= "" or options.proxy_from_env) then
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
local function rate_key(action, url)
  return ("%s:%d %s"):format(url.host, url.port, action)
end

-- A connection, once the limit that all workers share admits this request. It is opened only after that, and the limit
-- is asked again when opening took long, so that a request that is counted is sent at once.
local function open_in_turn(options, action, target, ends)
  local limiter, key = options.limiter, rate_key(action, target.url)
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

local function open(options, action, direct, target, ends)
  if options.limiter and not direct then
    return open_in_turn(options, action, target, ends)
  end
  return connection.open(target, options.connect_timeout or 3, ends)
end

-- Sends what the codec has written and receives what it reads: status, head and body; or nil, message, info.
local function converse(codec, ends, socket, pool, set_at)
  local keep
  local status, head, body = send(socket, codec, ends, set_at)
  if status then
    status, head, body, keep = receive(socket, codec, ends, status)
  end
  put_back(socket, status and keep and pool)
  return status, head, body
end

-- Performs the request of a call or in a table: status, head and body; or nil, message, info.
local function perform(options, last, request, timeout)
  local ends = core.monotonic() + timeout
  local codec, url, action, direct = core.http1(request, options.max_response, nil, table.remove(options.idle))
  if not codec then
    return failure("config", url.message, false)
  end
  local target = target_of(last, url)
  local status, message, info = check(options, direct, target)
  if status then
    status, message, info = open(options, action, direct, target, ends)
  end
  if status then
    status, message, info = converse(codec, ends, status, message, info)
  end
  codec:close() -- the garbage collector does not know how much memory it holds
  if #options.idle < MOST_IDLE then
    options.idle[#options.idle + 1] = codec
  end
  return status, message, info
end

local function exchange(options, last, request, timeout)
  local status, head, body = perform(options, last, request, timeout)
  if not status then
    return nil, head, body
  end
  return { status = status, headers = core.headers(head), body = body }
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
    proxy_from_env = options.proxy_from_env, trust = trust_of(options, sources), idle = {},
    rate_dict = options.rate_dict, limiter = dict and rate_limit.new(dict, options.rate or 18, core.monotonic),
  }
end

--- Makes a driver {exchange(request, timeout), send_call(call, timeout), throttled(action), sleep(seconds), now(),
-- warms, close()}; the contract is in doc/drivers.md. `send_call` is exchange without tables: it takes the request from
-- the core's call and returns status, head and body as text. Options: connect_timeout, max_response, and rate with
-- rate_dict; proxy, proxy_from_env, ca_file and ca_path are refused when a request would use them. `sources` holds the
-- source of each option (see options.lua).
function driver.new(options, sources)
  options = settings_of(options or {}, sources)
  local of_calls, of_others = {}, {} -- their last targets
  return {
    exchange = function(request, timeout)
      return exchange(options, of_others, request, timeout)
    end,
    send_call = function(call, timeout)
      return perform(options, of_calls, call, timeout)
    end,
    -- The service has throttled a request: all workers slow down.
    throttled = function(action)
      if options.limiter and of_calls.target then
        options.limiter:throttled(rate_key(action, of_calls.target.url))
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
