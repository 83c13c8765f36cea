-- What `tracks plan` and `tracks apply` share: the differences between a file of specs and the account, as rows.
local core = require "cloudaudit.core"
local format = require "cloudaudit.cli.format"
local patience = require "cloudaudit.cli.patience"
local status = require "cloudaudit.cli.status"
local tracks = require "cloudaudit.cli.tracks"

local plan = {}

local COLUMNS = { { key = "sign", name = " " }, { key = "name", name = "NAME" }, { key = "field", name = "FIELD" },
  { key = "wanted", name = "WANTED", free = true }, { key = "found", name = "FOUND", free = true } }
-- With --who; in a table it is a line below the row.
local WHO = { key = "who", name = "WHO", free = true }
local MEMBERS = { "sign", "name", "id", "field", "wanted", "found", "who" }

local function text(value)
  if type(value) == "table" then
    return format.json(value)
  end
  return value == nil and "" or tostring(value)
end

-- The rows of a report (see Client:diff_tracks).
local function rows_of(report, prune)
  local rows = {}
  for _, name in ipairs(report.missing) do
    rows[#rows + 1] = { sign = "+", name = name }
  end
  for _, changed in ipairs(report.changed) do
    for _, difference in ipairs(changed.differences) do
      if difference.field == "filters" and (difference.wanted == nil or difference.found == nil) then
        changed.other_kind = true
      end
    end
    for _, difference in ipairs(changed.differences) do
      rows[#rows + 1] = { sign = changed.other_kind and "!" or "~", name = changed.name, id = changed.id,
        field = difference.field, wanted = text(difference.wanted), found = text(difference.found) }
    end
  end
  for _, duplicate in ipairs(report.duplicate) do
    rows[#rows + 1] = { sign = "!", name = duplicate.name, field = "name", wanted = "1",
      found = ("%d: %s"):format(#duplicate.ids, table.concat(duplicate.ids, ", ")) }
  end
  for _, extra in ipairs(prune and report.extra or {}) do
    rows[#rows + 1] = { sign = "-", name = extra.name, id = extra.id }
  end
  return rows
end

--- The specs of --file, their differences (see Client:diff_tracks) and rows {sign, name, id, field, wanted, found}:
-- "+" is missing, "~" differs, "-" is in no spec (with --prune), "!" cannot be made so. A report's change has
-- other_kind when it is of the kind that cannot be changed into the spec's.
function plan.read(context, prune)
  local path = context.values.file
  local specs = require("cloudaudit.cli.spec_file").read(path)
  local client = context:client()
  local report, _, err = tracks.checked(path, patience.read, context, client.diff_tracks, client, specs)
  if not report then
    status.raise(tracks.problem(err, false, path))
  end
  for _, extra in ipairs(prune and {} or report.extra) do
    context:note(("note: in no spec of %s: %s (%s)"):format(path, extra.name, tostring(extra.id)))
  end
  return specs, report, rows_of(report, prune)
end

--- How many tracking sets the rows are about.
function plan.count(rows)
  local known, count = {}, 0
  for _, row in ipairs(rows) do
    local key = tostring(row.id or row.name)
    count, known[key] = count + (known[key] and 0 or 1), true
  end
  return count
end

-- ---- who ---------------------------------------------------------------------------------------

local CHANGES = { "CreateAuditTrack", "CreateEventsAuditTrack", "ModifyAuditTrack", "ModifyEventsAuditTrack",
  "DeleteAuditTrack" }

-- A value of a record, which may be JSON in a text.
local function object(value)
  if type(value) == "string" then
    value = core.decode(value)
  end
  return type(value) == "table" and value or {}
end

-- The successful changes of tracking sets that can still be read, newest first: {line, name, id, deletes}.
local function history(context)
  local times, list = require "cloudaudit.cli.times", {}
  require("cloudaudit.cli.reading").each(context, { since = context.now - 90 * 86400 + 60, ["until"] = context.now,
    order = "newest", queries = { { event_name = CHANGES } } }, function(event)
    local row = event:row()
    local detail = object(event.detail)
    local params, answer = object(detail.requestParameters), object(detail.responseElements)
    local id = params.TrackId or answer.TrackId
    if row.result == "ok" then
      list[#list + 1] = { name = params.Name, id = id ~= nil and tostring(id) or row.resource,
        deletes = event.name == "DeleteAuditTrack", line = ("%s by %s from %s at %s (%s)"):format(event.name or "?",
          event.user or "?", event.source_ip or "?", event.time and times.show(event.time, context.values.utc) or "?",
          event.id or "?") }
    end
  end)
  return list
end

-- The newest change of a track. One that is missing is named by its creation only, which told its id.
local function newest(list, row)
  local ids = { [tostring(row.id)] = row.id ~= nil }
  if row.id == nil then
    for _, change in ipairs(list) do
      if change.name == row.name and change.id then
        ids[change.id] = true
      end
    end
  end
  local found
  for _, change in ipairs(list) do
    if ids[change.id] or change.name == row.name then
      found = found or change
      -- A missing set was deleted, whatever else happened to it in the same second.
      if row.id ~= nil or change.deletes then
        return change.line
      end
    end
  end
  return found and found.line
end

--- A writer of rows.
function plan.writer(context)
  local all = COLUMNS
  if context.values.who then
    all = { COLUMNS[1], COLUMNS[2], COLUMNS[3], COLUMNS[4], COLUMNS[5], WHO }
  end
  return format.new(context, { members = MEMBERS, columns = all, table_columns = COLUMNS, csv_columns = all })
end

--- Prints the rows.
function plan.print(context, writer, rows)
  local list = context.values.who and #rows > 0 and history(context) or {}
  for _, row in ipairs(rows) do
    row.who = newest(list, row)
    writer:add(row, row.who and { "  " .. row.who } or nil)
  end
  writer:finish()
end

return plan
