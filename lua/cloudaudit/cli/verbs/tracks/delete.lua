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
delete.statuses = { { 1, "one does not exist, or the answer was no: nothing was deleted" },
  { 2, "nobody can be asked, and --yes is missing" } }

-- The tracks of the subjects, each once, as {subject, track (nil: missing)}.
local function find_all(context)
  local tracks = require "cloudaudit.cli.tracks"
  local found, known = {}, {}
  for _, subject in ipairs(context.values.subjects) do
    local track = tracks.find(context, subject, context.values.missing_ok)
    local key = track and tostring(track.id) or "missing " .. subject
    if not known[key] then
      known[key] = true
      found[#found + 1] = { subject = subject, track = track }
    end
  end
  return found
end

-- Deletes one; returns its result, and the status of a failure.
local function delete_one(context, track)
  local tracks, client = require "cloudaudit.cli.tracks", context:client()
  local done, what, err = tracks.checked(nil, client.delete_track, client, track.id,
    { missing_ok = context.values.missing_ok })
  if done then
    return what
  end
  local number
  number, what = tracks.report(context, err)
  return what, number
end

local function question(found)
  local lines = {}
  for _, item in ipairs(found) do
    local track = item.track
    lines[#lines + 1] = track and ("%s (%s): %s"):format(track.name, tostring(track.id),
      require("cloudaudit.cli.tracks").covers(track)) or nil
  end
  return #lines > 0 and "Delete " .. table.concat(lines, "; ") .. "?" or nil
end

--- Runs the verb; see verbs/init.lua.
function delete.run(context)
  local status, tracks = require "cloudaudit.cli.status", require "cloudaudit.cli.tracks"
  local values = context.values
  if not values.dry_run and not values.yes and not context:is_terminal(0) then
    tracks.need_yes(context)
  end
  local writer, failed = tracks.results(context), {} -- before anything is sent: --columns may be wrong
  local found = find_all(context)
  local text = question(found)
  if values.dry_run then
    for _, item in ipairs(found) do
      if item.track then
        tracks.print_request(context, "DeleteAuditTrack", { TrackId = item.track.id })
      end
    end
    return 0
  elseif text and not tracks.confirm(context, text) then
    status.raise(1, "nothing was deleted")
  end
  for _, item in ipairs(found) do
    local track, what = item.track, "missing"
    if track then
      what, failed[#failed + 1] = delete_one(context, track)
    end
    writer:add{ result = what, id = track and track.id or nil, name = track and track.name or item.subject }
  end
  writer:finish()
  return status.worst(failed)
end

return delete
