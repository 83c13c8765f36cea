-- cloudaudit tail: follows events.
local tail = {}

tail.summary = "Follow events as they appear"
tail.examples = {
  "cloudaudit tail --event DeleteBucket,DeleteAuditTrack",
  "cloudaudit tail --checkpoint tail.json --exec notify-oncall",
  "cloudaudit tail --event RunInstances --max 1 --timeout 10m || echo 'not seen'",
}
tail.text = "Starts now, or at --since. Events appear minutes late; a terminal marks those that are. The checkpoint "
  .. "is written after the events were printed (with --exec: after the command ended with 0), so that across restarts "
  .. "each event comes at least once, and only what was in flight comes again. Throttling and network trouble are waited out."
tail.filter = true
tail.formats = { "table", "jsonl" }
tail.options = {
  { name = "interval", value = "S", type = "seconds", doc = "seconds between two polls; default 10" },
  { name = "lag", value = "S", type = "seconds", doc = "how late an event may appear, in seconds; default 900" },
  { name = "checkpoint", value = "FILE", doc = "resume from this file, and keep it up to date" },
  { name = "exec", value = "CMD", doc = "run CMD in a shell for each event, with its JSON on standard input and "
    .. "CLOUDAUDIT_EVENT, CLOUDAUDIT_USER and CLOUDAUDIT_ID set; after three failures in a row the verb ends with 1" },
  { name = "timeout", value = "T", type = "duration", doc = "end after this time" },
  { name = "until", value = "T", doc = "refused: tail has no end; see --timeout and --max" },
}
tail.statuses = { { 4, "--timeout was over before --max events came" },
  { 1, "the command of --exec failed three times" } }

local LATE = 300
local FIRST_WAIT, LONGEST_WAIT = 1, 30
local TRIES = 3

-- ---- checkpoint --------------------------------------------------------------------------------

-- The checkpoints of the tails, a list; nil without a file.
local function load_checkpoint(path)
  local core, status = require "cloudaudit.core", require "cloudaudit.cli.status"
  local file, message, code = io.open(path, "rb")
  if not file then
    if code == 2 then
      return nil
    end
    status.usage("--checkpoint: " .. message)
  end
  local text = file:read("*a")
  file:close()
  local list = text and core.decode(text)
  if type(list) ~= "table" or type(list[1]) ~= "string" then
    status.usage(("--checkpoint: %s is not a checkpoint of this command"):format(path))
  end
  return list
end

-- Written beside the file and renamed, so that it is whole at any moment.
local function save_checkpoint(path, tails)
  local core, status = require "cloudaudit.core", require "cloudaudit.cli.status"
  local list = {}
  for index, each in ipairs(tails) do
    list[index] = each:checkpoint()
  end
  local beside = path .. ".tmp"
  local file, message = io.open(beside, "wb")
  local done = file
  if file then
    done, message = file:write(core.encode(list))
    local closed, problem = file:close()
    done, message = done and closed, message or problem
  end
  if done then
    done, message = os.rename(beside, path)
  end
  if not done then
    os.remove(beside)
    status.raise(8, "--checkpoint: " .. tostring(message))
  end
end

-- ---- exec --------------------------------------------------------------------------------------

local function quoted(text)
  return "'" .. tostring(text):gsub("%z", ""):gsub("'", "'\\''") .. "'"
end

-- Runs the command for an event; true when it ended with 0.
local function run_command(command, event, line)
  local pipe = io.popen(("CLOUDAUDIT_EVENT=%s CLOUDAUDIT_USER=%s CLOUDAUDIT_ID=%s sh -c %s"):format(
    quoted(event.name or ""), quoted(event.user or ""), quoted(event.id or ""), quoted(command)), "w")
  if not pipe then
    return false
  end
  pipe:write(line, "\n")
  return pipe:close() == true
end

local function exec(context, event, line)
  for attempt = 1, TRIES do
    if run_command(context.values.exec, event, line) then
      return
    elseif attempt < TRIES then
      require("cloudaudit.cli.client").sleep(context, attempt)
    end
  end
  require("cloudaudit.cli.status").raise(1, ("--exec: failed %d times for the event %s"):format(TRIES,
    event.id or "without an id"), "the checkpoint stands before this event")
end

-- ---- following ---------------------------------------------------------------------------------

local function open(context, request)
  local clients, status = require "cloudaudit.cli.client", require "cloudaudit.cli.status"
  local values, client, tails = context.values, context:client(), {}
  local saved = values.checkpoint and load_checkpoint(values.checkpoint) or {}
  for index, where in ipairs(request.queries) do
    local made, _, err = clients.checked(client.tail, client, { since = not saved[index] and request.since or nil,
      checkpoint = saved[index], where = where, filter = request.filter, lag = values.lag, interval = values.interval })
    if not made then
      status.fail(err)
    end
    tails[index] = made
  end
  return tails
end

-- One poll of a tail that waits out throttling and network trouble; nil when the time is over.
local function poll(context, each, ends)
  local clients, core, status = require "cloudaudit.cli.client", require "cloudaudit.core",
    require "cloudaudit.cli.status"
  local wait = FIRST_WAIT
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
    end
    context:note(("note: %s; waiting"):format(status.message(err)))
    clients.sleep(context, math.min(wait * (0.5 + math.random() / 2), math.max(ends - core.monotonic(), 0)))
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

local function late_mark(context, event)
  local late = event.time and require("cloudaudit.core").time() - event.time or 0
  if late < LATE or not context:is_terminal(1) then
    return nil
  end
  return { ("  late %s"):format(late < 7200 and ("%dm"):format(math.floor(late / 60))
    or ("%dh"):format(math.floor(late / 3600))) }
end

--- Runs the verb; see verbs/init.lua.
function tail.run(context)
  local clients, core, status = require "cloudaudit.cli.client", require "cloudaudit.core",
    require "cloudaudit.cli.status"
  local format, shape = require "cloudaudit.cli.format", require "cloudaudit.cli.event_shape"
  local values, redact = context.values, require("cloudaudit").redact
  if values["until"] then
    status.usage("--until: tail has no end; use --timeout or --max, or cloudaudit events")
  elseif values.exec and _VERSION == "Lua 5.1" then
    status.usage("--exec: needs Lua 5.2 or newer, which tells how a command ended")
  end
  local request = require("cloudaudit.cli.filter").read(context, "0s")
  local tails, writer = open(context, request), format.new(context, shape.of(context))
  local ends, count = values.timeout and core.monotonic() + values.timeout or math.huge, 0
  while true do
    local events, more = poll_all(context, tails, ends)
    local cut = false
    for index, event in ipairs(events or {}) do
      event = values.no_redact and event or redact(event, { level = "secrets" })
      local row = shape.row(event)
      writer:add(row, late_mark(context, event))
      writer:flush()
      if values.exec then
        exec(context, event, format.object(row, shape.MEMBERS))
      end
      count = count + 1
      if count == values.max then
        cut = index < #events
        break
      end
    end
    -- What --max cut off must come again.
    if events and values.checkpoint and not cut then
      save_checkpoint(values.checkpoint, tails)
    end
    if values.max and count >= values.max then
      return 0
    elseif core.monotonic() >= ends then
      return values.max and 4 or 0
    elseif not more then
      clients.sleep(context, math.min(values.interval or 10, math.max(ends - core.monotonic(), 0)))
    end
  end
end

return tail
