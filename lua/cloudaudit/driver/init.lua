-- Chooses the driver for the host: cosockets inside nginx, where libcurl would block the worker, libcurl everywhere
-- else.
local core = require "cloudaudit.core"
local errors = require "cloudaudit.errors"

local drivers = {}

local function is_native(fn)
  return type(fn) == "function" and not pcall(string.dump, fn)
end

-- Unit tests of programs for nginx run elsewhere, with a table named ngx that no call can be made with. Light threads
-- cannot be imitated in Lua.
local function is_nginx(host)
  local thread = type(host) == "table" and host.thread
  return type(thread) == "table" and type(host.get_phase) == "function" and is_native(thread.spawn)
    and is_native(thread.wait) and is_native(thread.kill)
end

-- Some hosts raise for a global that was never assigned.
local known, found = pcall(function()
  return is_nginx(ngx)
end)
local in_nginx = known and found

--- Whether this code runs inside nginx.
drivers.in_nginx = in_nginx

--- The phase of nginx that this code runs in ("init", "content", ...), nil in every other host.
function drivers.phase()
  return in_nginx and require("cloudaudit.driver.nginx").phase() or nil
end

--- Runs fn in a timer, which nginx does not kill at a wait as it does the thread of a request. False or nil where
-- timers do not exist.
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

-- Before anything else sees it, since it may contain a password. True or a failure.
local function check_proxy(proxy)
  local ok, fields = true, nil
  if proxy and proxy ~= "" then
    ok, fields = core.check_proxy(proxy)
  end
  if not ok then
    return errors.failure(fields)
  end
  return true
end

-- C reads a path up to its first NUL: that would be another file.
local function check_paths(values)
  for _, name in ipairs{ "ca_file", "ca_path" } do
    if values[name] and values[name]:find("\0", 1, true) then
      return errors.failure{ kind = "config", field = name, message = name .. ": string without NUL expected" }
    end
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
    local ok, problem, failure = check_proxy(values.proxy)
    if ok then
      ok, problem, failure = check_paths(values)
    end
    if not ok then
      return nil, problem, failure
    end
    driver, message, err = require("cloudaudit.driver." .. name).new(values, sources)
    made[name] = driver
  end
  return driver, message, err
end

return drivers
