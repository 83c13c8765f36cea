-- Temporary credentials of a pod's role in TKE: the cluster identifies the pod by a token in a file, which STS accepts
-- instead of a signature (AssumeRoleWithWebIdentity).
local ascii = require "cloudaudit.ascii"
local check = require "cloudaudit.validate"
local errors = require "cloudaudit.errors"
local files = require "cloudaudit.credentials.files"
local sts = require "cloudaudit.credentials.sts"

local tke_oidc = {}

local METHOD = "credentials.tke_oidc"

-- Four of the options default to variables that TKE sets in a pod, and are required.
--: class TkeOidcCredentials  the role of a pod
local ROWS = {
  { name = "region", type = "string", env = "TKE_REGION" },
  { name = "provider_id", type = "string", env = "TKE_PROVIDER_ID" },
  { name = "token_file", type = "string", env = "TKE_WEB_IDENTITY_TOKEN_FILE" },
  { name = "role_arn", type = "string", env = "TKE_ROLE_ARN" },
  { name = "session_name", type = "string" },
  { name = "duration", type = "count" },
  { name = "endpoint", type = "string" },
}

-- The value of each, from the option or the variable; nil, message when a required one is missing.
local function resolve(context, options)
  local values, missing = {}, {}
  for _, row in ipairs(ROWS) do
    local value = options[row.name]
    if value == nil and row.env and context.getenv then
      value = context.getenv(row.env)
    end
    values[row.name] = value ~= "" and value or nil
    if row.env and not values[row.name] then
      missing[#missing + 1] = row.env
    end
  end
  if #missing > 0 and not context.getenv then
    return nil, "skipped (env = false, or no os.getenv)"
  elseif #missing > 0 then
    return nil, table.concat(missing, ", ") .. (#missing == 1 and " is not set" or " are not set")
  end
  return values
end

-- The current token: the cluster replaces the file from time to time.
local function read_token(context, path)
  local text, message, err = files.read(context, path, true)
  if not text then
    if err then
      return nil, message, err
    end
    return errors.failure{ kind = "credentials", message = message }
  end
  text = ascii.trim(text)
  if text == "" then
    return files.broken(path, "is empty, a token expected")
  end
  return text
end

--- The provider "tke_oidc"; options: the options above.
function tke_oidc.new(options)
  local self = { name = "tke_oidc" }
  function self.get(context)
    local values, message = resolve(context, options)
    if not values then
      return nil, message
    end
    local token, err
    token, message, err = read_token(context, values.token_file)
    if not token then
      return nil, message, err
    end
    self.source = "tke_oidc " .. values.role_arn
    return sts.ask(self, context, { endpoint = values.endpoint, region = values.region }, "AssumeRoleWithWebIdentity", {
      ProviderId = values.provider_id, WebIdentityToken = token, RoleArn = values.role_arn,
      RoleSessionName = values.session_name or sts.session_name(context), DurationSeconds = values.duration,
    })
  end
  return self
end

--- {region, provider_id, token_file, role_arn, session_name, duration, endpoint}: temporary credentials of a pod's role
-- in TKE; the first four default to TKE_REGION, TKE_PROVIDER_ID, TKE_WEB_IDENTITY_TOKEN_FILE and TKE_ROLE_ARN. The file
-- is read at each refresh. endpoint is as for assume_role.
--: credentials.tke_oidc(options?: TkeOidcCredentials) -> Provider | failure
tke_oidc.public = errors.public(function(options)
  options = options == nil and {} or options
  local ok, message, err = check.fields(METHOD, options, ROWS, "option")
  if ok then
    ok, message, err = sts.check(METHOD, options)
  end
  if not ok then
    return nil, message, err
  end
  local copy = {}
  for _, row in ipairs(ROWS) do
    copy[row.name] = options[row.name]
  end
  return tke_oidc.new(copy)
end)

return tke_oidc
