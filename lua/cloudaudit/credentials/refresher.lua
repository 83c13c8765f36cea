-- Keeps one client supplied with keys: asks its providers when it needs some, hands what they give to the core
-- at once, and keeps no secret. Reads nothing before the first call needs keys.
--
-- A provider is a table {name=, get=}. get(context) returns a snapshot, read together:
--   {secret_id=, secret_key=, token=, expires_at=, source=}   or, with keys that nobody can read back,
--   {keys = core.credentials(…), shown = "AKID****GLe", permanent=, expires_at=, source=};
-- or nil, message when it has none (the next one is asked), or nil, message, err when it is broken. It may yield.
-- context: {clock = unix seconds, getenv = os.getenv or nil, and, from a client, log(level, line), sleep(seconds),
-- run(action) and detach(fn)}. See sts.lua for run; detach has fn run apart from its caller, or is false.
local core = require "cloudaudit.core"
local errors = require "cloudaudit.errors"

local keepers = {}

-- A snapshot is replaced this many seconds before it expires.
local MARGIN = 300
-- After a refresh that failed while the old keys hold, seconds until the next one is tried.
local AGAIN = 30
-- Seconds until the first look at a refresh that somebody else makes, between two later ones, and how long that may
-- take.
local FIRST_LOOK, LOOK, PATIENCE = 0.001, 0.02, 30
-- A refresh that was given away and has not begun after so many seconds of looking is made by who looks: nginx drops
-- a timer when too many run.
local DROPPED = 0.1

--- "AKID****GLe": enough to tell keys apart, useless to anyone else.
function keepers.mask(secret_id)
  if #secret_id < 12 then
    return "****"
  end
  return secret_id:sub(1, 4) .. "****" .. secret_id:sub(-3)
end

--- A keeper that asks `provider`.
function keepers.new(provider, context)
  return { provider = provider, context = context, generation = 0 }
end

--- Says something to the client's log.
function keepers.log(context, level, format, ...)
  if context.log then
    context.log(level, format:format(...))
  end
end

-- ---- snapshots -------------------------------------------------------------------------------

-- A snapshot with its secrets in the core's memory; nil, message, err when they cannot be right.
local function sealed(snapshot, name)
  local source = tostring(snapshot.source or name)
  if snapshot.keys then
    return { keys = snapshot.keys, shown = snapshot.shown or "****", permanent = snapshot.permanent,
      has_token = snapshot.has_token, expires_at = snapshot.expires_at, source = source }
  elseif type(snapshot.secret_id) ~= "string" or type(snapshot.secret_key) ~= "string" then
    return errors.failure{ kind = "credentials", message = source .. ": gave no secret_id and secret_key" }
  elseif snapshot.expires_at ~= nil and type(snapshot.expires_at) ~= "number" then
    return errors.failure{ kind = "credentials", field = "expires_at",
      message = source .. ": expires_at: unix seconds expected, got " .. type(snapshot.expires_at) }
  elseif snapshot.token ~= nil and type(snapshot.token) ~= "string" then
    return errors.failure{ kind = "credentials", field = "token",
      message = source .. ": token: string expected, got " .. type(snapshot.token) }
  end
  local keys, fields = core.credentials(snapshot.secret_id, snapshot.secret_key, snapshot.token)
  if not keys then
    fields.message = source .. ": " .. fields.message
    return errors.failure(fields)
  end
  return { keys = keys, shown = keepers.mask(snapshot.secret_id), has_token = snapshot.token ~= nil,
    expires_at = snapshot.expires_at, source = source }
end

-- Kinds that are about the call that needs keys, not about the keys.
local PASS = { cancelled = true, closed = true, context = true, misuse = true }

-- The failure of a provider. What another service refused says nothing about the call that needed keys, which
-- was not sent.
local function broken(name, message, err)
  if not errors.is_error(err) then
    return errors.failure{ kind = "credentials", message = ("%s: %s"):format(name, tostring(message)) }
  elseif err.kind == "credentials" or PASS[err.kind] then
    return nil, message, err
  end
  return errors.failure{ kind = "credentials", code = err.code, request_id = err.request_id, hint = err.hint,
    http_status = err.http_status, retryable = err.retryable, message = ("%s: %s"):format(name, err.message) }
end

