-- The client of a run, from the common options.
local status = require "cloudaudit.cli.status"
local width = require "cloudaudit.cli.width"

local clients = {}

-- A sleep resumes after a signal, and only then Lua sees it: so long SIGINT can be delayed.
local SLICE = 1 / 2

-- A page has up to 50 records, and a record can have a mebibyte, which escaping makes longer.
local MAX_RESPONSE = 128 * 1024 * 1024

--- Sleeps so that SIGINT is answered within half a second; shows progress meanwhile.
function clients.sleep(context, seconds)
  local core, curl = require "cloudaudit.core", require "cloudaudit.curl"
  local ends = core.monotonic() + seconds
  local left = seconds
  while left > 0 do
    if context.progress then
      context.progress:update(nil, true)
    end
    curl.sleep(math.min(left, SLICE))
    left = ends - core.monotonic()
  end
end

--- Calls fn(...), for which a wrong value is misuse that raises: here it is wrong usage of the command.
function clients.checked(fn, ...)
  local results = { pcall(fn, ...) }
  if results[1] then
    return results[2], results[3], results[4]
  elseif status.is_problem(results[2]) or status.is_interrupt(results[2]) then
    error(results[2], 0)
  end
  return status.usage((tostring(results[2]):gsub("^[^\n]-:%d+: ", ""):gsub("^events%.where%.", "--where: ")))
end

--- Makes the client; ends the command when an option or the credentials are malformed.
function clients.new(context)
  local values = context.values
  local made, _, err = clients.checked(require("cloudaudit").new, {
    profile = values.profile, region = values.region, endpoint = values.endpoint, ca_file = values.ca_file,
    proxy = values.proxy, timeout = values.call_timeout, language = values.language, max_response = MAX_RESPONSE,
    sleep = function(seconds)
      clients.sleep(context, seconds)
    end,
    log = values.verbose and function(_, line)
      context:clear()
      context.err:write(width.escape(line), "\n")
    end or nil,
  })
  if not made then
    status.fail(err)
  end
  return made
end

return clients
