-- Where keys come from: the provider that `new` was given, or the default chain. Reads nothing
-- before the first call needs keys, and keeps no secret: a snapshot goes to the core at once.
--
-- A provider is a table {name=, get=}. get(context) returns a snapshot, read together:
--   {secret_id=, secret_key=, token=, expires_at=, source=};
-- or nil, message when it has none (the next one is asked), or nil, message, err when it is broken.
-- context: {getenv = os.getenv or nil, clock = unix seconds}. The static provider's snapshot holds
-- {keys = core.credentials(…), permanent = true} instead: keys that nobody can read back.
local errors = require "cloudaudit.error"

local credentials = {}

-- Providers of the default chain, in order; each is a module with new().
local DEFAULT_CHAIN = { "cloudaudit.credentials.env" }

-- A snapshot is replaced this many seconds before it expires.
local MARGIN = 300

--- "AKID****GLe": enough to tell keys apart, useless to anyone else.
function credentials.mask(secret_id)
  if #secret_id < 12 then
    return "****"
  end
  return secret_id:sub(1, 4) .. "****" .. secret_id:sub(-3)
end

--- A keeper for one client. `provider` is nil for the default chain.
function credentials.keeper(provider, context)
  local chain = { provider }
  if not provider then
    for index, name in ipairs(DEFAULT_CHAIN) do
      chain[index] = require(name).new()
    end
  end
  return { chain = chain, context = context }
end

--- Has the environment read now instead of at the first call, for a host that is about to lose it.
function credentials.freeze(keeper)
  for index, provider in ipairs(keeper.chain) do
    if provider.freeze then
      keeper.chain[index] = provider.freeze(keeper.context)
    end
  end
end

-- The first snapshot of the chain, or a failure that names everything that was looked at.
local function ask(keeper)
  local looked_at = {}
  for index, provider in ipairs(keeper.chain) do
    local snapshot, message, err = provider.get(keeper.context)
    if type(snapshot) == "table" then
      snapshot.source = snapshot.source or provider.name
      return snapshot
    end
    if err ~= nil then
      if errors.is_error(err) then
        return nil, message, err
      end
      return errors.failure{ kind = "credentials", message = ("%s: %s"):format(provider.name, tostring(message)) }
    end
    looked_at[index] = ("%s: %s"):format(provider.name, tostring(message or "has none"))
  end
  return errors.failure{ kind = "credentials", message = "no credentials; " .. table.concat(looked_at, "; ") }
end

local function is_fresh(keeper, now)
  return keeper.shown and (not keeper.expires_at or keeper.expires_at - now > MARGIN)
end

-- What a provider of the host's gave, before anything is made of it: what is wrong with it, or nil.
local function flaw_of(snapshot)
  if snapshot.keys then
    return nil
  elseif type(snapshot.secret_id) ~= "string" or type(snapshot.secret_key) ~= "string" then
    return "gave no secret_id and secret_key"
  elseif snapshot.token ~= nil and type(snapshot.token) ~= "string" then
    return "gave a token that is no string"
  elseif snapshot.expires_at ~= nil and type(snapshot.expires_at) ~= "number" then
    return "gave an expires_at that is no number of unix seconds"
  end
end

-- Hands a snapshot to the core, which copies and checks it.
local function hand_over(keeper, client, snapshot)
  local ok, fields
  if snapshot.keys then
    ok, fields = client:credentials(snapshot.keys)
  else
    ok, fields = client:credentials(snapshot.secret_id, snapshot.secret_key, snapshot.token)
  end
  if not ok then
    return errors.failure(fields)
  end
  keeper.shown = snapshot.shown or credentials.mask(snapshot.secret_id)
  keeper.source = snapshot.source
  keeper.expires_at = snapshot.expires_at
  return true
end

--- Sees to it that the core client has keys that are valid now. `refresh` asks the provider although
-- the last ones look valid (the service refused them). True or a failure.
function credentials.supply(keeper, client, refresh)
  local now = keeper.context.clock()
  if not refresh and is_fresh(keeper, now) then
    return true
  end
  local snapshot, message, err = ask(keeper)
  if not snapshot then
    return nil, message, err
  elseif keeper.closed then -- while the provider was at work
    return errors.failure{ kind = "closed", message = "the client is closed" }
  end
  local flaw = flaw_of(snapshot)
  if flaw then
    return errors.failure{ kind = "credentials", message = ("%s: %s"):format(tostring(snapshot.source), flaw) }
  elseif refresh and snapshot.permanent then
    return errors.failure{ kind = "credentials", message = snapshot.source .. ": the key was given once and for all" }
  end
  if snapshot.expires_at and snapshot.expires_at <= now then
    return errors.failure{ kind = "credentials",
      message = ("%s: the temporary key expired %d s ago"):format(snapshot.source, now - snapshot.expires_at) }
  end
  return hand_over(keeper, client, snapshot)
end

--- "AKID****GLe (static)", or what is known before the first call.
function credentials.describe(keeper)
  if keeper.shown then
    return ("%s (%s)"):format(keeper.shown, keeper.source)
  end
  return "(no keys read yet)"
end

return credentials
