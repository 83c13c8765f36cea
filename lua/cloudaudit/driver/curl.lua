-- The driver over libcurl: moves one request at a time for who blocks, many for who steps. The C
-- module (and libcurl with it) is loaded by the first exchange, never by require or new.
local core = require "cloudaudit.core"

local driver = {}

local OPTIONS = { "ca_file", "proxy", "proxy_from_env", "connect_timeout", "max_response", "max_connections" }

local CLOSED = { kind = "closed", sent = false }

-- A step of the blocking kind ends when something moves, so its length only bounds a wait in vain.
local LONG = 60

--- Makes a driver: {exchange(request, timeout), send_call(call, timeout), sleep(seconds), now(), close(), async}.
-- `send_call` is exchange without tables: it takes the request from the core's call and gives status, head and body
-- as they came. `async` is the form that never blocks: {exchange(request, timeout, wait),
-- send_call(call, timeout, wait), step(seconds, wake), fds(), work}. Options: ca_file, proxy, proxy_from_env,
-- connect_timeout, max_response, max_connections; others are left alone.
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

  -- A transfer; with seconds it has made a step, and if that was all: status, head, body.
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

  -- `wait` lets the transport step until the transfer is done, or once; what it gives is why the exchange is to end,
  -- or nil.
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

  local self = { now = core.monotonic }

  local function block()
    transport:step(LONG)
  end

  --- One exchange: {status=, headers= (lower-case names), body=}, or nil, message, {kind=, sent=}.
  function self.exchange(request, timeout)
    return exchange(request, timeout, block)
  end

  --- The same for a call of the core that has a request under way: status, head, body; or nil, message, info.
  function self.send_call(call, timeout)
    local first, head, body = start(call, timeout, LONG)
    if head then -- the answer's, or why there is none; a transfer comes alone
      return first, head, body
    end
    finish(first, block)
    return first:take()
  end

  function self.sleep(seconds)
    curl().sleep(seconds)
  end

  -- work: a step that has worked so many seconds leaves the rest to the next, for a game to keep its frames.
  self.async = { work = 0.0004 }

  --- The same two in a coroutine: wait() yields until a step has been made, and gives a reason when the exchange
  -- is to end at once.
  self.async.exchange, self.async.send_call = exchange, send_call

  --- Moves every exchange on and waits at most `seconds`; `wake`: somebody waits that long for the clock alone
  -- (nil: nobody does). Returns how many exchanges are under way.
  function self.async.step(seconds, wake)
    if transport and transport:pending() > 0 then
      return transport:step(seconds)
    elseif wake and seconds > 0 then
      curl().sleep(seconds)
    end
    return 0
  end

  --- What a foreign loop watches until the next step: a list of {fd=, read=, write=}, and the seconds until a step is
  -- due (nil: none is).
  function self.async.fds()
    if not transport then
      return {}
    end
    return transport:fds()
  end

  --- Ends what is under way (kind "closed") and closes the connections; may be called again.
  function self.close()
    closed = true
    if transport then
      transport:close() -- kept for who waits for one of its transfers
    end
  end

  return self
end

return driver
