-- cloudaudit check: is the trail sound, and did anything alarming happen?
local check = {}

check.summary = "Check the trail, and what happened lately"
check.examples = {
  "cloudaudit check -q",
  "cloudaudit check trail --against tracks.json --fail-on high -o json",
  "cloudaudit check activity --since 7d --baseline 30d",
}
check.text = "The group trail looks at the tracking sets, the group activity at events; without ID both run. A check "
  .. "passes, fails, is skipped, or is unknown when something could not be read: that is never a pass. Nothing is "
  .. "changed: the fix of a failure is a command to run (one in parentheses is advice). --since, --baseline and --from "
  .. "concern activity. See doc/check.md for every check."
check.formats = { "table", "jsonl", "json", "csv" }
check.positionals = { { name = "ids", value = "ID|GROUP", args = "*",
  doc = "such as trail, activity or trail.writes; see --list" } }
check.options = {
  { name = "list", doc = "show every check and what it reads; run none" },
  { name = "since", value = "T", doc = "events from this second on; default 24h" },
  { name = "baseline", value = "T", type = "duration", doc = "read events of so long before --since, such as 30d, so "
    .. "that rules can tell what is new" },
  { name = "from", value = "PATH", doc = "check the events of an export instead of the service's; activity alone" },
  { name = "fail-on", value = "SEVERITY", choices = { "low", "medium", "high", "critical" },
    doc = "severity from which failures lead to status 4; default medium" },
  { name = "skip", value = "ID[,ID]", type = "names", list = true, doc = "leave out checks or groups" },
  { name = "against", value = "FILE", doc = "expect the tracking sets that FILE declares; see cloudaudit tracks plan" },
  { name = "organization", doc = "expect a set for all members of the organization" },
}
check.statuses = { { 4, "a check of the severity of --fail-on or graver failed" },
  { "1, 3, 5, 6", "none did, but one of that severity is unknown" } }

local LIST = { { key = "id", name = "ID" }, { key = "severity", name = "SEVERITY" }, { key = "when", name = "WHEN",
  free = true }, { key = "looks_at", name = "LOOKS AT", free = true }, { key = "spares", name = "SPARES", free = true },
  { key = "guessed", name = "GUESSED", free = true }, { key = "fix", name = "FIX", free = true } }

local PLACES = { checks = "ID", skip = "--skip" }

local GROUP_OF = { since = "activity", baseline = "activity", against = "trail", organization = "trail" }

-- Refuses an option of a group of which nothing is checked.
local function check_groups(values, items)
  local chosen = {}
  for _, item in ipairs(items) do
    chosen[item.group] = true
  end
  for _, name in ipairs{ "since", "baseline", "against", "organization" } do
    if values[name] and not chosen[GROUP_OF[name]] then
      local text = "--%s: it concerns the group %s, of which nothing is checked"
      require("cloudaudit.cli.status").usage(text:format(name, GROUP_OF[name]))
    end
  end
end

-- The rows that the options choose.
local function choose(context)
  local catalog, findings = require "cloudaudit.check.catalog", require "cloudaudit.cli.findings"
  local values = context.values
  local ids = values.ids and values.ids[1] and values.ids or nil
  local items, message = catalog.choose(ids or values.from and { "activity" } or nil, values.skip)
  if not items then
    findings.usage(message, PLACES)
  elseif not items[1] then
    require("cloudaudit.cli.status").usage("--skip: no check is left")
  end
  for _, item in ipairs(values.from and items or {}) do
    if item.group ~= "activity" then
      require("cloudaudit.cli.status").usage(("--from: an export has events alone, %s reads tracking sets"):format(
        item.row.id))
    end
  end
  return items
end

local function list(context, items)
  local catalog, format = require "cloudaudit.check.catalog", require "cloudaudit.cli.format"
  local short = { LIST[1], LIST[2], LIST[3], LIST[4] }
  local writer = format.new(context, { members = { "id", "group", "severity", "worst", "when", "looks_at", "spares",
    "guessed", "fix", "reads" }, columns = LIST, table_columns = short, csv_columns = LIST })
  for _, item in ipairs(items) do
    local row = item.row
    writer:add{ id = row.id, group = item.group, severity = row.severity, worst = row.worst or row.severity,
      when = row.passes and "passes when " .. row.passes or "fails when " .. row.fails, spares = row.spares,
      guessed = row.guessed, fix = row.fix, looks_at = catalog.sources(row), reads = catalog.actions(row) }
  end
  writer:finish()
  return 0
