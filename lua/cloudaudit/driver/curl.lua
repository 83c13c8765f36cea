-- The driver over libcurl: one blocking exchange at a time, or many concurrent ones in steps. The C module, and libcurl
-- with it, is loaded by the first exchange, never by require or new.
local core = require "cloudaudit.core"

local driver = {}

local OPTIONS = { "ca_file", "ca_path", "proxy", "proxy_from_env", "env", "connect_timeout", "max_response",
  "max_connections" }

local CLOSED = { kind = "closed", sent = false }

-- A blocking step ends when there is progress, so this only bounds a wait without any.
local LONG = 60

-- A step that only sleeps ends after so many seconds, so that a signal that the host has turned into an error of Lua is
-- not delayed for longer.
local NAP = 1 / 2

--- Makes a driver: {exchange(request, timeout), send_call(call, timeout), sleep(seconds), now(), close(), warms,
-- async}. `send_call` is exchange without tables: it takes the request from the core's call and returns status, head
-- and body as text. `async` is the non-blocking form: {exchange(request, timeout, wait), send_call(call, timeout,
-- wait), step(seconds, wake), fds(), work}. Options: ca_file, ca_path, proxy, proxy_from_env, env, connect_timeout,
-- max_response, max_connections; others are ignored.
function driver.new(options)
  local chosen = {}
  for _, name in ipairs(OPTIONS) do
    chosen[name] = options and options[name]
  end
  local library, transport, closed

  local function curl()
    library = library or require "cloudaudit.curl"
    return library
  end

  -- Starts a transfer. With `seconds` it also makes a step, and returns status, head, body if that completed it.
  local function start(request, timeout, seconds)
    if not transport and not closed then
      local made, message, info = curl().new(chosen)
      if not made then
        return nil, message, info
      end
      transport = made
    end
    if closed then
      return nil, "the driver is closed", CLOSED
    end
    return transport:start(request, timeout, seconds)
  end

  -- `wait` lets the transport step, once or until the transfer is done; it returns why the exchange is to end, or nil.
  local function finish(transfer, wait)
    while not transfer:done() do
      if wait(nil, transfer) then
        transfer:cancel()
      end
    end
  end

  local function exchange(request, timeout, wait)
    local transfer, message, info = start(request, timeout)
    if not transfer then
      return nil, message, info
    end
    finish(transfer, wait)
    local response
    response, message, info = transfer:result()
    transfer:close()
    return response, message, info
  end

  local function send_call(call, timeout, wait)
    local transfer, message, info = start(call, timeout)
    if not transfer then
      return nil, message, info
    end
    finish(transfer, wait)
    return transfer:take()
  end

  local self = { now = core.monotonic, warms = true }

  local function block()
    transport:step(LONG)
  end

  --- One exchange: {status=, headers= (lower-case names), body=}, or nil, message, {kind=, sent=}.
  function self.exchange(request, timeout)
    return exchange(request, timeout, block)
  end

  --- The same for a core call with a request under way: status, head, body; or nil, message, info.
  function self.send_call(call, timeout)
    local first, head, body = start(call, timeout, LONG)
    if head then -- of a response, or the message of a failure; a transfer is returned alone
      return first, head, body
    end
    finish(first, block)
    return first:take()
  end

  --- Not shortened by signals, but Ctrl-C ends it.
  function self.sleep(seconds)
    local left = seconds
    while left do
      left = curl().sleep(left)
    end
  end

  -- work: after so many seconds of work a step leaves the rest to the next, so that an event loop stays responsive.
  self.async = { work = 15 / 100000 }

  --- The same two in a coroutine: wait() yields until a step has been made, and returns a reason when the exchange is
  -- to end at once.
  self.async.exchange, self.async.send_call = exchange, send_call

  --- Advances every exchange and waits at most `seconds`. `wake`: a task waits that long for the clock alone (nil: none
  -- does). Returns how many exchanges are under way.
  function self.async.step(seconds, wake)
    if transport and transport:pending() > 0 then
      return transport:step(seconds)
    elseif wake and seconds > 0 then
      curl().sleep(math.min(seconds, NAP))
    end
    return 0
  end

  --- For an external event loop until the next step: the descriptors to watch, a list of {fd=, read=, write=}, and the
  -- seconds until a step is due (nil: none is).
  function self.async.fds()
    if not transport then
      return {}
    end
    return transport:fds()
  end

  --- Ends the exchanges under way (kind "closed") and closes the connections; may be called again.
  function self.close()
    closed = true
    if transport then
      transport:close() -- but not nil: calls may still wait for its transfers
    end
  end

  return self
end

return driver
