-- A driver that calls the emulator in the same process, and a client with it. A fault of the connection has the same
-- result as with libcurl's driver.
local ascii = require "cloudaudit.ascii"

local driver = {}

local function lower_names(headers)
  local lower = {}
  for name, value in pairs(headers) do
    lower[ascii.lower(name)] = value
  end
  return lower
end

local function http_request(request)
  local headers = lower_names(request.headers)
  headers.host = headers.host or request.host
  local path, query = request.url:match("^[A-Za-z0-9]+://[^/?]+([^?]*)%??(.*)$")
  return {
    method = request.method, path = path ~= "" and path or "/", query = query or "",
    headers = headers, body = request.body,
  }
end

-- `wait(moment)` lets other calls of the client run until that time of the clock; it returns a reason if this exchange
-- must end at once.
local function exchange(emulator, request, timeout, wait)
  local deadline = emulator.clock:monotonic() + (timeout or math.huge)
  local stop = wait()
  if stop then
    return nil, "the exchange was " .. stop, { kind = stop, sent = false }
  end
  local response = emulator:handle(http_request(request))
  if response.delay then
    local arrives = emulator.clock:monotonic() + response.delay
    stop = wait(math.min(arrives, deadline))
    if stop then
      return nil, "the exchange was " .. stop, { kind = stop, sent = true }
    elseif arrives >= deadline then
      return nil, ("no response within %.3g s"):format(timeout), { kind = "timeout", sent = true }
    end
  end
  if response.cut then
    return nil, "the connection was closed before a response arrived", { kind = "transport", sent = true }
  elseif response.truncated then
    return nil, ("the response ended after %d of %d bytes"):format(response.truncated, #response.body),
      { kind = "protocol", sent = true }
  end
  return { status = response.status, headers = lower_names(response.headers), body = response.body }
end

--- A driver {exchange, sleep, now, async} that waits by advancing the emulator's clock, which takes no time.
function driver.new(emulator)
  local clock = emulator.clock
  local function pass(moment)
    if moment then
      clock:advance(moment - clock:monotonic())
    end
  end
  return {
    exchange = function(request, timeout)
      return exchange(emulator, request, timeout, pass)
    end,
    sleep = function(seconds)
      clock:advance(seconds)
    end,
    now = function()
      return clock:monotonic()
    end,
    async = {
      exchange = function(request, timeout, wait)
        return exchange(emulator, request, timeout, wait)
      end,
      -- When all calls wait, the clock advances to the first deadline, plus a margin for rounding.
      step = function(_, wake)
        if wake and wake > 0 then
          clock:advance(wake + 1e-6)
        end
      end,
    },
  }
end

--- A client: cloudaudit.new with the driver, the clock and credentials of the emulator, ignoring the environment;
-- `overrides` are options that replace these.
function driver.client(emulator, overrides)
  local id, key, token = emulator:credential()
  local options = {
    driver = driver.new(emulator), env = false,
    clock = function() return emulator.clock:now() end,
  }
  for name, value in pairs(overrides or {}) do
    options[name] = value
  end
  if not (options.secret_id or options.credentials or options.profile) then
    options.secret_id, options.secret_key, options.token = id, key, token
  end
  return require("cloudaudit").new(options)
end

return driver
