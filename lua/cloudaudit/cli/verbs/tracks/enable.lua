-- cloudaudit tracks enable
local enable = {}

enable.summary = "Start shipping logs"
enable.examples = { "cloudaudit tracks enable all-events" }
enable.formats = { "table", "jsonl", "json", "csv" }
enable.positionals = { { name = "subject", value = "NAME|ID", doc = "digits are an id; name:123 is a name" } }
enable.options = { { name = "dry-run", doc = "print the request as JSON and send nothing" } }

--- Runs the verb; see verbs/init.lua.
function enable.run(context)
  return require("cloudaudit.cli.verbs.tracks.set").apply(context, { enabled = true })
end

return enable
