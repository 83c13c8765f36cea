-- Providers that are asked one after the other: the first that has keys gives them, one that is broken ends the
-- search. Also the default chain.
local errors = require "cloudaudit.errors"
local providers = require "cloudaudit.credentials.provider"

local chain = {}

-- Asked in this order when `new` was given no keys. The instance's role is never in it: it is asked over the
-- network, and only when somebody wants that.
local DEFAULT = { "env", "profile", "tccli", "tke_oidc" }
-- A profile that was asked for by name is not to be hidden by the environment.
local NAMED = { "profile", "tccli" }

--- A provider over a list of providers. The message of having none names everything that was looked at.
function chain.new(list)
  local self = { name = "chain", lists = true }
  function self.get(context)
    local looked_at = {}
    for index, provider in ipairs(list) do
      local snapshot, message, err = providers.ask(provider, context)
      if snapshot or err then
        return snapshot, message, err
      end
      looked_at[index] = provider.lists and message or ("%s: %s"):format(provider.name, message)
    end
    return nil, table.concat(looked_at, "; ")
  end
  function self.freeze(context)
    local frozen = {}
    for index, provider in ipairs(list) do
      frozen[index] = provider.freeze and provider.freeze(context) or provider
    end
    local made = chain.new(frozen)
    made.region = self.region
    return made
  end
  return self
end

--- The default chain. With the name of a profile: over the files of that profile alone, and with the region that
-- tccli keeps for it.
function chain.default(profile)
  local list = {}
  for index, name in ipairs(profile and NAMED or DEFAULT) do
    list[index] = require("cloudaudit.credentials." .. name).new{ name = profile }
  end
  local self = chain.new(list)
  if profile then
    self.region = list[#list].region
  end
  return self
end

--- The provider for the options of `new`, and its secrets: what was given, or the default chain; or a failure.
function chain.choose(settings, secrets)
  local given = secrets.secret_id or secrets.secret_key or secrets.token
  if settings.credentials and given then
    return errors.misuse("new.credentials: given beside secret_id, secret_key or token", "credentials")
  elseif settings.profile and (settings.credentials or given) then
    return errors.misuse("new.profile: given beside " .. (given and "secret_id, secret_key or token" or "credentials"),
      "profile")
  elseif settings.credentials then
    return settings.credentials
  elseif given then
    return require("cloudaudit.credentials.static").new("new", secrets.secret_id, secrets.secret_key, secrets.token)
  end
  return chain.default(settings.profile)
end

--- A list of providers, asked in order: the first that has keys gives them; one that is broken (a torn file, a
-- refusal) ends the search. Without a list: the default chain.
--: credentials.chain(providers?: Provider[]) -> Provider
chain.public = errors.public(function(given)
  if given == nil then
    return chain.default()
  elseif type(given) ~= "table" or #given == 0 then
    return errors.misuse("credentials.chain: list of providers expected, got "
      .. (type(given) == "table" and "an empty one" or type(given)))
  end
  local list = {}
  for index = 1, #given do
    local provider = given[index]
    if type(provider) ~= "table" or type(provider.name) ~= "string" or type(provider.get) ~= "function" then
      return errors.misuse(("credentials.chain[%d]: provider expected, got %s"):format(index, type(provider)))
    end
    list[index] = provider
  end
  return chain.new(list)
end)

return chain
