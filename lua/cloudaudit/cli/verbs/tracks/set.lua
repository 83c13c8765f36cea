-- cloudaudit tracks set
local tracks = require "cloudaudit.cli.tracks"

local set = {}

set.summary = "Change settings of a tracking set"
set.examples = { "cloudaudit tracks set all-events --action all",
  "cloudaudit tracks set all-events --storage 'cos://audit-logs@ap-guangzhou/cloudaudit?compress=1'" }
set.text = "Prints what changed. What is not named stays. A tracking set keeps its name and its kind (one product, or "
  .. "several by --filter) for as long as it exists."
set.formats = { "table", "jsonl", "json", "csv" }
set.positionals = { { name = "subject", value = "NAME|ID", doc = "digits are an id; name:123 is a name" } }
set.options = {
  { name = "name", value = "NAME", doc = "refused: a tracking set cannot be renamed" },
  { name = "enabled", doc = "ship logs" },
  { name = "no-all-members", doc = "the own account alone" },
  { name = "dry-run", doc = "print the request as JSON and send nothing" },
}
for _, row in ipairs(tracks.OPTIONS) do
  set.options[#set.options + 1] = row
end
set.statuses = { { 1, "no tracking set has that id or name, or several have the name (their ids are listed)" },
  { 2, "a rename, or another kind" } }

local COLUMNS = { { key = "field", name = "FIELD" }, { key = "was", name = "WAS", free = true },
  { key = "is", name = "IS", free = true } }

local function patch_of(context)
  local values, status = context.values, require "cloudaudit.cli.status"
  local patch = tracks.given(context)
  if values.name then
    status.usage("--name: the name of a tracking set cannot be changed",
      "create one of that name, then delete this one")
  elseif values.enabled and values.disabled then
    status.usage("--disabled: cannot be used together with --enabled")
  elseif values.all_members and values.no_all_members then
    status.usage("--no-all-members: cannot be used together with --all-members")
  end
  if values.enabled then
    patch.enabled = true
  end
  if values.no_all_members then
    patch.all_members = false
  end
  if next(patch) == nil then
    status.usage("nothing to change: give an option such as --action or --storage")
  end
  return patch
end

local function text(value)
  return type(value) == "table" and require("cloudaudit.cli.format").json(value) or tostring(value)
end

-- The patch without what the service has already, in its own terms, and rows of what changes.
local function changes(track, patch)
  local convert, diff = require "cloudaudit.tracks.convert", require "cloudaudit.tracks.diff"
  local _, params, err = tracks.checked(nil, convert.to_modify, "update_track", patch, true)
  if err then
    tracks.fail(err)
  end
  local wanted, left, rows = {}, {}, {}
  for _, source in ipairs{ track, (require("cloudaudit.tracks.track").from_wire(params)) } do
    for name, value in pairs(source) do
      wanted[name] = value
    end
  end
  for _, difference in ipairs(diff.compare(wanted, track)) do
    left[difference.field:match("^[^.]+")] = true
  end
  local now, is = tracks.spec_of(track), tracks.spec_of(wanted)
  for _, field in ipairs(tracks.FIELDS) do
    if left[field] then
      left[field] = patch[field]
      rows[#rows + 1] = { field = field, was = text(now[field] or false), is = text(is[field] or false) }
    end
  end
  -- The service accepts these two only together.
  if left.resource_type or left.event_names then
    left.resource_type, left.event_names = wanted.resource_type or "*", wanted.event_names or { "*" }
  end
  return left, rows
end

--- Changes the track SUBJECT by a patch and prints what changed; see verbs/init.lua for `context`. `found` is called
-- with the track before it is changed.
function set.apply(context, patch, found)
  local format, status = require "cloudaudit.cli.format", require "cloudaudit.cli.status"
  local writer = format.new(context, { members = { "field", "was", "is" }, columns = COLUMNS, table_columns = COLUMNS,
    csv_columns = COLUMNS }) -- before anything is sent: --columns may be wrong
  local track = tracks.find(context, context.values.subject)
  if found then
    found(track)
  end
  if (patch.filters ~= nil) ~= (track.filters ~= nil) and (patch.filters or patch.action or patch.resource_type
    or patch.event_names) then
    status.usage(track.filters and "the tracking set covers several products: --filter changes it"
      or "--filter: the tracking set covers one product: --action, --product and --event change it")
  end
  local left, rows = changes(track, patch)
  if next(left) == nil then
    context:note("unchanged: " .. track.name)
  elseif context.values.dry_run then
    tracks.print_change(context, track.id, left, track.filters ~= nil)
    return 0
  else
    local client = context:client()
    local changed, _, err = tracks.checked(nil, client.update_track, client, track.id, left)
    if not changed then
      tracks.fail(err, true)
    end
  end
  for _, row in ipairs(rows) do
    writer:add(row)
  end
  writer:finish()
  return 0
end

--- Runs the verb; see verbs/init.lua.
function set.run(context)
  return set.apply(context, patch_of(context))
end

return set
