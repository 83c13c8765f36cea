-- cloudaudit tracks show
local show = {}

show.summary = "Show one tracking set as JSON, in the format of the files of apply"
show.examples = { "cloudaudit tracks show all-events > tracks.json", "cloudaudit tracks show name:123" }
show.positionals = { { name = "subject", value = "NAME|ID", doc = "digits are an id; name:123 is a name" } }
show.options = {}
show.statuses = { { 1, "no tracking set has that id or name, or several have the name (their ids are listed)" } }

--- Runs the verb; see verbs/init.lua.
function show.run(context)
  local tracks = require "cloudaudit.cli.tracks"
  context.out:write(tracks.spec_text(tracks.spec_of(tracks.find(context, context.values.subject))), "\n")
  return 0
end

return show
