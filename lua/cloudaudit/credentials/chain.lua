-- A chain of providers: the first that has credentials supplies them; one that is broken stops the chain. Also the
-- default chain.
local errors = require "cloudaudit.errors"
local providers = require "cloudaudit.credentials.provider"

local chain = {}

-- Asked in this order when `new` was given no credentials. The instance's role is never one of them: it needs the
-- network, and is only used on request.
local DEFAULT = { "env", "profile", "tccli", "tke_oidc" }
-- With option `profile`: the environment must not hide a profile that is named.
local NAMED = { "profile", "tccli" }

--- A provider over a list of providers. Its message of having none names every place that was searched.
function chain.new(list)
  local self = { name = "chain", lists = true }
  function self.get(context)
    local searched = {}
    for index, provider in ipairs(list) do
      local snapshot, message, err = providers.ask(provider, context)
      if snapshot or err then
        return snapshot, message, err
      end
      searched[index] = provider.lists and message or ("%s: %s"):format(provider.name, message)
    end
    return nil, table.concat(searched, "; ")
  end
  -- That of the provider which supplies the credentials, if that is known without a request.
  function self.region(context)
    for _, provider in ipairs(list) do
      if type(provider.has) ~= "function" or provider.has(context) then
        if type(provider.region) == "function" then
          return provider.region(context)
        end
        return nil
      end
    end
  end
  function self.has(context)
    for _, provider in ipairs(list) do
      if type(provider.has) ~= "function" or provider.has(context) then
        return true
      end
    end
    return false
  end
  function self.freeze(context)
    local frozen = {}
    for index, provider in ipairs(list) do
      frozen[index] = provider.freeze and provider.freeze(context) or provider
    end
    local made = chain.new(frozen)
    if self.named then
      made.region = self.region
    end
    return made
  end
  return self
end

--- The default chain. With the name of a profile: over the files of that profile alone, and with the region that
-- tccli keeps for it. `role` = false: without the role that the environment names.
function chain.default(profile, role)
  local list = {}
  for index, name in ipairs(profile and NAMED or DEFAULT) do
    list[index] = require("cloudaudit.credentials." .. name).new{ name = profile, role = role }
  end
  local self = chain.new(list)
  if profile then
    self.region, self.named = list[#list].region, true
  end
  return self
end

--- The provider for the options of `new`, whose secrets are apart: the one given, or the default chain; or a failure.
function chain.choose(settings, secrets)
  local static = secrets.secret_id or secrets.secret_key or secrets.token
  if settings.credentials and static then
    return errors.misuse("new.credentials: cannot be combined with secret_id, secret_key or token", "credentials")
  elseif settings.profile and (settings.credentials or static) then
    return errors.misuse("new.profile: cannot be combined with "
      .. (static and "secret_id, secret_key or token" or "credentials"), "profile")
  elseif settings.credentials then
    return settings.credentials
  elseif static then
    return require("cloudaudit.credentials.static").new("new", secrets.secret_id, secrets.secret_key, secrets.token)
  end
  return chain.default(settings.profile)
end

--- A list of providers, asked in order: the first that has credentials supplies them; one that is broken (a truncated
-- file, a refusal) stops the chain. Without a list: the default chain.
--: credentials.chain(providers?: Provider[]) -> Provider
chain.public = errors.public(function(list)
  if list == nil then
    return chain.default()
  elseif type(list) ~= "table" or #list == 0 then
    return errors.misuse("credentials.chain: list of providers expected, got "
      .. (type(list) == "table" and "an empty one" or type(list)))
  end
  local copy = {}
  for index = 1, #list do
    local provider = list[index]
    if type(provider) ~= "table" or type(provider.name) ~= "string" or type(provider.get) ~= "function" then
      return errors.misuse(("credentials.chain[%d]: provider expected, got %s"):format(index, type(provider)))
    end
    copy[index] = provider
  end
  return chain.new(copy)
end)

return chain
