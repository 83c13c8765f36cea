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
  { name = "dry-run", doc = "print the plan and send no change" },
}
apply.statuses = { { 1, "some failed; all were tried" }, { 2, "--prune where nobody can be asked, without --yes" } }

-- One change; returns the result and, of a failure, the status.
local function change(context, spec, result)
  local clients, status = require "cloudaudit.cli.client", require "cloudaudit.cli.status"
  local client = context:client()
  local track, what, err
  if spec then
    track, what, err = clients.checked(client.ensure_track, client, spec)
  else
    track, what, err = clients.checked(client.delete_track, client, result.id, { missing_ok = true })
  end
  if track then
    result.result = spec and track.adopted and "adopted" or what
    result.id = spec and track.id or result.id
    return nil
  end
  context:clear()
  context.err:write(("cloudaudit: %s\n"):format(status.message(err)))
  result.result = "failed"
  return status.of(err, true)
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
  local specs, report, rows = plans.read(context, values.prune)
  if values.dry_run or #rows == 0 then
    plans.print(context, rows)
    return 0
  end
  for _, row in ipairs(rows) do
    context:note(("%s %s%s"):format(row.sign, row.name, row.field and (" %s: %s -> %s"):format(row.field, row.found,
      row.wanted) or ""))
  end
  if not tracks.confirm(context, ("Make %d changes?"):format(#rows)) then
    status.raise(1, "nothing was changed")
  end
  local writer, failed, touched = tracks.results(context), {}, {}
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
  for _, extra in ipairs(values.prune and report.extra or {}) do
    add(nil, { id = extra.id, name = extra.name })
  end
  writer:finish()
  return status.worst(failed)
end

return apply
