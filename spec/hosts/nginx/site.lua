-- The control interface of spec/hosts/nginx.sh's nginx, used over the socket in its folder. Settings come from the
-- environment, which only init_by_lua sees.
local site = { settings = {} }

local NAMES = { "DIR", "HTTP", "HTTPS", "ENDPOINT", "SECRET_ID", "SECRET_KEY" }

function site.init()
  for _, name in ipairs(NAMES) do
    site.settings[name:lower()] = os.getenv("SPEC_" .. name)
  end
  -- Loaded here to persist: busted unloads modules that an insulated spec file loads.
  local replay = require "hosts.nginx.replay"
  replay.ports = { http = tonumber(site.settings.http), https = tonumber(site.settings.https) }
  require "hosts.nginx.runner"
  require "hosts.nginx.shared"
  require "hosts.nginx.phases".init()
  require "cloudaudit"
  require "cloudaudit.async"
  require "cloudaudit.emulator.driver"
  require "support.wire"
  site.actions = require "hosts.nginx.actions"
end

-- Reports to the script that nginx listens; the script reads the FIFO once and removes it.
local function tell_ready()
  if ngx.worker.id() == 0 then
    local fifo = assert(io.open(site.settings.dir .. "/ready", "w"))
    fifo:write("ready\n")
    fifo:close()
  end
end

function site.init_worker()
  require("hosts.nginx.phases").init_worker()
  if ngx.worker.count() > 1 then
    assert(ngx.timer.every(0.01, site.actions.rated_worker))
  end
  tell_ready()
end

--- The content handler: runs the action that the path names with the arguments of the query.
function site.run(name)
  local action = site.actions[name or ngx.var.uri:sub(2)]
  if not action then
    return ngx.exit(404)
  end
  ngx.header.content_type = "text/plain"
  local ok, problem = pcall(action, ngx.req.get_uri_args(), site.settings)
  if not ok then
    ngx.status = 500
    ngx.say("[  FAILED  ] ", tostring(problem))
  end
end

return site
