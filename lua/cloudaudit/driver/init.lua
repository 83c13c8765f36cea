-- Chooses the driver for the host: cosockets inside nginx, where libcurl would block the worker, libcurl everywhere
-- else.
local errors = require "cloudaudit.errors"

local drivers = {}

-- Some hosts raise for a global that was never assigned.
local _, nginx = pcall(function()
  return ngx
end)
local in_nginx = type(nginx) == "table"

--- The phase of nginx that this code runs in ("init", "content", ...), nil in every other host.
function drivers.phase()
  return in_nginx and require("cloudaudit.driver.nginx").phase() or nil
end

--- Runs fn in a timer, which nginx does not kill at a wait as it does the thread of a request. False or nil where no
-- timer exists.
function drivers.detach(fn)
  local phase = drivers.phase()
  return phase and require("cloudaudit.driver.nginx").detach(phase, fn)
end

-- nginx cannot make calls in all of its phases.
local function check_phase(phase)
  local usable, problem, info = require("cloudaudit.driver.nginx").usable(phase)
  if not usable then
    return errors.failure{ kind = "context", message = problem, hint = info.hint }
  end
  return true
end

--- The driver for a call now; nil, message, err. Asked for each call, since an nginx phase can differ from the one
-- before. `made` holds the drivers of a session by name; `values` and `sources` are its options.
function drivers.choose(made, values, sources)
  local phase = drivers.phase()
  if phase then
    local ok, message, err = check_phase(phase)
    if not ok then
      return nil, message, err
    end
  elseif values.rate_dict then
    return errors.failure{ kind = "config", field = "rate_dict",
      message = "rate_dict: shared dictionaries exist only inside nginx" }
  end
  local name = phase and "nginx" or "curl"
  local driver, message, err = made[name], nil, nil
  if not driver then
    driver, message, err = require("cloudaudit.driver." .. name).new(values, sources)
    made[name] = driver
  end
  return driver, message, err
end

return drivers
