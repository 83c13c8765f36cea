-- cloudaudit: a client for Tencent Cloud's CloudAudit API. This table is the whole of what `require`
-- gives; its members are loaded when they are first used. No I/O here and no globals.
local cloudaudit = {}

-- name -> module, and the member of that module (the module itself when there is none).
local MEMBERS = {
  new = { "cloudaudit.client", "new" },
  storage = { "cloudaudit.storage" },
  credentials = { "cloudaudit.credentials" },
  errors = { "cloudaudit.errors" },
  sign = { "cloudaudit.sign", "sign" },
  time = { "cloudaudit.time" },
  redact = { "cloudaudit.events.redact", "event" },
  all = { "cloudaudit.async.future", "all" },
  emulator = { "cloudaudit.emulator" },
  version = { "cloudaudit.core", "version" },
  null = { "cloudaudit.core", "null" },
  list = { "cloudaudit.json", "mark" },
}

return setmetatable(cloudaudit, {
  __index = function(self, name)
    local member = MEMBERS[name]
    if not member then
      return nil
    end
    local value = require(member[1])
    if member[2] then
      value = value[member[2]]
    end
    rawset(self, name, value)
    return value
  end,
})
