-- Where keys come from: cloudaudit.credentials, the constructors of providers. A provider goes to `new` as
-- `credentials`; it reads and asks nothing before the first call needs keys. The contract is in keeper.lua.
local credentials = {}

-- Loaded by whoever uses one first.
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
