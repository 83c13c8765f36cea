-- Connections over nginx's cosockets: pools, names, TLS. Never returns a connection that was not verified for the
-- server that was asked for.
local core = require "cloudaudit.core"
local hints = require "cloudaudit.hints"

local connection = {}

local LIFE = 300 -- seconds after which a connection is not reused, so that a new certificate or address takes effect

local function failure(kind, message, hint)
  return nil, message, { kind = kind, sent = false, hint = hint }
end

-- ---- pools -------------------------------------------------------------------------------------------------------

-- The trust store is set for each location, and no API tells which one applies here. The address of the location's
-- configuration stands for it: the sixth word of the request's struct, which begins with a signature to check.
local REQUEST_SIGNATURE = 0x50545448

local loaded, base = pcall(require, "resty.core.base")
local has_ffi, ffi = pcall(require, "ffi")

local function location()
  local request = loaded and has_ffi and ngx.config.subsystem == "http" and base.get_request()
  if not request or tonumber(ffi.cast("const uint32_t *", request)[0]) ~= REQUEST_SIGNATURE then
    return nil
  end
  return tostring(ffi.cast("const uintptr_t *", request)[5])
end

-- Ages are counted from here: by the machine's clock alone, the first one could end a moment after the start.
local loaded_at = core.monotonic()

-- The pool name must encode scheme, host, port and trust store: nginx reuses any connection of a pool. nil: no
-- connection may be kept.
local function pool_name(target)
  local url, place = target.url, "plain"
  if url.scheme == "https" then
    place = location()
    if not place then
      return nil
    end
  end
  local age = math.floor((core.monotonic() - loaded_at) / LIFE)
  if target.age ~= age then
    target.age, target.pools = age, {}
  end
  local name = target.pools[place]
  if not name then
    name = ("cloudaudit %s %s:%d in %s %d"):format(url.scheme, url.host, url.port, place, age)
    target.pools[place] = name
  end
  return name
end

-- The pool of connections that may not be kept, always empty: without a name nginx uses its default pool, which may
-- hold connections of other programs, verified or not.
local NONE = "cloudaudit none"

-- ---- connecting --------------------------------------------------------------------------------------------------

-- nginx asks only its resolver, never /etc/hosts; RFC 6761 reserves these names for loopback.
local LOCALHOST = "[Ll][Oo][Cc][Aa][Ll][Hh][Oo][Ss][Tt]$"

local function address_of(host)
  if host:find("^" .. LOCALHOST) or host:find("%." .. LOCALHOST) then
    return "127.0.0.1"
  end
  return host:find(":", 1, true) and "[" .. host .. "]" or host
end

local function is_ip(host)
  return host:find("^%d+%.%d+%.%d+%.%d+$") ~= nil or host:find(":", 1, true) ~= nil
end

--- What `open` connects to, made once for a parsed URL (see core.http1_url). is_ip: the URL has an address instead of a
-- name, which nginx compares with the names in a certificate: a wrong certificate could pass, the right one would not.
function connection.target(url)
  local address = address_of(url.host)
  return { url = url, address = address, pools = {}, is_ip = is_ip(url.host), is_name = not is_ip(address) }
end

-- Turns the results of ngx.thread.wait into those of the thread's function.
local function results(ok, connected, message)
  if not ok then
    return nil, connected
  end
  return connected, message
end

-- Runs `connect` for at most `seconds`, since nginx's resolver has a timeout of its own. The waiting thread may be
-- killed, and only the thread that started another can end it: so an extra thread, unknown to others, starts the two.
local function within(seconds, connect)
  return results(ngx.thread.wait(ngx.thread.spawn(function()
    local thread = ngx.thread.spawn(connect)
    if coroutine.status(thread) == "zombie" then
      return results(ngx.thread.wait(thread))
    end
    local watch = ngx.thread.spawn(function()
      ngx.sleep(seconds)
      return nil, "timeout"
    end)
    local ok, connected, message = ngx.thread.wait(thread, watch)
    ngx.thread.kill(thread)
    ngx.thread.kill(watch)
    return results(ok, connected, message)
  end)))
