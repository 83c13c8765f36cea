-- cloudaudit tracks list
local list = {}

list.summary = "List all tracking sets"
list.examples = { "cloudaudit tracks list", "cloudaudit tracks list --long -o json" }
list.formats = { "table", "jsonl", "json", "csv" }
list.options = {
  { name = "long", doc = "filters and all_members too: one more call for each tracking set" },
}

local MEMBERS = { "id", "name", "enabled", "action", "resource_type", "event_names", "filters", "storage",
  "all_members", "created_at" }

--- Runs the verb; see verbs/init.lua.
function list.run(context)
  local format, times, tracks = require "cloudaudit.cli.format", require "cloudaudit.cli.times",
    require "cloudaudit.cli.tracks"
  local columns = {
    { key = "id", name = "ID" }, { key = "name", name = "NAME" },
    { key = "enabled", name = "STATE", show = function(value)
      return value and "enabled" or "disabled"
    end, color = function(text)
      return text == "disabled" and "yellow" or nil
    end },
    { key = "covers", name = "COVERS", free = true }, { key = "storage", name = "STORAGE", free = true },
    { key = "created_at", name = "CREATED", show = function(value)
      return times.show(value, context.values.utc)
    end },
  }
  local writer = format.new(context, { members = MEMBERS, columns = columns, table_columns = columns,
    csv_columns = columns })
  for _, track in ipairs(tracks.listed(context)) do
    if context.values.long then
      track = tracks.find(context, tostring(track.id), true) or track
    end
    local row = tracks.spec_of(track)
    row.id, row.created_at, row.covers = track.id, track.created_at, tracks.covers(track)
    writer:add(row)
  end
  writer:finish()
  return 0
end

return list
