-- Reads that the service throttles: waits and asks again, for as long as --patience allows.
local clients = require "cloudaudit.cli.client"
local core = require "cloudaudit.core"

local patience = {}

local PATIENCE = 300
local FIRST_WAIT, LONGEST_WAIT = 1, 30

--- Whether the rate limit is why a call failed: the service's, or the client's own, which is slower after throttling
-- and can use up the deadline before anything is sent.
function patience.is_throttling(err)
  return err.kind == "throttled" or err.kind == "timeout" and err.outcome == "not_sent" and err.attempts == 0
end

--- Waits until the service may be asked again; false when the patience is over. `state` is a table of the caller's, one
-- for each read: it keeps when the patience ends and how long the last wait was.
function patience.wait(context, state)
  local now = core.monotonic()
  state.ends = state.ends or now + (context.values.patience or PATIENCE)
  local left = state.ends - now
  if left <= 0 then
    return false
  end
  if not context.noted_throttling then
    context.noted_throttling = true
    context:note("note: the service limits the rate; waiting")
  end
  state.wait = math.min((state.wait or FIRST_WAIT / 2) * 2, LONGEST_WAIT)
  -- Half of it is certain, so that two programs that were throttled together do not come back together.
  clients.sleep(context, math.min(state.wait * (1 + math.random()) / 2, left))
  return true
end

--- Calls fn(...), which returns a value or nil, message, err, until it is not throttled or the patience is over. Values
-- that are wrong are wrong usage; see clients.checked.
function patience.read(context, fn, ...)
  local state = {}
  while true do
    local value, message, err = clients.checked(fn, ...)
    if value ~= nil or not err or not patience.is_throttling(err) or not patience.wait(context, state) then
      return value, message, err
    end
  end
end

return patience
