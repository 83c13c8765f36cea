-- cloudaudit tracks delete
local delete = {}

delete.summary = "Delete tracking sets"
delete.examples = { "cloudaudit tracks delete old-set", "cloudaudit tracks delete 41 42 --yes --missing-ok" }
delete.formats = { "table", "jsonl", "json", "csv" }
delete.positionals = {
  { name = "subjects", value = "NAME|ID", args = "+", doc = "digits are an id; name:123 is a name" },
}
delete.options = {
  { name = "yes", doc = "do not ask" },
  { name = "missing-ok", doc = "one that does not exist counts as deleted" },
  { name = "dry-run", doc = "print the requests as JSON and send none" },
}
delete.statuses = { { 2, "nobody can be asked, and --yes is missing" } }

--- Runs the verb; see verbs/init.lua.
function delete.run(context)
  local clients, status, tracks = require "cloudaudit.cli.client", require "cloudaudit.cli.status",
    require "cloudaudit.cli.tracks"
  local values = context.values
  if not values.dry_run and not values.yes and not context:is_terminal(0) then
    tracks.need_yes(context)
  end
  local found, lines = {}, {}
  for index, subject in ipairs(values.subjects) do
    local track = tracks.find(context, subject, values.missing_ok)
    found[index] = track or false
    lines[#lines + 1] = track and ("%s (%s): %s"):format(track.name, tostring(track.id), tracks.covers(track)) or nil
  end
  if values.dry_run then
    for _, track in ipairs(found) do
      if track then
        tracks.print_request(context, "DeleteAuditTrack", { TrackId = track.id })
      end
    end
    return 0
  elseif #lines > 0 and not tracks.confirm(context, "Delete " .. table.concat(lines, "; ") .. "?") then
    status.raise(1, "nothing was deleted")
  end
  local client, writer, worst = context:client(), tracks.results(context), {}
  for index, subject in ipairs(values.subjects) do
    local track, what = found[index], "missing"
    if track then
      local done, err
      done, what, err = clients.checked(client.delete_track, client, track.id, { missing_ok = values.missing_ok })
      if not done then
        worst[#worst + 1] = status.of(err, true)
        context.err:write(("cloudaudit: %s\n"):format(status.message(err)))
        what = "failed"
      end
    end
    writer:add{ result = what, id = track and track.id or nil, name = track and track.name or subject }
  end
  writer:finish()
  return status.worst(worst)
end

return delete
