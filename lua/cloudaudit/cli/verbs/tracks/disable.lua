-- cloudaudit tracks disable
local disable = {}

disable.summary = "Stop shipping logs"
disable.examples = { "cloudaudit tracks disable all-events" }
disable.formats = { "table", "jsonl", "json", "csv" }
disable.positionals = { { name = "subject", value = "NAME|ID", doc = "digits are an id; name:123 is a name" } }
disable.options = { { name = "dry-run", doc = "print the request as JSON and send nothing" } }

--- Runs the verb; see verbs/init.lua.
function disable.run(context)
  local tracks = require "cloudaudit.cli.tracks"
  return require("cloudaudit.cli.verbs.tracks.set").apply(context, { enabled = false }, function(track)
    if track.enabled then
      context:note(("no longer shipped by %s: %s"):format(track.name, tracks.covers(track)))
    end
  end)
end

return disable
