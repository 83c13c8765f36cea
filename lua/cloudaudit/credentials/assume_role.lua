-- Temporary keys of a role that other keys may assume (STS AssumeRole, signed).
local check = require "cloudaudit.validate"
local errors = require "cloudaudit.errors"
local sts = require "cloudaudit.credentials.sts"

local assume_role = {}

--: class AssumeRoleCredentials  a role that other keys may assume
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

-- The service wants the JSON of a policy percent-encoded, once more than JSON strings are.
local function encoded(policy)
  return policy and policy:gsub("[^%w%-_.~]", function(byte)
    return ("%%%02X"):format(byte:byte())
  end) or nil
end

--- The provider; given: the rows above, and name and from for messages.
function assume_role.new(given)
  local self = { name = given.name or "assume_role" }
  self.source = ("%s %s"):format(self.name, given.from or given.role_arn)
  local source = given.source or require("cloudaudit.credentials.chain").default()
  function self.get(context)
    return sts.ask(self, context, { endpoint = given.endpoint, region = given.region, source = source }, "AssumeRole", {
      RoleArn = given.role_arn, RoleSessionName = given.session_name or sts.session_name(context),
      DurationSeconds = given.duration, Policy = encoded(given.policy), ExternalId = given.external_id,
    })
  end
  if source.freeze then
    function self.freeze(context)
      local frozen = {}
      for key, value in pairs(given) do
        frozen[key] = value
      end
      frozen.source = source.freeze(context)
      return assume_role.new(frozen)
    end
  end
  return self
end

--- {role_arn, session_name, duration, policy, external_id, source, region, endpoint}: temporary keys of a role, asked
-- from STS with the keys of source (another provider; the default chain if absent). duration is in seconds, 7200 by
-- default and 43200 at most; policy is the JSON text of a policy that narrows the role's. endpoint is
-- "sts.tencentcloudapi.com" by default, "sts.internal.tencentcloudapi.com" inside Tencent's network.
--: credentials.assume_role(given: AssumeRoleCredentials) -> Provider | failure
assume_role.public = errors.public(function(given)
  local ok, message, err = check.fields("credentials.assume_role", given, ROWS, "option")
  if ok then
    ok, message, err = sts.check("credentials.assume_role", given)
  end
  if ok and given.source and type(given.source.get) ~= "function" then
    ok, message, err = errors.misuse("credentials.assume_role.source: provider expected", "source")
  end
  if not ok then
    return nil, message, err
  end
  local copy = {}
  for _, row in ipairs(ROWS) do
    copy[row.name] = given[row.name]
  end
  return assume_role.new(copy)
end)

return assume_role
