-- Times that are relative to now, when the local clock may be wrong: a query is resolved by the time that is known, and
-- again when the first response tells a better one.
local clock = require "cloudaudit.clock"
local sessions = require "cloudaudit.session"

local present = {}

-- Default of the option max_skew.
local MAX_SKEW = 86400

--- Makes one small request if no response has told the service's time yet, at most once per session.
function present.confirm(session)
  if not session.clock_known and not session.clock_asked then
    session.clock_asked = true
    local now = math.floor(clock.now(session))
    sessions.call(session, "DescribeEvents", { StartTime = now - 1, EndTime = now, MaxResults = 1 })
  end
end

--- Runs read(now), which returns nil, message, err for times that do not fit. If a local clock that is wrong by up to
-- max_skew could be the reason, asks the service for its time before it fails.
function present.resolve(session, read)
  local now = clock.now(session)
  local value, message, err = read(now)
  if value or err.kind == "misuse" then
    return value, message, err
  end
  -- A few seconds are never corrected: with times so near to the limit there is nothing to ask.
  local few, skew = clock.FEW, session.settings.max_skew or MAX_SKEW
  if session.clock_known or read(now - few) or read(now + few) or not (read(now - skew) or read(now + skew)) then
    return nil, message, err
  end
  present.confirm(session)
  return read(clock.now(session))
end

--- Runs run(). If a response corrected the clock meanwhile by more than a few seconds, calls shift(seconds), and if
-- that returns true, runs run() again; nil, message, err of shift is returned.
function present.corrected(session, run, shift)
  local before = clock.offset(session)
  local value, message, err = run()
  local moved = clock.offset(session) - before
  if math.abs(moved) <= clock.FEW then
    return value, message, err
  end
  local again, problem, wrong = shift(math.floor(moved + 1 / 2))
  if again then
    return run()
  elseif wrong then
    return nil, problem, wrong
  end
  return value, message, err
end

return present
