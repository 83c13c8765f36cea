-- The two STS actions that issue temporary credentials of a role, served at the same address as CloudAudit. A handler
-- takes (emulator, params, context) and returns the members of the response, or nil, a code and a message.
local clock = require "cloudaudit.emulator.clock"
local temporary_keys = require "cloudaudit.emulator.temporary_keys"

local sts = {}

local MAX_SECONDS = 43200

local function check_role(options, params)
  local role = not options.roles or options.roles[params.RoleArn]
  if not role then
    return "ResourceNotFound.RoleNotFound", "The role does not exist."
  elseif type(role) == "table" and role.external_id ~= params.ExternalId then
    return "UnauthorizedOperation", "The external id does not match that of the role."
  end
end

local function check_common(params)
  local name = params.RoleSessionName
  if #name < 2 or #name > 128 or name:find("[^A-Za-z0-9_+=,.@-]") then
    return "InvalidParameter.ParamError", "RoleSessionName is not valid."
  elseif tonumber(params.DurationSeconds or 1) > MAX_SECONDS or tonumber(params.DurationSeconds or 1) < 1 then
    return "InvalidParameter.OverTimeError", "DurationSeconds: 1 to 43200 expected."
  end
end

local function issue(emulator, params)
  local seconds = tonumber(params.DurationSeconds) or emulator.options.role_seconds
  local id, key, token, expires = temporary_keys.issue(emulator, seconds)
  return { Credentials = { TmpSecretId = id, TmpSecretKey = key, Token = token }, ExpiredTime = expires,
    Expiration = clock.iso_time(expires) }
end

local function assume_role(emulator, params)
  local code, message = check_common(params)
  if not code then
    code, message = check_role(emulator.options, params)
  end
  if code then
    return nil, code, message
  end
  return issue(emulator, params)
end

local function assume_role_with_web_identity(emulator, params)
  local known = emulator.options.identities
  local code, message = check_common(params)
  if code then
    return nil, code, message
  end
  for _, token in ipairs(known or { params.WebIdentityToken }) do
    if token == params.WebIdentityToken then
      return assume_role(emulator, params)
    end
  end
  return nil, "InvalidParameter.ParamError", "The identity provider's token is not valid."
end

sts.handlers = {
  AssumeRole = assume_role,
  AssumeRoleWithWebIdentity = assume_role_with_web_identity,
}

--- A copy of parameters for the journal, without the identity token, which is a secret.
function sts.mask(params)
  local copy = {}
  for name, value in pairs(params) do
    copy[name] = name == "WebIdentityToken" and "****" or value
  end
  return copy
end

return sts