end

local DAY, RETENTION, MARGIN = 86400, 90 * 86400, 60

-- --since in epoch seconds.
local function since_of(context)
  local status, times = require "cloudaudit.cli.status", require "cloudaudit.cli.times"
  local values, now = context.values, context.now
  local since = times.read("--since", values.since or "24h", now, values.utc)
  if since > now then
    status.usage(("--since: %s is in the future"):format(times.show(since, values.utc)))
  elseif not values.from and since < now - RETENTION then
    status.usage(("--since: %s is before %s: events are kept for 90 days"):format(times.show(since, values.utc),
      times.show(now - RETENTION + MARGIN, values.utc)), "check an export: --from PATH")
  end
  return values.from and since or math.max(since, now - RETENTION + MARGIN)
end

-- What is read, each read as patient as those of the other verbs.
local function world_of(context)
  local patience, reading = require "cloudaudit.cli.patience", require "cloudaudit.cli.reading"
  local world = {}
  if not context.values.from then
    local session = require("cloudaudit.client").session_of(context:client())
    for name, read in pairs(require("cloudaudit.check.world").new(session)) do
      world[name] = function(...)
        return patience.read(context, read, ...)
      end
    end
  end
  function world.events(query)
    local left = query.max or math.huge
    local next_event = reading.source(context, { since = query.since, ["until"] = query["until"] or context.now,
      order = query.order or "newest", queries = { query.where or {} }, from = context.values.from })
    return function()
      local event, err
      if left > 0 then
        event, err = next_event()
        left = left - 1
      end
      if context.progress and event then
        context.progress:update(event.time)
      end
      return event, err and err.message, err
    end
  end
  return world
end

-- Counts for people, and what nothing can tell.
local function summarize(context, report)
  local counts, parts = {}, {}
  for _, result in ipairs(report.results) do
    counts[result.result] = (counts[result.result] or 0) + 1
  end
  for _, name in ipairs{ "pass", "fail", "unknown", "skipped" } do
    parts[#parts + 1] = counts[name] and ("%d %s"):format(counts[name], name) or nil
  end
  context:note(table.concat(parts, ", "))
  if not context.values.from then
    context:note(report.blind)
  end
end

local function print_results(context, writer, report)
  local findings = require "cloudaudit.cli.findings"
  for _, result in ipairs(report.results) do
    if not (context.values.quiet and result.result == "pass") then
      writer:add(findings.row(result))
    end
  end
  writer:finish()
end

--- Runs the verb; see verbs/init.lua.
function check.run(context)
  local values, items = context.values, choose(context)
  if values.list then
    return list(context, items)
  end
  check_groups(values, items)
  local since = since_of(context)
  -- Before anything is sent: --columns may be wrong.
  local writer = require("cloudaudit.cli.format").new(context, require("cloudaudit.cli.findings").SHAPE)
  local specs = values.against and require("cloudaudit.cli.spec_file").read(values.against, "--against")
  require("cloudaudit.cli.progress").attach(context, { since = since, ["until"] = context.now, order = "oldest" })
  local report, _, err = require("cloudaudit.check.run").all(items, world_of(context), { since = since,
    to = context.now, baseline = values.baseline or values.from and 30 * DAY or nil, kept = values.from ~= nil,
    earliest = not values.from and context.now - RETENTION + MARGIN or nil, organization = values.organization,
    against = specs, against_name = values.against })
  context:clear()
  if not report then
    local status, tracks = require "cloudaudit.cli.status", require "cloudaudit.cli.tracks"
    status.raise(tracks.problem(err, false, values.against))
  end
  print_results(context, writer, report)
  summarize(context, report)
  return require("cloudaudit.cli.findings").status(report, values.fail_on or "medium")
end

return check
