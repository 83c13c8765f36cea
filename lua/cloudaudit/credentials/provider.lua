-- What a provider of credentials is, and how one is asked. The contract of cloudaudit.new{ credentials = ... }:
--
-- A provider is a table with
--   name            text for messages
--   get(context)    one of
--                     a snapshot, whose members were read together:
--                       {secret_id=, secret_key=, token=, expires_at=, source=}, or sealed, so that Lua cannot read it:
--                       {keys = core.credentials(...), shown = "AKID****GLe", has_token=, permanent=, expires_at=,
--                        source=}
--                     nil, message       it has no credentials: a chain asks the next provider
--                     nil, message, err  it is broken: a chain stops
--                   It may yield.
-- Providers of this library may also have
--   freeze(context) a provider of what the environment holds now, for a host that is about to lose it
--   has(context)    true if it would supply credentials, or fail, without asking anybody but the environment and files
--   region(context) the region that belongs to the credentials and its source; nil; or nil, message, err
--   shown           the masked id, when it is known without asking
--   lists           true: its message of having none already names providers (a chain)
--
-- The context of a client: {clock (unix seconds), getenv (os.getenv or nil), log(level, line), timeout, max_skew,
-- sleep(seconds), now() (of the monotonic clock), run(action), detach(fn), started}. run gives the context of a call
-- (see call.lua), to send a request with; detach runs fn independently of its caller's thread, or returns false or nil;
-- started is when, by now(), the call began whose deadline counts for the provider too, or nil. Without a client there
-- may be only clock and getenv.
local core = require "cloudaudit.core"
local errors = require "cloudaudit.errors"

local providers = {}

--- "AKID****GLe": enough to tell credentials apart, useless to anyone else.
function providers.mask(secret_id)
  if #secret_id < 12 then
    return "****"
  end
  return secret_id:sub(1, 4) .. "****" .. secret_id:sub(-3)
end

--- Writes a line to the client's log.
function providers.log(context, level, format, ...)
  if context.log then
    context.log(level, format:format(...))
  end
end

-- Moves the secrets of a snapshot into the core's memory; nil, message, err when they are malformed.
local function seal(snapshot, name)
  local source = core.line(tostring(snapshot.source or name)) -- it is shown
  if snapshot.expires_at ~= nil and (type(snapshot.expires_at) ~= "number"
    or snapshot.expires_at ~= snapshot.expires_at) then
    return errors.failure{ kind = "credentials", field = "expires_at",
      message = source .. ": expires_at: unix seconds expected, got "
        .. (type(snapshot.expires_at) == "number" and "NaN" or type(snapshot.expires_at)) }
  elseif snapshot.keys then
    return { keys = snapshot.keys, shown = snapshot.shown or "****", permanent = snapshot.permanent,
      has_token = snapshot.has_token, expires_at = snapshot.expires_at, source = source }
  elseif type(snapshot.secret_id) ~= "string" or type(snapshot.secret_key) ~= "string" then
    return errors.failure{ kind = "credentials",
      message = source .. ": secret_id and secret_key: two strings expected" }
  elseif snapshot.token ~= nil and type(snapshot.token) ~= "string" then
    return errors.failure{ kind = "credentials", field = "token",
      message = source .. ": token: string expected, got " .. type(snapshot.token) }
  end
  local keys, fields = core.credentials(snapshot.secret_id, snapshot.secret_key, snapshot.token)
  if not keys then
    fields.message = source .. ": " .. fields.message
    return errors.failure(fields)
  end
  return { keys = keys, shown = providers.mask(snapshot.secret_id), has_token = snapshot.token ~= nil,
    expires_at = snapshot.expires_at, source = source }
end

-- Kinds of failures that concern the call that needs credentials, not the credentials.
local ABOUT_THE_CALL = { cancelled = true, closed = true, context = true, misuse = true }

--- True for a failure that ends the call that asked for credentials, and no other call.
function providers.is_about_the_call(err)
  return ABOUT_THE_CALL[err.kind] == true
end

-- The failure of a provider. The outcome of a request to another service is not the outcome of the call that needed
-- credentials, which was not sent.
local function broken(name, message, err)
  if not errors.is_error(err) then
    return errors.failure{ kind = "credentials", message = ("%s: %s"):format(name, tostring(message)) }
  elseif err.kind == "credentials" or ABOUT_THE_CALL[err.kind] then
    return nil, message, err
  end
  return errors.failure{ kind = "credentials", code = err.code, request_id = err.request_id, hint = err.hint,
    http_status = err.http_status, retryable = err.retryable, message = ("%s: %s"):format(name, err.message) }
end

--- Asks a provider: a sealed snapshot {keys, shown, has_token, expires_at, source, permanent}; nil, message when it has
-- none; nil, message, err when it is broken.
function providers.ask(provider, context)
  local snapshot, message, err = provider.get(context)
  if type(snapshot) == "table" then
    return seal(snapshot, provider.name)
  elseif snapshot then
    -- A function that returns the id and the key as two values: the second is a secret, not an error message.
    return errors.failure{ kind = "credentials",
      message = ("%s: table with secret_id and secret_key expected, got %s"):format(provider.name, type(snapshot)) }
  elseif err ~= nil then
    return broken(provider.name, message, err)
  end
  return nil, tostring(message or "has none")
end

return providers
