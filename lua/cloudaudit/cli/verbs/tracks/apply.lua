-- cloudaudit tracks apply
local apply = {}

apply.summary = "Make the account as a file of specs describes it"
apply.examples = { "cloudaudit tracks apply -f tracks.json", "cloudaudit tracks apply -f tracks.lua --prune --yes" }
apply.text = "Idempotent. Prints the plan, asks on a terminal, then creates and changes what differs; everything is "
  .. "tried even if one fails. Deletes nothing without --prune."
apply.formats = { "table", "jsonl", "json", "csv" }
apply.options = {
  { name = "file", short = "f", value = "FILE", doc = "the specs; see cloudaudit tracks plan --help" },
  { name = "prune", doc = "delete tracking sets that are in no spec" },
  { name = "yes", doc = "do not ask" },
  { name = "dry-run", doc = "print the requests as JSON and send none" },
}
apply.statuses = { { 1, "some failed; all were tried" }, { 2, "--prune where nobody can be asked, without --yes" } }

-- One change: of a spec, or without one the deletion of result.id. Fills in the result; returns a failure's status.
local function change(context, spec, result)
  local tracks, client = require "cloudaudit.cli.tracks", context:client()
  local track, what, err
  if spec then
    track, what, err = tracks.checked(nil, client.ensure_track, client, spec)
  else
    track, what, err = tracks.checked(nil, client.delete_track, client, result.id, { missing_ok = true })
  end
  local number
  if track then
    result.result = spec and track.adopted and "adopted" or what
    result.id = spec and track.id or result.id
  else
    number, result.result = tracks.report(context, err)
  end
  return number
end

-- Prints the requests of a plan; conflicts have none.
local function print_requests(context, specs, report)
  local tracks, by_name = require "cloudaudit.cli.tracks", {}
  for _, spec in ipairs(specs) do
    by_name[spec.name] = spec
  end
  for _, name in ipairs(report.missing) do
    tracks.print_create(context, by_name[name])
  end
  for _, changed in ipairs(report.changed) do
    local spec, patch = by_name[changed.name], {}
    for _, difference in ipairs(changed.differences) do
      local field = difference.field:match("^[^.]+")
      patch[field] = spec[field]
      if field == "enabled" then
        patch.enabled = spec.enabled ~= false
      elseif field == "all_members" then
        patch.all_members = spec.all_members or false
      elseif field == "action" then
        patch.action = spec.action or "all"
      elseif field == "resource_type" or field == "event_names" then
        patch.resource_type, patch.event_names = spec.resource_type or "*", spec.event_names or { "*" }
      end
    end
    if not changed.other_kind then
      tracks.print_change(context, changed.id, patch, spec.filters ~= nil)
    end
  end
  for _, extra in ipairs(context.values.prune and report.extra or {}) do
    tracks.print_request(context, "DeleteAuditTrack", { TrackId = extra.id })
  end
end

-- Makes all changes, prints their results and returns the status.
local function change_all(context, writer, specs, report, rows)
  local failed, touched = {}, {}
  for _, row in ipairs(rows) do
    touched[row.name] = true
  end
  local function add(spec, result)
    failed[#failed + 1] = change(context, spec, result)
    writer:add(result)
  end
  for _, spec in ipairs(specs) do
    if touched[spec.name] then
      add(spec, { name = spec.name })
    end
  end
  for _, extra in ipairs(context.values.prune and report.extra or {}) do
    add(nil, { id = extra.id, name = extra.name })
  end
  writer:finish()
  return require("cloudaudit.cli.status").worst(failed)
end

--- Runs the verb; see verbs/init.lua.
function apply.run(context)
  local plans, status, tracks = require "cloudaudit.cli.plan", require "cloudaudit.cli.status",
    require "cloudaudit.cli.tracks"
  local values = context.values
  if not values.file then
    status.usage("--file: missing, it is required")
  elseif values.prune and not (values.dry_run or values.yes or context:is_terminal(0)) then
    tracks.need_yes(context)
  end
  local writer = tracks.results(context) -- before anything is sent: --columns may be wrong
  local specs, report, rows = plans.read(context, values.prune)
  for _, row in ipairs(rows) do
    context:note(("%s %s%s"):format(row.sign, row.name, row.field and (" %s: %s -> %s"):format(row.field, row.found,
      row.wanted) or ""))
  end
  if values.dry_run then
    print_requests(context, specs, report)
    return 0
  elseif #rows > 0 and not tracks.confirm(context, ("Make the changes to %d tracking sets?"):format(
    plans.count(rows))) then
    status.raise(1, "nothing was changed")
  end
  return change_all(context, writer, specs, report, rows)
end

return apply
