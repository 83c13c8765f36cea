-- The driver over libcurl: moves one request at a time for who blocks, many for who steps. The C
-- module (and libcurl with it) is loaded by the first exchange, never by require or new.
local driver = {}

local OPTIONS = { "ca_file", "proxy", "proxy_from_env", "connect_timeout", "max_response", "max_connections" }

local CLOSED = { kind = "closed", sent = false }

-- A step of the blocking kind ends when something moves, so its length only bounds a wait in vain.
local LONG = 60

--- Makes a driver: {exchange(request, timeout), sleep(seconds), now(), step(seconds), pending(), fds(), close(),
-- async}. `async` holds exchange and sleep once more, in the form that yields instead of blocking: they run in a
-- coroutine that is resumed after each step. Options: ca_file, proxy, proxy_from_env, connect_timeout, max_response,
-- max_connections; others are left alone.
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

  local function open()
    if closed then
      return nil, "the driver is closed", CLOSED
    end
    if not transport then
      local made, message, info = curl().new(chosen)
      if not made then
        return nil, message, info
      end
      transport = made
    end
    return transport
  end

  local function exchanger(wait)
    return function(request, timeout)
      local through, message, info = open()
      if not through then
        return nil, message, info
      end
      local transfer
      transfer, message, info = through:start(request, timeout)
      if not transfer then
        return nil, message, info
      end
      while not transfer:done() do
        wait(through)
      end
      local response
      response, message, info = transfer:result()
      transfer:close()
      return response, message, info
    end
  end

  local self = { lower_headers = true }

  function self.now()
    return curl().monotonic()
  end

  --- One exchange: {status=, headers= (lower-case names), body=}, or nil, message, {kind=, sent=}.
  self.exchange = exchanger(function(through)
    through:step(LONG)
  end)

  function self.sleep(seconds)
    curl().sleep(seconds)
  end

  self.async = {
    exchange = exchanger(function()
      coroutine.yield()
    end),
    sleep = function(seconds)
      local ends = self.now() + seconds
      while self.now() < ends do
        coroutine.yield()
      end
    end,
  }

  --- Moves every exchange on and waits at most that long; returns how many are under way.
  function self.step(seconds)
    return transport and transport:step(seconds) or 0
  end

  function self.pending()
    return transport and transport:pending() or 0
  end

  --- What a foreign loop watches until the next step: a list of {fd=, read=, write=}, and the seconds until a step is
  -- due (nil: none is).
  function self.fds()
    if not transport then
      return {}
    end
    return transport:fds()
  end

  --- Ends what is under way (kind "closed") and closes the connections; may be called again.
  function self.close()
    closed = true
    if transport then
      transport:close()
      transport = nil
    end
  end

  return self
end

return driver
