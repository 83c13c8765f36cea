-- What `tracks plan` and `tracks apply` share: the differences between a file of specs and the account, as rows.
local clients = require "cloudaudit.cli.client"
local format = require "cloudaudit.cli.format"
local status = require "cloudaudit.cli.status"
local tracks = require "cloudaudit.cli.tracks"

local plan = {}

local COLUMNS = { { key = "sign", name = " " }, { key = "name", name = "NAME" }, { key = "field", name = "FIELD" },
  { key = "wanted", name = "WANTED", free = true }, { key = "found", name = "FOUND", free = true } }
local MEMBERS = { "sign", "name", "id", "field", "wanted", "found", "who" }

local function text(value)
  if type(value) == "table" then
    return format.json(value)
  end
  return value == nil and "" or tostring(value)
end

--- The specs of --file, their differences (see Client:diff_tracks) and rows {sign, name, id, field, wanted, found}:
-- "+" is missing, "~" differs, "-" is in no spec (with --prune), "!" cannot be made so.
function plan.read(context, prune)
  local specs = require("cloudaudit.cli.spec_file").read(context.values.file)
  local client = context:client()
  local done, report, _, err = pcall(client.diff_tracks, client, specs)
  if not done then
    if status.is_problem(report) or status.is_interrupt(report) then
      error(report, 0)
    end
    status.usage((tostring(report):gsub("^[^\n]-:%d+: ", ""):gsub("^diff_tracks", context.values.file)))
  elseif not report then
    tracks.fail(err)
  end
  local rows = {}
  for _, name in ipairs(report.missing) do
    rows[#rows + 1] = { sign = "+", name = name }
  end
  for _, changed in ipairs(report.changed) do
    for _, difference in ipairs(changed.differences) do
      local kind = difference.field == "filters" and (difference.wanted == nil or difference.found == nil)
      rows[#rows + 1] = { sign = kind and "!" or "~", name = changed.name, id = changed.id, field = difference.field,
        wanted = text(difference.wanted), found = text(difference.found) }
    end
  end
  for _, duplicate in ipairs(report.duplicate) do
    rows[#rows + 1] = { sign = "!", name = duplicate.name, field = "name", wanted = "1",
      found = ("%d: %s"):format(#duplicate.ids, table.concat(duplicate.ids, ", ")) }
  end
  for _, extra in ipairs(report.extra) do
    if prune then
      rows[#rows + 1] = { sign = "-", name = extra.name, id = extra.id }
    else
      context:note(("note: in no spec of %s: %s (%s)"):format(context.values.file, extra.name, tostring(extra.id)))
    end
  end
  return specs, report, rows
end

-- Who changed a track last: the newest event that names it by id or name, as one line; nil when there is none.
local function who(context, row)
  local client = context:client()
  local iterator, _, err = clients.checked(client.events, client, { since = "-90d", order = "newest",
    where = { event_name = { "ModifyAuditTrack", "ModifyEventsAuditTrack", "CreateAuditTrack", "CreateEventsAuditTrack",
      "DeleteAuditTrack" } } })
  while iterator do
    local done, event = pcall(iterator)
    if not done then
      err = iterator.err
      if not err then
        error(event, 0)
      end
      break
    elseif not event then
      return nil
    end
    local detail = type(event.detail) == "table" and event.detail or {}
    local params = type(detail.requestParameters) == "table" and detail.requestParameters or {}
    if row.id ~= nil and tostring(params.TrackId) == tostring(row.id) or params.Name == row.name then
      local times = require "cloudaudit.cli.times"
      return ("%s by %s from %s at %s (%s)"):format(event.name or "?", event.user or "?", event.source_ip or "?",
        event.time and times.show(event.time, context.values.utc) or "?", event.id or "?")
    end
  end
  tracks.fail(err)
end

--- Prints the rows.
function plan.print(context, rows)
  local writer = format.new(context, { members = MEMBERS, columns = COLUMNS, table_columns = COLUMNS,
    csv_columns = COLUMNS })
  local known = {}
  for _, row in ipairs(rows) do
    if context.values.who then
      if known[row.name] == nil then
        known[row.name] = who(context, row) or false
      end
      row.who = known[row.name] or nil
    end
    writer:add(row, row.who and { "  " .. row.who } or nil)
  end
  writer:finish()
end

return plan
