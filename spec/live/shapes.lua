-- Names that an answer may contain: members of a record in the official samples, and attribute keys that any document
-- of the service names.
local core = require "cloudaudit.core"
local event = require "cloudaudit.emulator.actions.event"

local shapes = {}

local function fixture()
  local root = debug.getinfo(1, "S").source:match("^@(.*)live/shapes%.lua$") or "spec/"
  local file = assert(io.open(root .. "fixtures/response-shapes.json", "rb"))
  local text = file:read("*a")
  file:close()
  return core.decode(text).actions.DescribeEvents.service
end

--- Members of CloudAuditEvent in the samples, sorted.
shapes.RECORD = {}
for path in pairs(fixture()) do
  local name = path:match("CloudAuditEvent<json>%.(%w+)$")
  if name then
    table.insert(shapes.RECORD, name)
  end
end
table.sort(shapes.RECORD)

--- Attribute keys, sorted.
shapes.KEYS = {}
for name in pairs(event.MATCHERS) do
  table.insert(shapes.KEYS, name)
end
table.sort(shapes.KEYS)

return shapes
