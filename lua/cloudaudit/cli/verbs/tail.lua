-- cloudaudit tail: follows events.
local tail = {}

tail.summary = "Follow events as they appear"
tail.examples = {
  "cloudaudit tail --event DeleteBucket,DeleteAuditTrack",
  "cloudaudit tail --checkpoint tail.json --exec notify-oncall",
  "cloudaudit tail --check --checkpoint tail.json --exec notify-oncall",
  "cloudaudit tail --event RunInstances --max 1 --timeout 10m || echo 'not seen'",
}
tail.text = "Starts now, or at --since. Events appear minutes late; a terminal marks those that do. The checkpoint "
  .. "is written after the events were printed (with --exec: after the command ended with 0), so that across restarts "
  .. "each event comes at least once, and only what was in flight comes again. Throttling and network trouble are "
  .. "waited out. Formats are table, jsonl, csv and ocsf: a JSON array would never end."
tail.filter = true
tail.formats = { "table", "jsonl", "csv", "ocsf" } -- a JSON array would never end
tail.options = {
  { name = "interval", value = "S", type = "seconds", doc = "seconds between two polls; default 10" },
  { name = "lag", value = "S", type = "seconds", doc = "how late an event may appear, in seconds; default 900" },
  { name = "checkpoint", value = "FILE", doc = "resume from this file, and keep it up to date" },
  { name = "exec", value = "CMD", doc = "run CMD in a shell for each event, one at a time, with its JSON on standard "
    .. "input and CLOUDAUDIT_EVENT, CLOUDAUDIT_USER and CLOUDAUDIT_ID set; its output goes to standard error; after "
    .. "three failures the verb ends" },
  { name = "check", value = "ID[,ID]", type = "names", optional = "activity", doc = "findings of activity rules in "
    .. "place of events, for CMD too; see cloudaudit check --list. Those that compare with earlier days are left out" },
  { name = "timeout", value = "T", type = "duration", doc = "end after this time" },
  { name = "until", value = "T", doc = "refused: tail has no end; see --timeout and --max" },
  { name = "from", value = "PATH", doc = "refused: an export does not go on; see events --from" },
}
tail.statuses = { { 4, "--timeout was over before --max events came" },
  { 1, "the command of --exec failed three times for one event" } }

local LATE = 300
local FIRST_WAIT, LONGEST_WAIT = 1, 30
local INTERVAL = 10

-- ---- following ---------------------------------------------------------------------------------

local function open(context, request, saved)
  local clients, status = require "cloudaudit.cli.client", require "cloudaudit.cli.status"
  local values, client, tails = context.values, context:client(), {}
  if saved and #saved ~= #request.queries then
    status.usage("--checkpoint: the file belongs to another filter (with or without --resource)")
  end
  for index, where in ipairs(request.queries) do
    local made, _, err = clients.checked(client.tail, client, { since = not saved and request.since or nil,
      checkpoint = saved and saved[index], where = where, filter = request.filter, lag = values.lag,
      interval = values.interval })
    if not made then
      status.raise(status.of(err), (status.message(err):gsub("^tail%.([a-z_]+)", "--%1")), err.hint)
    end
    tails[index] = made
  end
  return tails
end

-- One poll of a tail that waits out throttling and network trouble, with one note; nil when the time is over.
local function poll(context, each, ends)
  local clients, core, status = require "cloudaudit.cli.client", require "cloudaudit.core",
    require "cloudaudit.cli.status"
  local wait, noted = FIRST_WAIT, false
  while true do
    local events, more, err = each:poll()
    if events then
      return events, more
    end
    local number = status.of(err)
    if number ~= 5 and number ~= 6 and not err.retryable then
      status.fail(err)
    elseif core.monotonic() >= ends then
      return nil
    elseif not noted then
      context:note(("note: %s; waiting"):format(status.message(err)))
      noted = true
    end
    clients.sleep(context, math.min(wait * (1 + math.random()) / 2, math.max(ends - core.monotonic(), 0)))
    wait = math.min(wait * 2, LONGEST_WAIT)
  end
end

