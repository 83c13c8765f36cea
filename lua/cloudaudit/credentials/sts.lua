-- Temporary credentials from STS, requested through the same core and driver as every other call.
local calls = require "cloudaudit.call"
local core = require "cloudaudit.core"
local errors = require "cloudaudit.errors"
local providers = require "cloudaudit.credentials.provider"
local reader = require "cloudaudit.reader"
local refreshers = require "cloudaudit.credentials.refresher"

local sts = {}

local ENDPOINT = "sts.tencentcloudapi.com"
local REGION = "ap-guangzhou"
local RATE = 100

-- A client of STS, with the refresher of the credentials that it signs with (none for calls without a signature). One
-- for each provider and context, since a refresher serves one client.
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
  made = { client = client, refresher = options.source and refreshers.new(options.source, context) }
  context.nested[provider] = made
  return made
end

-- The credentials of a response as a snapshot, whose secrets only this function sees. `ahead`: seconds by which our
-- clock is ahead of the service's, whose time their expiry is given in.
local function snapshot_of(provider, action, response, ahead)
  local keys = type(response.Credentials) == "table" and response.Credentials or {}
  local expires = reader.seconds(response.ExpiredTime)
  if type(keys.TmpSecretId) ~= "string" or type(keys.TmpSecretKey) ~= "string" or type(keys.Token) ~= "string"
    or not expires then
    return errors.failure{ kind = "credentials", request_id = response.RequestId,
      message = ("%s: Credentials or ExpiredTime is missing in the response of %s"):format(provider.name, action) }
  end
  return { secret_id = keys.TmpSecretId, secret_key = keys.TmpSecretKey, token = keys.Token,
    expires_at = expires + ahead, source = provider.source }
end

--- Temporary credentials by an action of STS: a snapshot; nil, message, err. `options`: endpoint, region, source
-- (the provider of the credentials to sign with).
function sts.ask(provider, context, options, action, params)
  if not context.run then
    return errors.failure{ kind = "credentials", message = provider.name .. ": STS cannot be called without a client" }
  end
  local made, message, err = nested(provider, context, options)
  if not made then
    return nil, message, err
  end
  local call, fields = made.client:call(action, params, true)
  if not call then
    return errors.failure(fields)
  end
  local started = context.started
  local call_context
  call_context, message, err = context.run(action)
  local ok = call_context ~= nil
  if ok and made.refresher then
    ok, message, err = made.refresher:ensure_fresh(made.client, nil, started)
  end
  if not ok then
    return nil, message, err
  end
  call_context.refresher, call_context.started = made.refresher, started
  local response
  response, message, err = calls.run(call_context, made.client, call)
  if not response then
    return nil, message, err
  end
  local date = call_context.date
  local ahead = date and math.floor(context.clock() - date + 1 / 2) or 0
  return snapshot_of(provider, action, response, ahead)
end

-- STS's rules for the name of a role session.
local function is_session_name(text)
  return #text >= 2 and #text <= 128 and not text:find("[^A-Za-z0-9_+=,.@-]")
end

-- STS wants the JSON of a policy percent-encoded, in addition to the escapes of a JSON string.
local function encoded(policy)
  return policy and policy:gsub("[^A-Za-z0-9%-_.~]", function(byte)
    return ("%%%02X"):format(byte:byte())
  end) or nil
end

--- The provider of a role's credentials (AssumeRole). `options`: those of credentials.assume_role, of which `source`
-- (the provider of the credentials to sign with) is required, and name for messages.
function sts.role(options)
  local self = { name = options.name or "assume_role" }
  self.source = ("%s %s"):format(self.name, options.role_arn)
  local source = options.source
  function self.get(context)
    return sts.ask(self, context, options, "AssumeRole", {
      RoleArn = options.role_arn, RoleSessionName = options.session_name or sts.session_name(context),
      DurationSeconds = options.duration, Policy = encoded(options.policy), ExternalId = options.external_id,
    })
  end
  if source.freeze then
    function self.freeze(context)
      local frozen = {}
      for key, value in pairs(options) do
        frozen[key] = value
      end
      frozen.source = source.freeze(context)
      return sts.role(frozen)
    end
  end
  return self
end

-- The role in the environment as tccli reads it, ARN and name of the session; nil when it names none.
local function role_in(context)
  local getenv = context.getenv or function() end
  local arn, session_name = getenv("TENCENTCLOUD_ROLE_ARN") or "", getenv("TENCENTCLOUD_ROLE_SESSION_NAME") or ""
  if arn ~= "" and session_name == "" and not context.role_warned then
    context.role_warned = true
    providers.log(context, "warn", "TENCENTCLOUD_ROLE_ARN is set, TENCENTCLOUD_ROLE_SESSION_NAME is not: that role is"
      .. " not assumed")
  end
  if arn ~= "" and session_name ~= "" then
    return arn, session_name
  end
end

--- Providers of the roles that files and the environment name, assumed with the credentials of `source`: one for each
-- role, which keeps its client of STS. `name` is for messages.
--   get(role_arn, session_name)  the provider
--   named(context)               that of the role in the environment; nil; or nil, message, err
function sts.roles(name, source)
  local self, made = {}, {}
  function self.get(role_arn, session_name)
    local key = role_arn .. "\0" .. session_name
    made[key] = made[key] or sts.role{ name = name, role_arn = role_arn, session_name = session_name, source = source }
    return made[key]
  end
  function self.named(context)
    local role_arn, session_name = role_in(context)
    if not role_arn then
      return nil
    elseif not is_session_name(session_name) then
      return errors.failure{ kind = "credentials",
        message = name .. ": TENCENTCLOUD_ROLE_SESSION_NAME: 2 to 128 letters, digits, or any of +=,.@_- expected" }
    end
    return self.get(role_arn, session_name)
  end
  return self
end

--- Checks the options that the two providers of roles share; true or a failure.
function sts.check(method, options)
  if options.session_name and not is_session_name(options.session_name) then
    return errors.failure{ kind = "validation", field = "session_name",
      message = method .. ".session_name: 2 to 128 letters, digits, or any of +=,.@_- expected" }
  elseif options.duration and (options.duration < 1 or options.duration > 43200) then
    return errors.failure{ kind = "validation", field = "duration",
      message = method .. ".duration: 1 to 43200 seconds expected" }
  end
  return true
end

--- A name for a role session, for lack of option session_name.
function sts.session_name(context)
  return ("cloudaudit-%.0f"):format(context.clock() * 1e6)
end

return sts
