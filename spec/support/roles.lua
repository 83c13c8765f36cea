-- A role at the STS beside an emulator, for the specs of both.
local cloudaudit = require "cloudaudit"

local credentials = cloudaudit.credentials

local roles = { ARN = "qcs::cam::uin/100000000001:roleName/audit" }

--- An emulator, and a provider of its own keys.
function roles.new(options)
  local emulator = cloudaudit.emulator.new(options)
  local id, key = emulator:credential()
  return emulator, credentials.static{ secret_id = id, secret_key = key }
end

--- A provider of the role's keys, asked for with those of `source`.
function roles.role(source, more)
  local given = { role_arn = roles.ARN, source = source }
  for name, value in pairs(more or {}) do
    given[name] = value
  end
  return credentials.assume_role(given)
end

return roles
