-- Creates the tracking set from the example of Tencent's CreateAuditTrack page and lists all tracking sets.
-- Run it from a clone: bin/try examples/create_track.lua
-- Credentials, endpoint and CA file come from the environment:
--   TENCENTCLOUD_SECRET_ID, TENCENTCLOUD_SECRET_KEY, CLOUDAUDIT_ENDPOINT, CLOUDAUDIT_CA_FILE
local cloudaudit = require "cloudaudit"

local function fail(operation, message, err)
  io.stderr:write(("%s failed: %s\n"):format(operation, message))
  if err then
    io.stderr:write(("  kind %s, outcome %s, request %s\n"):format(err.kind, err.outcome, err.request_id or "-"))
  end
  if err and err.hint then
    io.stderr:write("  hint: " .. err.hint .. "\n")
  end
  os.exit(1)
end

local client, message, err = cloudaudit.new{ region = "ap-guangzhou" }
if not client then
  fail("new", message, err)
end

local storage
storage, message, err = cloudaudit.storage.cos{ region = "ap-guangzhou", bucket = "audit-cos", prefix = "test" }
if not storage then
  fail("storage", message, err)
end

local track
track, message, err = client:create_track{
  name = "audit",
  action = "read",
  resource_type = "audit",
  event_names = { "LookUpEvents", "DeleteAudit" },
  all_members = true,
  storage = storage,
}
if not track then
  fail("create_track", message, err)
end
print("TrackId    " .. track.id)
print("RequestId  " .. track.request_id)

for each in client:tracks() do
  print(("%s  %s  %s  %s  %s"):format(each.id, each.name, each.enabled and "on " or "off", each.action,
    cloudaudit.storage.format(each.storage)))
end
client:close()
