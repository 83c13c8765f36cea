-- cloudaudit tracks create
local tracks = require "cloudaudit.cli.tracks"

local create = {}

create.summary = "Create a tracking set, unless it exists as described"
create.examples = {
  "cloudaudit tracks create all-events --storage cos://audit-logs@ap-guangzhou/cloudaudit",
  "cloudaudit tracks create keys --product cam --event CreateAccessKey --storage URL",
  "cloudaudit tracks create several --filter cam:write --filter cos:all:DeleteBucket --storage URL",
}
create.text = "Idempotent: repeated, it finds the tracking set and leaves it. One of that name with other settings is "
  .. "an error that shows the differences. If the answer to the create is lost, it is looked for and adopted; while "
  .. "its fate is unknown the status is 7, and the same command settles it later."
create.formats = { "table", "jsonl", "json", "csv" }
create.positionals = { { name = "name", value = "NAME", doc = "3 to 48 letters, digits, hyphens or underscores" } }
create.options = { { name = "dry-run", doc = "print the request as JSON and send nothing" } }
for _, row in ipairs(tracks.OPTIONS) do
  create.options[#create.options + 1] = row
end
create.statuses = { { 1, "one of that name has other settings" } }

--- Runs the verb; see verbs/init.lua.
function create.run(context)
  local status = require "cloudaudit.cli.status"
  local spec = tracks.given(context)
  spec.name = context.values.name
  if not spec.storage then
    status.usage("--storage: missing, it is required", "such as --storage cos://BUCKET@REGION/PREFIX")
  elseif not spec.filters then
    spec.action = spec.action or "all"
  end
  if context.values.dry_run then
    tracks.print_create(context, spec)
    return 0
  end
  local writer = tracks.results(context) -- before anything is sent: --columns may be wrong
  local client = context:client()
  local track, what, err = tracks.checked(nil, client.ensure_track, client, spec, { update = false })
  if not track then
    local number, text, hint = tracks.problem(err, true)
    status.raise(number, text, err.differences and "cloudaudit tracks set changes it" or hint)
  end
  writer:add{ result = track.adopted and "adopted" or what, id = track.id, name = track.name }
  writer:finish()
  return 0
end

return create
