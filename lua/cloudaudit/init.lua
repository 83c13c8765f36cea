-- cloudaudit: a client for Tencent Cloud's CloudAudit API. `require` returns this table; each member is loaded
-- at its first use. No I/O here and no globals.
local cloudaudit = {}

-- name -> module; `member`: that member of the module; `members`: a table of these alone.
local MEMBERS = {
  new = { "cloudaudit.client", member = "new" },
  storage = { "cloudaudit.storage" },
  credentials = { "cloudaudit.credentials" },
  errors = { "cloudaudit.errors", members = { "is_error" } },
  sign = { "cloudaudit.sign", member = "sign" },
  time = { "cloudaudit.time", members = { "parse", "iso", "service" } },
  check = { "cloudaudit.check", member = "check" },
  watch = { "cloudaudit.check", member = "watch" },
  redact = { "cloudaudit.events.redact", member = "event" },
  http1 = { "cloudaudit.http1" },
  all = { "cloudaudit.async.future", member = "all" },
  emulator = { "cloudaudit.emulator" },
  version = { "cloudaudit.core", member = "version" },
  null = { "cloudaudit.json", member = "null" },
  list = { "cloudaudit.json", member = "list" },
}

local function load_member(row)
  local module = require(row[1])
  if row.member then
    return module[row.member]
  elseif not row.members then
    return module
  end
  local public = {}
  for _, name in ipairs(row.members) do
    public[name] = module[name]
  end
  return public
end

return setmetatable(cloudaudit, {
  __index = function(self, name)
    local row = MEMBERS[name]
    if not row then
      return nil
    end
    local value = load_member(row)
    rawset(self, name, value)
    return value
  end,
})
