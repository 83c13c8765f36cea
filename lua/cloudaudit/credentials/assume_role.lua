-- Temporary credentials of a role that other credentials may assume (STS AssumeRole, signed).
local chain = require "cloudaudit.credentials.chain"
local check = require "cloudaudit.validate"
local errors = require "cloudaudit.errors"
local sts = require "cloudaudit.credentials.sts"

local assume_role = {}

--: class AssumeRoleCredentials  a role to assume
local ROWS = {
  { name = "role_arn", type = "string", required = true },
  { name = "session_name", type = "string" },
  { name = "duration", type = "count" },
  { name = "policy", type = "string" },
  { name = "external_id", type = "string" },
  { name = "source", type = "table", lua = "Provider" },
  { name = "region", type = "string" },
  { name = "endpoint", type = "string" },
}

--- {role_arn, session_name, duration, policy, external_id, source, region, endpoint}: temporary credentials of a role,
-- requested from STS with the credentials of source (another provider; default: the default chain). duration is in
-- seconds, 7200 by default and 43200 at most; policy is the JSON text of a policy that restricts the role's. endpoint
-- is "sts.tencentcloudapi.com" by default, "sts.internal.tencentcloudapi.com" inside Tencent's network.
--: credentials.assume_role(options: AssumeRoleCredentials) -> Provider | failure
assume_role.public = errors.public(function(options)
  local ok, message, err = check.fields("credentials.assume_role", options, ROWS, "option")
  if ok then
    ok, message, err = sts.check("credentials.assume_role", options)
  end
  if ok and options.source and type(options.source.get) ~= "function" then
    ok, message, err = errors.misuse("credentials.assume_role.source: provider expected", "source")
  end
  if not ok then
    return nil, message, err
  end
  local copy = {}
  for _, row in ipairs(ROWS) do
    copy[row.name] = options[row.name]
  end
  -- The role is the one in the options, whatever the environment names.
  copy.source = copy.source or chain.default(nil, false)
  return sts.role(copy)
end)

return assume_role
