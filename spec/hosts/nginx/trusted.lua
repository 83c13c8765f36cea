-- The certificates that certificates.lua has written for this nginx, and URLs with their names.
local trusted = {}

local function read(name)
  local file = assert(io.open(require("hosts.nginx.site").settings.dir .. "/" .. name))
  local text = file:read("*a")
  file:close()
  return text
end

--- {cert=PEM, key=PEM}, and more members if wanted.
function trusted.pair(name, more)
  local pair = { cert = read(name .. ".pem"), key = read(name .. "-key.pem") }
  for key, value in pairs(more or {}) do
    pair[key] = value
  end
  return pair
end

--- The URL of a listener of misbehave.lua with a name instead of its address.
function trusted.named(listener, name)
  return (listener.url:gsub("127%.0%.0%.1", name))
end

return trusted
