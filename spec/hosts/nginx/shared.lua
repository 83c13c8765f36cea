-- A client that all requests of a worker share, with a slow credential provider, whose calls are counted; `broken`,
-- when set, is raised by the provider.
local cloudaudit = require "cloudaudit"

local shared = { SECONDS = 0.1 }

local client

function shared.reset()
  local given = require("hosts.nginx.site").settings
  shared.fetched, shared.broken = 0, nil
  local slow = { name = "slow" }
  function slow.get()
    ngx.sleep(shared.SECONDS)
    if shared.broken then
      error(shared.broken, 0)
    end
    shared.fetched = shared.fetched + 1
    return { secret_id = given.secret_id, secret_key = given.secret_key }
  end
  client = assert(cloudaudit.new{ endpoint = given.endpoint, rate = 1000, credentials = slow })
end

--- "ok", or the failure.
function shared.call()
  local response, message = client:ListAudits()
  return response and "ok" or message
end

return shared
