-- Shared by the specs of the drivers: one misbehaving server, one CA, and exchanges whose failures must come in time. A
-- spec calls start before all tests, clean after each, and stop after all.
local assert = require "luassert"
local certificates = require "support.certificates"
local misbehave = require "support.misbehave"

local driver_rig = {}

local LATE = 0.1

--- {server, authority, certificate= for 127.0.0.1 and localhost, and the functions below}, for the libcurl driver
-- unless another is given.
function driver_rig.start(driver)
  driver = driver or require "cloudaudit.driver.curl"
  local rig = { server = misbehave.start(), authority = certificates.authority() }
  rig.certificate = rig.authority.make("IP:127.0.0.1,DNS:localhost")
  local listeners, drivers = {}, {}

  --- See misbehave.lua; closed by clean.
  function rig.listen(order)
    local listener = rig.server:listen(order)
    listeners[#listeners + 1] = listener
    return listener
  end

  --- A driver that clean closes.
  function rig.new(options)
    local made = driver.new(options)
    drivers[#drivers + 1] = made
    return made
  end

  function rig.request(url, body, headers)
    return {
      method = "POST", url = url, body = body or "{}",
      headers = headers or { ["Content-Type"] = "application/json" },
    }
  end

  --- The exchange must fail within its timeout (5 seconds), in one line: info, message.
  function rig.fails(made, order, timeout)
    timeout = timeout or 5
    local before = made.now()
    local response, message, info = made.exchange(order, timeout)
    local elapsed = made.now() - before
    assert.is_nil(response)
    assert.is_string(message)
    assert.is_nil(message:find("[%c]"))
    assert.is_true(elapsed < timeout + LATE, "took " .. elapsed)
    return info, message
  end

  --- The exchange must bring a response.
  function rig.succeeds(made, order, timeout)
    local response, message = made.exchange(order, timeout or 5)
    assert(response, message)
    return response
  end

  --- The status or the message of an exchange in a separate process, with those environment variables;
  -- `options` are the driver's, as Lua text.
  function rig.exchange_elsewhere(environment, options, url)
    local interpreter
    for index = -1, -10, -1 do
      interpreter = arg[index] or interpreter
    end
    local program = ([[
      local made = require("cloudaudit.driver.curl").new(%s)
      local response, message = made.exchange({ method = "POST", url = "%s", headers = {}, body = "" }, 5)
      io.write(response and response.status or message)]]):format(options, url)
    local pipe = io.popen(("env -u no_proxy -u NO_PROXY %s '%s' -e '%s'"):format(environment, interpreter, program))
    local output = pipe:read("*a")
    pipe:close()
    return output
  end

  function rig.clean()
    for _, made in ipairs(drivers) do
      made.close()
    end
    for _, listener in ipairs(listeners) do
      listener:close()
    end
    listeners, drivers = {}, {}
  end

  function rig.stop()
    rig.server:stop()
    rig.authority.remove()
  end

  return rig
end

return driver_rig