-- The new events of all tails, by time, each once; and whether more can be had at once. nil when the time is over.
local function poll_all(context, tails, ends)
  local found, more, known = {}, false, {}
  for _, each in ipairs(tails) do
    local events, again = poll(context, each, ends)
    if not events then
      return nil
    end
    more = more or again
    for _, event in ipairs(events) do
      if not event.id or not known[event.id] then
        found[#found + 1] = event
        known[event.id or event] = true
      end
    end
  end
  if #tails > 1 then
    table.sort(found, function(a, b)
      return (a.time or 0) < (b.time or 0) or a.time == b.time and (a.id or "") < (b.id or "")
    end)
  end
  return found, more
end

-- A line "late 7m" below an event on a terminal, if it appeared late. Those of the past, with which a tail begins, did
-- not.
local function late_mark(context, event, caught_up)
  local late = event.time and require("cloudaudit.core").time() - event.time or 0
  if not caught_up or late < LATE or not context:is_terminal(1) then
    return nil
  end
  return { ("  late %s"):format(late < 7200 and ("%dm"):format(math.floor(late / 60))
    or ("%dh"):format(math.floor(late / 3600))) }
end

-- Prints a row and hands it to --exec.
local function show(context, follow, event, row, after)
  follow.writer:add(row, after)
  follow.writer:flush()
  if context.values.exec then
    local line = require("cloudaudit.cli.format").object(row, follow.shape.members)
    require("cloudaudit.cli.exec").run(context, event, line)
  end
end

-- Shows an event, or with --check the findings that begin with it; returns how many rows that were.
local function show_event(context, follow, event)
  event = context.values.no_redact and event or require("cloudaudit").redact(event, { level = "secrets" })
  if not follow.watch then
    show(context, follow, event, require("cloudaudit.cli.event_shape").row(event, nil, context),
      late_mark(context, event, follow.caught_up))
    return 1
  end
  local found = follow.watch:add(event)
  for _, finding in ipairs(found) do
    show(context, follow, event, require("cloudaudit.cli.findings").row(finding))
  end
  return #found
end

-- Shows the events of a poll; returns how many rows there were, and whether they reached `most`: later events then
-- wait.
local function deliver(context, follow, events, most)
  local count = 0
  for _, event in ipairs(events) do
    if not follow.position or not follow.position:has(event) then
      count = count + show_event(context, follow, event)
      if follow.position then
        follow.position:delivered(event, context.values.exec ~= nil)
      end
      if count >= most then
        return count, true
      end
    end
  end
  return count, false
end

-- The watch of --check, and the shape of what is shown.
local function prepare(context)
  local wanted = context.values.check
  if not wanted then
    return nil, require("cloudaudit.cli.event_shape").of(context)
  end
  local findings = require "cloudaudit.cli.findings"
  return findings.checked({ ["watch.checks"] = "--check" }, require("cloudaudit").watch, { checks = wanted }),
    findings.SHAPE
end

local function check_options(context)
  if context.values["until"] then
    require("cloudaudit.cli.status").usage("--until: tail has no end; use --timeout or --max, or cloudaudit events")
  elseif context.values.from then
    require("cloudaudit.cli.status").usage("--from: an export does not go on; use cloudaudit events --from")
  elseif context.values.check and context.format == "ocsf" then
    require("cloudaudit.cli.status").usage("--check: findings are no OCSF events; use -o jsonl")
  end
end

--- Runs the verb; see verbs/init.lua.
function tail.run(context)
  local clients, core = require "cloudaudit.cli.client", require "cloudaudit.core"
  local values = context.values
  check_options(context)
  local position = values.checkpoint and require("cloudaudit.cli.checkpoint").read(values.checkpoint)
  local watch, shape = prepare(context)
  local request = require("cloudaudit.cli.filter").read(context, "0s")
  local tails = open(context, request, position and position.saved)
  local follow = { position = position, caught_up = false, watch = watch, shape = shape,
    writer = require("cloudaudit.cli.format").new(context, shape) }
  local ends, left = values.timeout and core.monotonic() + values.timeout or math.huge, values.max or math.huge
  while true do
    if position then
      position:begin(tails)
    end
    local events, more = poll_all(context, tails, ends)
    local count, cut = deliver(context, follow, events or {}, left)
    left = left - count
    if position and events then
      position:save(not cut and tails or nil)
    end
    if left <= 0 then
      return 0
    elseif core.monotonic() >= ends then
      return values.max and 4 or 0
    elseif not more then
      follow.caught_up = true
      clients.sleep(context, math.min(values.interval or INTERVAL, math.max(ends - core.monotonic(), 0)))
    end
  end
end

return tail