--- What a provider gives, with its secrets in the core's memory: a snapshot {keys, shown, has_token,
-- expires_at, source, permanent}; nil, message when it has none; nil, message, err when it is broken.
function keepers.ask(provider, context)
  local snapshot, message, err = provider.get(context)
  if type(snapshot) == "table" then
    return sealed(snapshot, provider.name)
  elseif err ~= nil then
    return broken(provider.name, message, err)
  end
  return nil, tostring(message or "has none")
end

-- ---- one refresh at a time -------------------------------------------------------------------

local NO_CREDENTIALS = "set TENCENTCLOUD_SECRET_ID and TENCENTCLOUD_SECRET_KEY, or pass secret_id and secret_key;"
  .. " nginx hides the environment from its workers unless its configuration has: env TENCENTCLOUD_SECRET_ID;"

-- Asks the provider and hands the keys to the core client. True or a failure.
local function refresh(keeper, client, refused)
  local provider, snapshot, message, err = keeper.provider, nil, nil, nil
  if not keeper.closed then
    snapshot, message, err = keepers.ask(provider, keeper.context)
  end
  local now = keeper.context.clock()
  if keeper.closed then -- perhaps while the provider was at work
    return errors.closed()
  elseif not snapshot then
    if err then
      return nil, message, err
    end
    return errors.failure{ kind = "credentials", hint = NO_CREDENTIALS, message = "no credentials; "
      .. (provider.lists and message or provider.name .. ": " .. message) }
  elseif refused and snapshot.permanent then
    return errors.failure{ kind = "credentials", message = snapshot.source .. ": the key was given once and for all" }
  elseif refused and snapshot.keys == keeper.keys then
    return errors.failure{ kind = "credentials", message = snapshot.source .. ": it is the same key again" }
  elseif snapshot.expires_at and snapshot.expires_at <= now then
    return errors.failure{ kind = "credentials", message = ("%s: the temporary key expired %.0f s ago"):format(
      snapshot.source, now - snapshot.expires_at) }
  end
  local ok, fields = client:credentials(snapshot.keys)
  if not ok then
    fields.message = snapshot.source .. ": " .. fields.message
    return errors.failure(fields)
  end
  keeper.keys, keeper.shown, keeper.source = snapshot.keys, snapshot.shown, snapshot.source
  keeper.expires_at, keeper.generation = snapshot.expires_at, keeper.generation + 1
  keeper.has_token, keeper.not_before = snapshot.has_token, nil
  keepers.log(keeper.context, "debug", "keys %s from %s%s", snapshot.shown, snapshot.source,
    snapshot.expires_at and (", for %.0f s"):format(snapshot.expires_at - now) or "")
  return true
end

-- Who runs: a coroutine, or on 5.1 a name for what is none.
local function current()
  return coroutine.running() or "main"
end

-- A refresh whose coroutine is gone, or is this one, will not end by itself.
local function is_abandoned(flight)
  return flight.owner == current() or type(flight.owner) == "thread" and coroutine.status(flight.owner) == "dead"
end

-- Waits for a refresh that another coroutine makes: true and what it ended with; false when it will not end, or
-- ended for a reason of that coroutine's own.
local function joined(keeper, flight)
  local sleep, waited, look = keeper.context.sleep, 0, FIRST_LOOK
  while not flight.done do
    if not sleep or is_abandoned(flight) or waited >= PATIENCE then
      return false
    end
    local ok, message, err = sleep(look)
    if not ok then
      return true, nil, message, err
    end
    waited, look = waited + look, math.min(2 * look, LOOK)
    if flight.go and waited >= DROPPED then
      flight.go(current())
    end
  end
  if flight.ok then
    return true, true
  elseif flight.raised or PASS[flight.err.kind] then
    return false
  end
  return true, errors.failure(flight.err)
end

-- The Lua that cannot yield across pcall: a provider that raises there leaves its flight to PATIENCE.
local OLD = _VERSION == "Lua 5.1" and not rawget(_G, "jit")

local function unguarded(fn, ...)
  return true, fn(...)
end

local guarded = OLD and unguarded or pcall

local function land(keeper, flight, returned, ok, _, err)
  flight.done, flight.ok, flight.err = true, returned and ok, err
  flight.raised = not returned and { ok } or nil
  if keeper.flight == flight then
    keeper.flight = nil
  end
end

