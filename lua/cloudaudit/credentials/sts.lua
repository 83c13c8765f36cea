-- Calls of STS for temporary keys, through the same core and driver as every other call.
local core = require "cloudaudit.core"
local errors = require "cloudaudit.errors"
local keepers = require "cloudaudit.credentials.refresher"

local sts = {}

local ENDPOINT = "sts.tencentcloudapi.com"
local REGION = "ap-guangzhou"
local RATE = 100

-- A client of STS, with the keeper of the keys that it signs with (none for calls without keys). One for each
-- provider and context, since a keeper serves one client.
local function nested(provider, context, options)
  context.nested = context.nested or {}
  local made = context.nested[provider]
  if made then
    return made
  end
  local client, fields = core.client{
    endpoint = options.endpoint or ENDPOINT, region = options.region or REGION, timeout = context.timeout, rate = RATE,
    max_skew = context.max_skew,
  }
  if not client then
    return errors.failure(fields)
  end
  made = { client = client, keeper = options.source and keepers.new(options.source, context) }
  context.nested[provider] = made
  return made
end

-- The answer's keys as a snapshot, whose secrets only this function sees. `ahead`: seconds by which our clock is
-- ahead of the service's, which the end of the keys is told by.
local function snapshot_of(provider, action, response, ahead)
  local keys = type(response.Credentials) == "table" and response.Credentials or {}
  local expires = tonumber(response.ExpiredTime)
  if type(keys.TmpSecretId) ~= "string" or type(keys.TmpSecretKey) ~= "string" or type(keys.Token) ~= "string"
    or not expires then
    return errors.failure{ kind = "credentials", request_id = response.RequestId,
      message = ("%s: %s answered without keys, or without their end"):format(provider.name, action) }
  end
  return { secret_id = keys.TmpSecretId, secret_key = keys.TmpSecretKey, token = keys.Token,
    expires_at = expires + ahead, source = provider.source }
end

--- Temporary keys by an action of STS: a snapshot; nil, message, err. `options`: endpoint, region, source
-- (the provider of the keys to sign with).
function sts.ask(provider, context, options, action, params)
  if not context.run then
    return errors.failure{ kind = "credentials", message = provider.name .. ": there is no client to ask STS with" }
  end
  local made, message, err = nested(provider, context, options)
  if not made then
    return nil, message, err
  end
  local call, fields = made.client:call(action, params, true)
  if not call then
    return errors.failure(fields)
  end
  local run
  run, message, err = context.run(action)
  if run and made.keeper then
    local ok
    ok, message, err = keepers.supply(made.keeper, made.client)
    run = ok and run
  end
  if not run then
    return nil, message, err
  end
  run.keeper = made.keeper
  local response
  response, message, err = require("cloudaudit.call").run(run, made.client, call)
  if not response then
    return nil, message, err
  end
  local ahead = run.date and math.floor(context.clock() - run.date + 0.5) or 0
  return snapshot_of(provider, action, response, ahead)
end

-- What STS says of a session's name and of its length.
local function fits(text)
  return #text >= 2 and #text <= 128 and not text:find("[^%w_+=,.@-]")
end

--- Checks what the two providers of roles share; true or a failure.
function sts.check(owner, given)
  if given.session_name and not fits(given.session_name) then
    return errors.failure{ kind = "validation", field = "session_name",
      message = owner .. ".session_name: 2 to 128 letters, digits, or any of +=,.@_- expected" }
  elseif given.duration and (given.duration < 1 or given.duration > 43200) then
    return errors.failure{ kind = "validation", field = "duration",
      message = owner .. ".duration: 1 to 43200 seconds expected" }
  end
  return true
end

--- A name for a session when none was given.
function sts.session_name(context)
  return ("cloudaudit-%.0f"):format(context.clock() * 1e6)
end

return sts
