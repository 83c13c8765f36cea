-- Needs neither an account nor a network: the emulator runs in this process.
-- Run it from a clone: bin/try examples/no_account.lua
local cloudaudit = require "cloudaudit"
local client = cloudaudit.emulator.new():client()

local track = assert(client:create_track{
  name = "all-writes",
  action = "write",
  storage = "cos://audit-logs@ap-guangzhou/cloudaudit",
})
for each in client:tracks() do
  print(each.id, each.name, each.action, track.request_id)
end
