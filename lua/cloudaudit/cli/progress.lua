-- Progress of a reading on standard error: on a terminal a line that is rewritten, from the first second on; elsewhere,
-- with --progress, a plain line every 10 s.
local core = require "cloudaudit.core"
local grouped = require "cloudaudit.cli.grouped"
local times = require "cloudaudit.cli.times"
local width = require "cloudaudit.cli.width"

local progress = {}

local Progress = {}
Progress.__index = Progress

local FIRST = 1
local INTERVAL = 1 / 4
local PLAIN_INTERVAL = 10

--- Attaches a progress to the context for a reading from `since` to `to`, in its order; none when nobody would see it.
function progress.attach(context, request)
  local live = not context.values.quiet and context:is_terminal(2)
    and require("cloudaudit.cli.terminal").luv() ~= nil
  if not live and not context.values.progress then
    return
  end
  local now = core.monotonic()
  context.progress = setmetatable({ context = context, since = request.since, to = request["until"],
    oldest = request.order == "oldest", live = live, started = now, due = now + (live and FIRST or PLAIN_INTERVAL),
    count = 0 }, Progress)
end

local function left_text(seconds)
  if seconds >= 90 then
    return ("%d min left"):format(math.floor(seconds / 60 + 1 / 2))
  end
  return ("%d s left"):format(math.ceil(seconds))
end

local function text_of(self, now, waiting)
  local utc = self.context.values.utc
  local parts = { grouped(self.count) .. " events" }
  if self.at and self.since then -- without a beginning there is no fraction
    local span = math.max(self.to - self.since, 1)
    local done = self.oldest and self.at - self.since or self.to - self.at
    local fraction = math.max(0, math.min(1, done / span))
    local from, to = self.oldest and self.since or self.to, self.at
    parts[#parts + 1] = ("%s → %s"):format(times.show(from, utc):sub(1, 10), times.show(to, utc):sub(1, 10))
    parts[#parts + 1] = ("%d %%"):format(math.floor(fraction * 100))
    parts[#parts + 1] = ("%d/s"):format(math.floor(self.count / math.max(now - self.started, 1e-3) + 1 / 2))
    if fraction > 0 then
      parts[#parts + 1] = left_text((now - self.started) * (1 - fraction) / fraction)
    end
  end
  parts[#parts + 1] = waiting and "(waiting for the rate limit)" or nil
  return table.concat(parts, "  ")
end

--- Counts an event (its time), or with nil and `waiting` tells that the reading waits.
function Progress:update(time, waiting)
  if not waiting then
    self.count, self.at = self.count + 1, time or self.at
  end
  local now = core.monotonic()
  if now < self.due then
    return
  end
  self.due = now + (self.live and INTERVAL or PLAIN_INTERVAL)
  local text = text_of(self, now, waiting)
  if self.live then
    local columns = require("cloudaudit.cli.terminal").width()
    self.context.err:write("\r", width.cut(text, columns - 1), "\27[K")
    self.shown = true
  else
    self.context.err:write(text, "\n")
  end
end

--- Removes the line, before something else is written to the terminal.
function Progress:clear()
  if self.shown then
    self.context.err:write("\r\27[K")
    self.shown = false
  end
end

return progress
