-- Creates whose response is lost, against the emulator in this process: its clock advances when a client waits.
local cloudaudit = require "cloudaudit"

local lost = {}

lost.SPEC = { name = "audit", action = "write", storage = "cos://audit-logs@ap-guangzhou/cloudaudit" }
lost.SEVERAL = { name = "audit", storage = lost.SPEC.storage,
  filters = { { resource_type = "cam", action = "write" } } }

--- A track of the same name with other settings.
function lost.other(more)
  local made = { name = "audit", action = "read", storage = lost.SPEC.storage }
  for key, value in pairs(more or {}) do
    made[key] = value
  end
  return made
end

--- An emulator and a client of it.
function lost.new(options)
  local emulator = cloudaudit.emulator.new(options)
  return emulator, emulator:client()
end

--- The number of creates that have reached it.
function lost.creates(emulator)
  return emulator:count("CreateAuditTrack") + emulator:count("CreateEventsAuditTrack")
end

--- Injects that fault into the create of a spec.
function lost.lose(emulator, spec, fault)
  local ordered = { action = spec.filters and "CreateEventsAuditTrack" or "CreateAuditTrack" }
  for key, value in pairs(fault) do
    ordered[key] = value
  end
  emulator:fault(ordered)
end

return lost
