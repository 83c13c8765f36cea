-- A client of the emulator in the same process: its driver calls `handle` instead of a server. What is
-- ordered to go wrong on the wire looks to the client as it does with libcurl.
local driver = {}

local function lower_names(headers)
  local lower = {}
  for name, value in pairs(headers) do
    lower[name:lower()] = value
  end
  return lower
end

local function request_of(request)
  local headers = lower_names(request.headers)
  headers.host = headers.host or request.host
  local path, query = request.url:match("^%w+://[^/?]+([^?]*)%??(.*)$")
  return {
    method = request.method, path = path ~= "" and path or "/", query = query or "",
    headers = headers, body = request.body,
  }
end

-- `wait(moment)` lets the client's other calls go on, until that moment of the clock; it gives a reason
-- when this exchange is to end at once.
local function exchange(emulator, request, timeout, wait)
  local deadline = emulator.clock:monotonic() + (timeout or math.huge)
  local stop = wait()
  if stop then
    return nil, "the exchange was " .. stop, { kind = stop, sent = false }
  end
  local response = emulator:handle(request_of(request))
  if response.delay then
    local arrives = emulator.clock:monotonic() + response.delay
    stop = wait(math.min(arrives, deadline))
    if stop then
      return nil, "the exchange was " .. stop, { kind = stop, sent = true }
    elseif arrives >= deadline then
      return nil, ("no answer within %.3g s"):format(timeout), { kind = "timeout", sent = true }
    end
  end
  if response.cut then
    return nil, "the connection was closed before an answer came", { kind = "transport", sent = true }
  elseif response.truncated then
    return nil, ("the answer ended after %d of %d bytes"):format(response.truncated, #response.body),
      { kind = "protocol", sent = true }
  end
  return { status = response.status, headers = lower_names(response.headers), body = response.body }
end

--- A driver {exchange, sleep, now, async} by the emulator's clock: waiting takes no time.
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
      -- When all wait for the clock, it moves to the first of them, and a little beyond its rounding.
      step = function(_, wake)
        if wake and wake > 0 then
          clock:advance(wake + 1e-6)
        end
      end,
    },
  }
end

--- A client: cloudaudit.new with the driver, the clock and a key of the emulator, and nothing from the
-- environment, unless `given` says otherwise.
function driver.client(emulator, given)
  local id, key, token = emulator:credential()
  local options = {
    driver = driver.new(emulator), env = false,
    clock = function() return emulator.clock:now() end,
  }
  for name, value in pairs(given or {}) do
    options[name] = value
  end
  if not (options.secret_id or options.credentials or options.profile) then
    options.secret_id, options.secret_key, options.token = id, key, token
  end
  return require("cloudaudit").new(options)
end

return driver