-- Waits for a refresh that this coroutine has started and another one makes.
local function follow(keeper, flight)
  local ended, _, _, err = joined(keeper, flight)
  if flight.done then
    return
  elseif not ended then
    local _, late = errors.new{ kind = "credentials", retryable = true,
      message = ("%s: gave no keys in %d s"):format(keeper.provider.name, PATIENCE) }
    err = late
  end
  land(keeper, flight, true, nil, nil, err)
end

local function fly(keeper, client, refused)
  local flight, detach = {}, keeper.context.detach
  keeper.flight = flight
  -- Runs once, in whatever thread comes to it first; `owner` is that thread when it may be killed.
  function flight.go(owner)
    flight.go, flight.owner = nil, owner
    land(keeper, flight, guarded(refresh, keeper, client, refused))
  end
  local function go()
    if flight.go then
      flight.go()
    end
  end
  if detach and detach(go) then
    follow(keeper, flight)
  else
    flight.go(current())
  end
  if flight.raised then
    error(flight.raised[1], 0)
  elseif flight.ok then
    return true
  end
  return errors.failure(flight.err)
end

-- True when the keys hold at least for now.
local function hold(keeper, now)
  return keeper.shown ~= nil and (not keeper.expires_at or keeper.expires_at > now)
end

-- New keys because the old ones end soon. Those still hold: whoever finds a refresh under way goes on with them,
-- and so does everyone when it fails.
local function renew(keeper, client, now)
  if keeper.flight and not is_abandoned(keeper.flight) or (keeper.not_before or 0) > now then
    return true
  end
  local ok, message, err = fly(keeper, client)
  if not ok and PASS[err.kind] then
    return nil, message, err
  elseif not ok and hold(keeper, keeper.context.clock()) then
    keeper.not_before = now + AGAIN
    keepers.log(keeper.context, "warn", "the keys of %s hold for %.0f s more, and newer ones could not be had: %s",
      keeper.source, keeper.expires_at - now, message)
    return true
  end
  return ok, message, err
end

--- Sees to it that the core client has keys that are valid now; true or a failure. `refused` is the generation
-- (see below) of keys that the service refused although they look valid: newer ones are wanted then.
function keepers.supply(keeper, client, refused)
  if keeper.closed then
    return errors.closed()
  elseif keeper.shown and not keeper.expires_at and not refused then
    return true
  end
  local now = keeper.context.clock()
  if refused and refused ~= keeper.generation then
    return true -- somebody else has brought newer ones meanwhile
  elseif not refused and hold(keeper, now) then
    if not keeper.expires_at or keeper.expires_at - now > MARGIN then
      return true
    end
    return renew(keeper, client, now)
  end
  local flight = keeper.flight
  while flight do
    local ended, ok, message, err = joined(keeper, flight)
    if ended then
      return ok, message, err
    end
    flight = keeper.flight ~= flight and keeper.flight or nil
  end
  return fly(keeper, client, refused ~= nil)
end

-- ---- about a keeper --------------------------------------------------------------------------

-- What providers read of the environment that is no secret.
local VARIABLES = { "HOME", "USERPROFILE", "TENCENTCLOUD_CREDENTIALS_FILE", "TENCENTCLOUD_PROFILE", "TCCLI_PROFILE",
  "TKE_REGION", "TKE_PROVIDER_ID", "TKE_WEB_IDENTITY_TOKEN_FILE", "TKE_ROLE_ARN" }

--- Has the environment read now instead of at the first call, for a host that is about to lose it.
function keepers.freeze(keeper)
  local provider, context = keeper.provider, keeper.context
  if provider.freeze then
    keeper.provider = provider.freeze(context)
  end
  if context.getenv then
    local values = {}
    for _, name in ipairs(VARIABLES) do
      values[name] = context.getenv(name)
    end
    context.getenv = function(name)
      return values[name]
    end
  end
end

--- Forgets the keys, those of nested clients and its provider's too; no more are supplied.
function keepers.close(keeper)
  keeper.closed = true
  for _, nested in pairs(keeper.context.nested or {}) do
    nested.client:close()
  end
  keeper.context.nested, keeper.keys, keeper.provider = nil, nil, { name = keeper.provider.name }
end

--- "AKID****GLe (static)", or what is known before the first call.
function keepers.describe(keeper)
  if keeper.shown then
    return ("%s (%s)"):format(keeper.shown, keeper.source)
  end
  return "(no keys read yet)"
end

return keepers
