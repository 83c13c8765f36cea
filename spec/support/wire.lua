-- A driver for specs that records every request and takes its responses from a list; without sockets, and with a
-- simulated clock.
local core = require "cloudaudit.core"

local wire = {}

wire.SECRET_ID = "AKIDz8krbsJ5yKBZQpn74WFkmLPx3EXAMPLE"
wire.SECRET_KEY = "Gu5t9xGARNpq86cd98joQYCN3EXAMPLE"

local function to_response(answer)
  if type(answer) == "table" and answer.status then
    return answer
  end
  return { status = 200, headers = { ["content-type"] = "application/json" }, body = answer }
end

--- {"Response":{members,"RequestId":"…"}} as text; members is JSON text without braces.
function wire.success(members)
  local tail = members and members ~= "" and members .. "," or ""
  return '{"Response":{' .. tail .. '"RequestId":"2d4a7fba-bba8-452e-a99e-ccf11fdaa583"}}'
end

--- An error of the service as text.
function wire.refusal(code, message)
  return ('{"Response":{"Error":{"Code":"%s","Message":"%s"},"RequestId":"r-1"}}'):format(code, message or "no")
end

--- A driver that returns answers[1], answers[2]… (a body, a response table, or a function that is called with the
-- request and returns the results of exchange), and repeats the last one. driver.requests is the journal.
function wire.driver(answers)
  if type(answers) ~= "table" then
    answers = { answers or wire.success() }
  end
  local driver = { requests = {}, slept = {}, time = 100 }
  function driver.exchange(request, timeout)
    driver.requests[#driver.requests + 1] = request
    driver.timeout = timeout
    local answer = answers[math.min(#driver.requests, #answers)]
    if type(answer) == "function" then
      return answer(request, #driver.requests)
    end
    return to_response(answer)
  end
  function driver.sleep(seconds)
    driver.slept[#driver.slept + 1] = seconds
    driver.time = driver.time + seconds
  end
  function driver.now()
    return driver.time
  end
  return driver
end

--- A client with static credentials over such a driver: client, driver. options are those of new.
function wire.client(answers, options)
  local given = { secret_id = wire.SECRET_ID, secret_key = wire.SECRET_KEY, env = false }
  for name, value in pairs(options or {}) do
    given[name] = value
  end
  given.driver = given.driver or wire.driver(answers)
  return require("cloudaudit").new(given), given.driver
end

--- The decoded body of the n-th request (the last one without n).
function wire.body(driver, n)
  return core.decode(driver.requests[n or #driver.requests].body)
end

--- Every string that can be reached from a value: through tables and their metatables, upvalues of
-- functions, and what a coroutine holds. A set.
function wire.reachable_strings(root)
  -- Ignores values that are reachable only through 5.1's environments of functions and userdata.
  local strings, seen = {}, { [getfenv and getfenv(0) or _G] = true, [package] = true }
  local function walk(value)
    local kind = type(value)
    if kind == "string" then
      strings[value] = true
    elseif seen[value] or kind == "nil" or kind == "number" or kind == "boolean" then
      return
    else
      seen[value] = true
      local meta = debug.getmetatable(value)
      walk(meta)
      if kind == "table" then
        for key, item in next, value do
          walk(key)
          walk(item)
        end
      elseif kind == "function" then
        local index = 1
        while debug.getupvalue(value, index) do
          local _, item = debug.getupvalue(value, index)
          walk(item)
          index = index + 1
        end
      elseif kind == "userdata" then
        walk((debug.getuservalue or debug.getfenv)(value))
      end
    end
  end
  walk(root)
  return strings
end

--- file:line of the caller's caller, in the form that starts an error message.
function wire.line(offset)
  local info = debug.getinfo(2, "Sl")
  return ("%s:%d:"):format(info.short_src, info.currentline + (offset or 0))
end

return wire
