-- Finds out whether a create with an unknown outcome took effect. Reads only, never creates. A delayed request
-- can take effect until its signature expires, so that "absent" is reported only after that.
local calls = require "cloudaudit.tracks.calls"
local validate = require "cloudaudit.validate"
local core = require "cloudaudit.core"
local diff = require "cloudaudit.tracks.diff"
local errors = require "cloudaudit.errors"
local session = require "cloudaudit.session"
local tracks = require "cloudaudit.tracks.track"

local reconcile = {}

-- The service rejects a timestamp older than 300 s by its own clock; the rest allows for rounding.
local FENCE = 300 + 5
-- How far this machine's clock may be ahead of the service's, when a response has no usable Date.
local SKEW = 300

local DELAYS = { 1 / 2, 1, 2, 4, 8 }
local LATER = 30

--- Default of the option wait, in seconds.
reconcile.WAIT = 10

--: class Reconciled  detail of an outcome of reconcile
--:   track Track?
--:   differences Difference[]?
--:   ids (integer|string)[]?
--:   retry_after number?
-- "likely" when the track was created after the request was signed, "no" when it is older or its time of
-- creation cannot be read.
local function created_by_us(track, intent)
  return track.created_at and track.created_at >= intent.timestamp - 5 and "likely" or "no"
end

local function ids_of(list)
  local ids = {}
  for index, track in ipairs(list) do
    ids[index] = track.id
  end
  return ids
end
reconcile.ids_of = ids_of

-- The outcome and its detail, given the tracks that have the name; nothing when there are none (any more).
local function judge(self, method, wanted, intent, named)
  if #named == 0 then
    return nil
  elseif #named > 1 then
    return "duplicate", { ids = ids_of(named) }
  end
  local track, message, err = calls.get(self, method, named[1].id)
  if not track then
    if err:is("ResourceNotFound") then
      return nil
    end
    return nil, message, err
  end
  local differences = diff.compare(wanted, track)
  if #differences > 0 then
    return "conflict", { track = track, differences = differences }
  end
  track.adopted = true
  track.created_by_us = created_by_us(track, intent)
  return "created", track
end

--- Calls look() with backoff until it returns true, for at most `wait` seconds. look() returns true or false
-- and, if known, the seconds until the next look is useful; or nil, message, err, which ends the loop.
function reconcile.poll(self, wait, look)
  local started, message, err = session.now(self)
  if not started then
    return nil, message, err
  end
  local turn = 0
  while true do
    local done, soon
    done, soon, err = look()
    if done == nil then
      return nil, soon, err
    end
    local now
    now, message, err = session.now(self)
    if not now then -- closed or cancelled during the look
      return nil, message, err
    end
    local left = started + wait - now
    if done or left <= 0 then
      return true
    end
    turn = turn + 1
    local delay = (DELAYS[turn] or LATER) * (3 / 4 + self.random() / 2)
    local slept
    slept, message, err = session.sleep(self, math.max(math.min(delay, left, soon or left), 1 / 20))
    if not slept then
      return nil, message, err
    end
  end
end

--- Lists until a track has the name: the tracks of that name, nil, nil and the service's time; or nil, message,
-- err. `enough(date)` can end the wait early; it returns as look of poll does.
function reconcile.await_name(self, method, name, wait, enough)
  local named, date
  local ok, message, err = reconcile.poll(self, wait, function()
    local problem, why
    named, problem, why, date = calls.all(self, method, name)
    if not named then
      return nil, problem, why
    elseif #named > 0 or not enough then
      return #named > 0
    end
    return enough(date)
  end)
  if not ok then
    return nil, message, err
  end
  return named, nil, nil, date
end

--- The outcome of a create and its detail, as reconcile returns them; nil, message, err when reading failed.
-- `params` are the parameters of the create.
function reconcile.run(self, method, intent, params, wait)
  local wanted = tracks.from_wire(params)
  -- Seconds until the request can no longer take effect, by the service's clock.
  local function left(date)
    local now = date or self.clock() - SKEW
    return intent.timestamp + FENCE - now
  end
  local named, message, err, date = reconcile.await_name(self, method, params.Name, wait, function(at)
    return left(at) < 0, left(at) + 1
  end)
  if not named then
    return nil, message, err
  end
  local outcome, detail
  outcome, detail, err = judge(self, method, wanted, intent, named)
  if outcome or err then
    return outcome, detail, err
  elseif left(date) < 0 then
    return "absent", {}
  end
  return "unknown", { retry_after = left(date) + 1 }
end

-- ---- the method ------------------------------------------------------------------------------

--: class Intent  record of a create, for reconcile; JSON-safe
local INTENT = {
  { name = "action", lua = "string", required = true, one_of = { "CreateAuditTrack", "CreateEventsAuditTrack" } },
  { name = "body", type = "string", required = true },
  { name = "timestamp", type = "count", required = true },
}
local OPTIONS = { { name = "wait", type = "seconds" } }

-- An intent may be a whole prepared request: other members are ignored.
local function read_intent(intent)
  if type(intent) ~= "table" then
    return errors.misuse("reconcile: intent expected (err.intent of a create), got " .. type(intent))
  end
  local ok, message, err = validate.values("reconcile.intent", intent, INTENT)
  if not ok then
    return nil, message, err
  end
  local params = core.decode(intent.body)
  ok = type(params) == "table" and core.check(intent.action .. "Request", params, intent.action, false, true)
  if not ok or type(params.Name) ~= "string" or type(params.Storage) ~= "table" then
    return errors.failure{ kind = "validation", field = "intent.body",
      message = "reconcile.intent.body: JSON body of a create expected" }
  end
  return params
end

--- Determines the outcome of a create that failed with outcome "unknown". `intent` is its err.intent, the
-- argument of on_request, or a prepared request, possibly saved by another process. Reads only, for at most `wait`
-- seconds (default 10). Returns "created" and the track (adopted = true), "absent" and {} (nothing was created, and
-- the request can no longer take effect), "conflict" and {track, differences} (a track with other settings has the
-- name), "duplicate" and {ids} (several tracks have the name), or "unknown" and {retry_after} in seconds.
--: Client:reconcile(intent: Intent, options?: {wait?: number}) ->
--:   "created"|"absent"|"conflict"|"duplicate"|"unknown", Track|Reconciled | failure
function reconcile.reconcile(self, intent, options)
  local ok, message, err = validate.fields("reconcile", options == nil and {} or options, OPTIONS, "option")
  local params
  if ok then
    params, message, err = read_intent(intent)
  end
  if not params then
    return nil, message, err
  end
  return reconcile.run(self, "reconcile", intent, params, options and options.wait or reconcile.WAIT)
end

return reconcile
