-- The time by the service's clock: this machine's, corrected by what responses told. Times that are relative to now use
-- it, so that a wrong local clock neither hides events nor repeats them. Only the Date of a verified TLS connection
-- counts: over plain HTTP the local clock is all there is.
--
-- The core corrects the timestamps of signatures when the service refuses one; that correction is followed here. A
-- smaller difference, which the service tolerates in signatures, is learned from the Date of any response.
local clock = {}

--- Differences up to this many seconds come from whole seconds and from the way; a larger one is a wrong clock.
clock.FEW = 5
local FEW = clock.FEW
-- The service tolerates 300 s. A Date that differs by more from the timestamps that it accepts cannot be its own.
local TOLERATED = 300 + FEW

--- Seconds to add to the local clock.
function clock.offset(session)
  return session.clock_offset or 0
end

--- Epoch seconds by the service's clock.
function clock.now(session)
  return session.clock() + (session.clock_offset or 0)
end

local function warn(session, offset)
  local log = session.settings.log
  if log and not session.clock_warned then
    session.clock_warned = true
    log("warn", ("the local clock is %.0f s %s the service's: times are corrected, set the clock (NTP)"):format(
      math.abs(offset), offset > 0 and "behind" or "ahead of"))
  end
end

--- Learns from a response over TLS: `told` is by how many seconds its Date was ahead of the local clock, at most a
-- second too few, since Date is cut off to whole seconds; false when it is too inexact. Sets session.clock_right when
-- the local clock is: then a Date that agrees with it teaches nothing.
function clock.learn(session, told)
  local offset = session.clock_offset or 0
  local signed = session.core and session.core:clock_offset() or 0
  if told and math.abs(told - signed) <= TOLERATED then
    session.clock_known = true
    if math.abs(told - offset) > FEW then
      offset = math.abs(told) > FEW and told or 0
    end
  elseif math.abs(signed - offset) > TOLERATED then
    offset = signed
  end
  session.clock_offset = offset
  session.clock_right = session.clock_known and offset == 0 and signed == 0
  if offset ~= 0 then
    warn(session, offset)
  end
end

return clock
