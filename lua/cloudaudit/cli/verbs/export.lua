-- cloudaudit export: keeps events beyond the 90 days of the service, in a folder or a database.
local export = {}

export.summary = "Keep events in a folder or a database; the same command resumes"
export.examples = {
  "cloudaudit export ./archive --since 90d      # then hourly without --since",
  "cloudaudit export audit.db --since 90d",
  "cloudaudit export ./ocsf --since 7d --format ocsf",
}
export.text = "The first run needs --since, later ones go on to now: each event is exported once, whatever ended the "
  .. "runs before, and events that appear up to 15 minutes late are found. A folder gets gzip-compressed JSON lines, a "
  .. "file a day and run (dt=2026-01-31/part-000017.jsonl.gz), which DuckDB, ClickHouse, Spark and zcat read as they "
  .. "are; a name that ends with .db is a SQLite database with the table events. A row has the members of the JSON "
  .. "lines, and raw, the record's text. Later runs need the same filter and format."
export.filter = true
export.positionals = {
  { name = "place", value = "DIR|FILE.db", doc = "a folder, or a file whose name ends with .db" },
}
export.options = {
  { name = "format", value = "FORMAT", choices = { "jsonl", "ocsf" },
    doc = "lines of a folder: jsonl (default), or OCSF 1.8.0" },
  { name = "no-gzip", doc = "do not compress" },
  { name = "part-size", value = "MB", type = "size", doc = "bytes that are read between two commits, which an "
    .. "interruption costs at most; default 16" },
  { name = "parallel", value = "N", type = "positive", max = 64,
    doc = "slices of the time range to read in parallel, at most 64" },
  { name = "fresh", doc = "begin a new export, and fail where one is already" },
  { name = "from", value = "PATH", doc = "refused: an export is made from the service" },
  { name = "accept-gap", doc = "go on although events since the last run are older than 90 days and lost" },
}
export.statuses = { { 8, "also: another export writes there" } }

local MEGABYTE = 1e6
local PART_SIZE = 16

-- Events after which the state is brought up to date, so that it forgets those that cannot come again.
local FOLLOW = 1000

-- ---- before anything is written ----------------------------------------------------------------

-- The module that writes to the place, after a look for what it needs.
local function target_of(context)
  local status, values = require "cloudaudit.cli.status", context.values
  if not require("cloudaudit.export.files").luv() then
    status.needs("export", "luv")
  elseif values.place:find("%.db$") then
    local database = require "cloudaudit.export.database"
    if not database.is_there() then
      status.needs("export", "luasql.sqlite3")
    end
    for _, name in ipairs{ "format", "no_gzip", "part_size" } do
      if values[name] and values[name] ~= "jsonl" then
        status.usage(("--%s: for a folder only, not for a database"):format((name:gsub("_", "-"))))
      end
    end
    return database
  end
  if not values.no_gzip and not require("cloudaudit.export.gzip").is_there() then
    status.needs("export", "zlib")
  end
  return require "cloudaudit.export.folder"
end

-- The state that a new export begins with.
local function wanted_state(context, since)
  local values = context.values
  return require("cloudaudit.export.state").new{ since = since or 0, format = values.format or "jsonl",
    filter = require("cloudaudit.cli.filter").text(context), gzip = not values.no_gzip,
    redacted = not values.no_redact }
end

local function options_of(held)
  local text = (held.filter ~= "" and held.filter .. " " or "") .. "--format=" .. held.format
  return text .. (held.gzip and "" or " --no-gzip") .. (held.redacted and "" or " --no-redact")
end

-- Why the export `held` is not the one that is wanted, and a hint; nil when it is.
local function difference(context, held, wanted)
  local times, values = require "cloudaudit.cli.times", context.values
  if options_of(held) ~= options_of(wanted) then
    return ("%s was begun with the options %s, now they are %s"):format(values.place, options_of(held),
      options_of(wanted)), "repeat those options, or export to another place"
  elseif values.since and wanted.since < held.since then
    return ("--since: %s begins at %s, which is later than %s"):format(values.place,
      times.show(held.since, values.utc), times.show(wanted.since, values.utc)),
      "go on without --since, or export to another place"
  end
end

-- The state to go on from: `held`, or nil for a new export. Ends the command when the place and the options do not fit
-- together.
local function choose_state(context, target, held, wanted)
  local status, values = require "cloudaudit.cli.status", context.values
  if held then
    local message, hint = difference(context, held, wanted)
    if values.fresh then
      status.usage(("--fresh: %s is an export already"):format(values.place),
        "go on without --fresh, or export to another place")
    elseif message and held.count == 0 and values.since then
      return nil -- the first run failed before it had an event
    elseif message then
      status.usage(message, hint)
    end
    return held
  end
  local free, wrong = target.is_free(values.place)
  if not free then
    status.usage(("%s: %s"):format(values.place, wrong), "export to an empty place")
  elseif not values.since then
    status.usage(("--since: needed for the first export to %s"):format(values.place), "such as --since 90d")
  end
  return nil
