-- client:config(): what holds for a client's calls, and why. Shows no secret, and asks no provider of keys.
local options = require "cloudaudit.options"
local session = require "cloudaudit.session"

local config = {}

--: class Config  every option that holds, by number and by name
--:   [integer|string] ConfigItem
--: class ConfigItem  an option, its value and where that comes from
--:   name string
--:   value any
--:   source string

-- Options whose value may hold a user and a password, with a scheme before them or without.
local ADDRESSES = { endpoint = true, proxy = true }

-- A value as it may be shown: functions and tables by their kind, an address without who logs in to it.
local function shown(name, value)
  if ADDRESSES[name] and type(value) == "string" then
    local scheme, rest = value:match("^(%a[%w+.-]*://)(.*)$")
    return (scheme or "") .. (rest or value):gsub("^.*@", "****@")
  elseif type(value) == "table" then
    return type(value.name) == "string" and value.name or "table"
  elseif type(value) == "function" then
    return "function"
  end
  return value
end

-- The keys in use: id, key and token, as far as they are known and may be.
local function secrets(refresher, permanent)
  local id = refresher.shown or permanent
  local source = refresher.source or permanent and "static" or "not read yet"
  return {
    secret_id = { value = id, source = source },
    secret_key = { value = id and "****" or nil, source = source },
    token = { value = refresher.has_token and "****" or nil, source = source },
  }
end

--- Every option that holds, in the order of README: a list of {name, value, source}, also by name
-- (config.region.value). source is "option", "environment NAME", "default", "not set", the provider of the keys, or
-- "not read yet" for keys before the first call. Secrets are masked; functions and tables are shown by their kind.
--: Client:config() -> Config | failure
function config.config(self)
  local values, sources, err = session.settled(self)
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
