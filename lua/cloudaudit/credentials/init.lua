-- cloudaudit.credentials: the constructors of providers. A provider is given to `new` as `credentials`; it reads and
-- requests nothing before the first call. The contract of providers is in provider.lua.
local credentials = {}

-- Each is loaded at its first use.
local NAMES = { static = true, env = true, profile = true, tccli = true, cvm_role = true, assume_role = true,
  tke_oidc = true, callback = true, chain = true }

return setmetatable(credentials, {
  __index = function(self, name)
    if not NAMES[name] then
      return nil
    end
    local value = require("cloudaudit.credentials." .. name).public
    rawset(self, name, value)
    return value
  end,
})
