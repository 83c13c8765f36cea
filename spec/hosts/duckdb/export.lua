-- Exports a log of events to FOLDER/archive and FOLDER/audit.db, in two runs, and writes the list of what is in them,
-- which is not read from them, to FOLDER/expected.json.
local audit_log = require "support.audit_log"
local command = require "support.command"
local core = require "cloudaudit.core"
local emulator = require "support.emulator"

local folder = assert(arg[1], "FOLDER expected")
local NOW = os.time()
local served = emulator.start{ "--rate", "0", "--no-record" }
local list = audit_log.fill(served, 600, NOW - 2000, 7000)
list[#list + 1] = { EventId = "exact", EventTime = NOW - 3000, AccountID = 9007199254740991, Username = "审计\"\\\t😀",
  RequestParameters = '{"n":9007199254740993}' }
served:admin("events", { events = { list[#list] } })

local function run(...)
  local result = command.run({ "export", ... }, { env = command.env(served) })
  assert(result.status == 0, result.err)
end

for _, place in ipairs{ "/archive", "/audit.db" } do
  run(folder .. place, "--since", "80d", "--until", tostring(NOW - 20 * 86400))
  run(folder .. place)
end

-- The records are asked for through the API.
local raw = {}
for event in served:client():events{ since = "-80d" } do
  raw[event.id] = event.raw
end
for index, event in ipairs(list) do
  list[index] = { id = event.EventId, time = event.EventTime, user = event.Username,
    account_id = event.AccountID and ("%.0f"):format(event.AccountID) or "100000000001", raw = raw[event.EventId],
    day = os.date("!%Y-%m-%d", event.EventTime) }
end
served:stop()
local file = assert(io.open(folder .. "/expected.json", "wb"))
file:write(core.encode(setmetatable(list, core.list)))
file:close()
