-- client:config(): the options in effect and the source of each. Shows no secret and asks no credential provider.
local options = require "cloudaudit.options"
local sessions = require "cloudaudit.session"

local config = {}

--: class Config  all options in effect, by index and by name
--:   [integer|string] ConfigItem
--: class ConfigItem  an option, its value and the source of the value
--:   name string
--:   value any
--:   source string
--:   expires_at number?

-- Options whose value may contain a user and a password, with or without a scheme.
local ADDRESSES = { endpoint = true, proxy = true }

-- A value without secrets: functions and tables by their type, an address without its user and password.
local function shown(name, value)
  if ADDRESSES[name] and type(value) == "string" then
    local scheme, rest = value:match("^([A-Za-z][A-Za-z0-9+.-]*://)(.*)$")
    return (scheme or "") .. (rest or value):gsub("^.*@", "****@")
  elseif type(value) == "table" then
    return type(value.name) == "string" and value.name or "table"
  elseif type(value) == "function" then
    return "function"
  end
  return value
end

-- The credentials in use, masked: id, key and token.
local function secrets(refresher, permanent)
  local id = refresher.shown or permanent
  local source = refresher.source or permanent and "static" or "not read yet"
  return {
    secret_id = { value = id, source = source },
    secret_key = { value = id and "****" or nil, source = source },
    token = { value = refresher.has_token and "****" or nil, source = source, expires_at = refresher.expires_at },
  }
end

--- All options in effect, in the order of doc/client.md: a list of {name, value, source}, also by name
-- (config.region.value). source is "option", "environment NAME", "default", "not set", the provider of the credentials,
-- or "not read yet" for credentials before the first call. token has expires_at (unix seconds) when the provider told
-- when the credentials expire. Secrets are masked; functions and tables are shown by type.
--: Client:config() -> Config | failure
function config.config(self)
  local values, sources, err = sessions.settled(self)
  if not values then
    return nil, sources, err
  end
  local list, known = {}, secrets(self.refresher, self.shown)
  for index, row in ipairs(options.rows) do
    local name = row.name
    local item = known[name] or { value = shown(name, values[name]), source = sources[name] or "not set" }
    item.name = name
    list[index], list[name] = item, item
  end
  return list
end

return config
