-- A role at the emulator's STS, for the specs of both.
local cloudaudit = require "cloudaudit"

local credentials = cloudaudit.credentials

local roles = { ARN = "qcs::cam::uin/100000000001:roleName/audit" }

--- An emulator, and a provider of its own credentials.
function roles.new(options)
  local emulator = cloudaudit.emulator.new(options)
  local id, key = emulator:credential()
  return emulator, credentials.static{ secret_id = id, secret_key = key }
end

--- A provider of the role's credentials, requested with those of `source`.
function roles.role(source, more)
  local given = { role_arn = roles.ARN, source = source }
  for name, value in pairs(more or {}) do
    given[name] = value
  end
  return credentials.assume_role(given)
end

return roles
