-- The documented input example as a Lua table, and a client that sends nothing.

local core = require "cloudaudit.core"

local example = {}

example.params = {
  Name = "audit",
  ActionType = "Read",
  ResourceType = "audit",
  Status = 1,
  TrackForAllMembers = 1,
  EventNames = { "LookUpEvents", "DeleteAudit" },
  Storage = {
    StorageType = "cos",
    StorageRegion = "ap-guangzhou",
    StorageName = "audit-cos",
    StoragePrefix = "test",
  },
}

example.id = "AKIDz8krbsJ5yKBZQpn74WFkmLPx3EXAMPLE"
example.key = "Gu5t9xGARNpq86cd98joQYCN3EXAMPLE"
example.timestamp = 1551113065

function example.client()
  local client = assert(core.client{})
  assert(client:credentials(example.id, example.key))
  return client
end

return example