end

-- The first second to read, and a note if a part of what was not read yet is lost. Ends the command when that is not
-- accepted.
local function first_second(context, held, since, to)
  local filter, status = require "cloudaudit.cli.filter", require "cloudaudit.cli.status"
  local times, utc = require "cloudaudit.cli.times", context.values.utc
  if not held then
    return filter.check_retention(context, since, to)
  end
  local earliest = filter.earliest(context.now)
  if held.position >= earliest then
    return held.position
  end
  local lost = ("events from %s to %s are lost: they are older than 90 days"):format(times.show(held.position, utc),
    times.show(earliest - 1, utc))
  if not context.values.accept_gap then
    status.usage(lost, "--accept-gap goes on without them")
  end
  return earliest, "note: " .. lost
end

-- ---- writing -----------------------------------------------------------------------------------

local function written(sink, done, message)
  if not done then
    sink:discard()
    require("cloudaudit.cli.status").raise(8, message)
  end
end

-- Reads the events of a request into the sink.
local function copy(context, sink, state, request)
  local reading = require "cloudaudit.cli.reading"
  local left = request.max or math.huge
  request.max = nil -- events that are there already do not count
  local last, count = nil, 0
  -- The state follows the reading. What it then forgets is behind the position, whether or not it is committed.
  local function follow(finished)
    local edge
    edge, last = reading.position(request)
    local now = request.up_to_now and last or context.now
    if finished then
      state:finish(last, now)
    else
      state:advance(edge, now)
    end
  end
  local function keep_what_was_read()
    follow()
    written(sink, sink:commit(state))
  end
  reading.each(context, request, function(event, level)
    if not sink:fits(event) then
      keep_what_was_read()
    elseif count % FOLLOW == 0 then
      follow()
    end
    count = count + 1
    if state:take(event, last) then
      written(sink, sink:add(state, event, level))
      left = left - 1
    end
    if left == 0 then
      return false
    elseif sink:is_full() then
      keep_what_was_read()
    end
  end, keep_what_was_read)
  follow(left > 0)
  written(sink, sink:commit(state))
end

local function summary(context, before, state, started)
  local core, times = require "cloudaudit.core", require "cloudaudit.cli.times"
  local grouped = require "cloudaudit.cli.grouped"
  local utc = context.values.utc
  local text = grouped(state.count - before.count) .. " events"
  if not context.values.place:find("%.db$") then
    text = ("%s in %s files"):format(text, grouped(state.parts - before.parts))
  end
  if state.first then
    text = ("%s; %s ... %s"):format(text, times.show(state.first, utc), times.show(state.last, utc))
  end
  return ("%s; %.1f s"):format(text, core.monotonic() - started)
end

local function run(context, sink, target, request)
  local core, status = require "cloudaudit.core", require "cloudaudit.cli.status"
  local started, values = core.monotonic(), context.values
  local held, message = sink:read()
  if message then
    status.raise(8, message)
  end
  local wanted = wanted_state(context, request.given_since)
  held = choose_state(context, target, held, wanted)
  local note
  request.since, note = first_second(context, held, request.given_since, request["until"])
  if note then
    context:note(note)
  end
  local state = held or wanted
  written(sink, sink:begin(state, { limit = (values.part_size or PART_SIZE) * MEGABYTE,
    line = require("cloudaudit.cli.export_line").of(state.format) }))
  if request["until"] < request.since and not request.up_to_now then
    context:note("nothing to do: the export is complete up to --until")
    return
  end
  state.position = math.max(state.position, request.since)
  require("cloudaudit.cli.progress").attach(context, request)
  local before = { count = state.count, parts = state.parts }
  copy(context, sink, state, request)
  if context:is_terminal(2) then
    context:note(summary(context, before, state, started))
  end
end

--- Runs the verb; see verbs/init.lua.
function export.run(context)
  local filter, status = require "cloudaudit.cli.filter", require "cloudaudit.cli.status"
  local values = context.values
  values.place = values.place:gsub("(.)/+$", "%1")
  if values.place == "" then
    status.usage("DIR|FILE.db: the name of a folder or a file expected")
  end
  if values.from then
    status.usage("--from: an export is made from the service", "other tools convert exports: see doc/export.md")
  end
  local target = target_of(context)
  local request = filter.conditions(context)
  request.given_since, request["until"] = filter.given_range(context)
  request.order, request.parallel, request.up_to_now = "oldest", values.parallel, not values["until"]
  local held, message = target.read(values.place)
  if message then
    status.raise(8, message)
  end
  held = choose_state(context, target, held, wanted_state(context, request.given_since))
  first_second(context, held, request.given_since, request["until"])
  local sink
  sink, message = target.open(values.place)
  if not sink then
    status.raise(8, message)
  end
  -- Whatever is raised goes on; only the lock is released before. What a chunk left behind is for the next run.
  local done, problem = pcall(run, context, sink, target, request)
  sink:close()
  if not done then
    error(problem, 0)
  end
  return 0
end

return export