end

local function connect(socket, target, pool, seconds)
  local address, port, options = target.address, target.url.port, target.options
  if not options or options.pool ~= (pool or NONE) then
    options = { pool = pool or NONE }
    target.options = options -- the same at most calls
  end
  if not target.is_name then
    return socket:connect(address, port, options)
  end
  return within(seconds, function()
    return socket:connect(address, port, options)
  end)
end

--- True if a wait on a socket ended by timeout, after sleeping until its deadline `ends`: nginx's timer can fire a few
-- ms early, since it counts from a cached time, and the caller would find a moment left.
function connection.waited_out(message, ends)
  if message ~= "timeout" then
    return false
  end
  local left = ends - core.monotonic()
  while left > 0 do
    ngx.sleep(math.max(left, 1 / 1000))
    left = ends - core.monotonic()
  end
  return true
end

local function connect_failure(message, url, ends)
  message = tostring(message)
  if connection.waited_out(message, ends) then
    return failure("timeout", ("no connection to %s within the time allowed"):format(url.authority))
  elseif message:find("no resolver defined", 1, true) then
    return failure("config", ("nginx has no resolver for the name %s"):format(url.host),
      "name a DNS server in nginx's configuration, such as: resolver 127.0.0.53 ipv6=off;")
  elseif message:find("resolve", 1, true) then
    return failure("dns", message)
  end
  return failure("connect", ("no connection to %s: %s"):format(url.authority, message))
end

local function tls_failure(message, url, ends, hint)
  message = tostring(message)
  if connection.waited_out(message, ends) then
    return failure("timeout", ("no TLS handshake with %s within the time allowed"):format(url.authority))
  end
  return failure("tls", ("TLS with %s: %s"):format(url.authority, message), hint or hints.in_nginx(message))
end

local function milliseconds(seconds)
  return math.max(math.ceil(seconds * 1000), 1)
end

--- Sets the timeout of each wait on a socket, rounded up to the whole milliseconds that nginx counts in; `connecting`
-- is another one for that.
function connection.limit(socket, seconds, connecting)
  local most = milliseconds(seconds)
  socket:settimeouts(connecting and milliseconds(connecting) or most, most, most)
end

local REFUSED = "the certificate must be for the endpoint's name, be in date, and come from a CA in"
  .. " lua_ssl_trusted_certificate"

--- Connects to a target within `most` seconds and before `ends`, and verifies the server over TLS: the socket, the name
-- of the pool that it may be kept in (nil: none), and when its timeout was set to the time until `ends` (nil: it was
-- not); or nil, message, {kind, sent = false}.
function connection.open(target, most, ends)
  local url = target.url
  local socket, message = ngx.socket.tcp()
  if not socket then
    return failure("connect", "no cosocket: " .. tostring(message))
  end
  local pool = pool_name(target)
  local set_at = core.monotonic()
  local seconds = math.min(most, ends - set_at)
  if seconds <= 0 then
    return failure("timeout", "no time was left to connect")
  end
  local connect_ends = set_at + seconds
  connection.limit(socket, ends - set_at, seconds)
  local ok
  ok, message = connect(socket, target, pool, seconds)
  if not ok then
    return connect_failure(message, url, connect_ends)
  end
  if url.scheme == "https" and (socket:getreusedtimes() or 0) == 0 then
    connection.limit(socket, connect_ends - core.monotonic())
    set_at = nil
    local hint
    ok, message = socket:sslhandshake(false, url.host, true)
    -- When a handshake ends at once, ngx_lua 0.10.23 returns true even if it refused the certificate; the connection is
    -- closed then.
    if ok and not socket:getreusedtimes() then
      ok, message = nil, "the certificate was refused, and nginx does not say why"
      hint = REFUSED
    end
    if not ok then
      socket:close()
      return tls_failure(message, url, connect_ends, hint)
    end
  end
  return socket, pool, set_at
end

return connection
