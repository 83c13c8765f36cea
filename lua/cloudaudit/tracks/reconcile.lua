-- Finds out what became of a create whose answer was lost, by looking only: it never creates. A request
-- that is on its way somewhere can take effect until its signature expires, so that "it is not there" is
-- only believed after that.
local calls = require "cloudaudit.tracks.calls"
local validate = require "cloudaudit.validate"
local core = require "cloudaudit.core"
local diff = require "cloudaudit.tracks.diff"
local errors = require "cloudaudit.errors"
local session = require "cloudaudit.session"
local convert = require "cloudaudit.tracks.convert"
local time = require "cloudaudit.time"

local reconcile = {}

-- The service refuses a timestamp that is older than this by its own clock; a little more for its rounding.
local FENCE = 300 + 5
-- As far as this machine's clock may be ahead of the service's, when the service does not tell its time.
local SKEW = 300

local DELAYS = { 0.5, 1, 2, 4, 8 }
local LATER = 30

--- Seconds that looking may take when nothing says otherwise.
reconcile.WAIT = 10

--: class Reconciled  what is known of it
--:   track Track?
--:   differences Difference[]?
--:   ids (integer|string)[]?
--:   retry_after number?
-- "likely" when the track was made after the request was signed, "no" when it is older. The service tells
-- the time of creation without a zone, presumably its own.
local function created_by_us(track, intent)
  local earliest = time.service(intent.timestamp - 5)
  return type(track.created_at) == "string" and track.created_at >= earliest and "likely" or "no"
end

local function ids_of(tracks)
  local ids = {}
  for index, track in ipairs(tracks) do
    ids[index] = track.id
  end
  return ids
end
reconcile.ids_of = ids_of

-- What the tracks of the wanted name say: outcome, detail; nothing when there is none (any more).
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

--- Calls look() until it says that it is done, for `wait` seconds at the most: it returns done and, if it knows,
-- the seconds until looking again is of use; or nil, message, err. Waits longer from time to time.
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
    if not now then -- closed or cancelled while it looked
      return nil, message, err
    end
    local left = started + wait - now
    if done or left <= 0 then
      return true
    end
    turn = turn + 1
    local delay = (DELAYS[turn] or LATER) * (0.75 + 0.5 * self.random())
    local slept
    slept, message, err = session.sleep(self, math.max(math.min(delay, left, soon or left), 0.05))
    if not slept then
      return nil, message, err
    end
  end
end

--- The tracks of a name, asked for until there is one: list, nil, nil and the service's time, or nil, message, err.
-- `enough(date)` may end it before: done and seconds, as for poll.
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

--- What became of a create: "created" and the track (adopted = true), "absent" and a table, "conflict" and
-- {track, differences}, "duplicate" and {ids}, "unknown" and {retry_after}; nil, message, err when it could
-- not look. `params` are those of the create.
function reconcile.run(self, method, intent, params, wait)
  local wanted = convert.from_wire(params)
  -- Seconds until the lost request can have no effect any more, by the service's clock.
  local function left(date)
    local now = date or self.clock() - SKEW
    return intent.timestamp + FENCE - now
  end
  local named, message, err, date = reconcile.await_name(self, method, params.Name, wait, function(told)
    return left(told) < 0, left(told) + 1
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

--: class Intent  a create whose outcome is to be found out; JSON-safe
local INTENT = {
  { name = "action", type = "string", required = true },
  { name = "body", type = "string", required = true },
  { name = "timestamp", type = "count", required = true },
}
local OPTIONS = { { name = "wait", type = "seconds" } }

-- An intent may be a whole prepared request: other members are left alone.
local function read_intent(intent)
  if type(intent) ~= "table" then
    return errors.misuse("reconcile: intent expected (err.intent of a create), got " .. type(intent))
  end
  for _, row in ipairs(INTENT) do
    local ok, message, err = validate.value("reconcile.intent", row, intent[row.name])
    if not ok then
      return nil, message, err
    end
  end
  if intent.action ~= "CreateAuditTrack" and intent.action ~= "CreateEventsAuditTrack" then
    return errors.misuse("reconcile.intent.action: a create of a tracking set expected", "intent.action")
  end
  local params = core.decode(intent.body)
  local ok = type(params) == "table" and core.check(intent.action .. "Request", params, intent.action, false, true)
  if not ok or type(params.Name) ~= "string" or type(params.Storage) ~= "table" then
    return errors.failure{ kind = "validation", field = "intent.body",
      message = "reconcile.intent.body: the body of a create expected" }
  end
  return params
end

--- Finds out what became of a create whose outcome is unknown: `intent` is its err.intent (or what on_request was
-- told, or a prepared request), perhaps saved by another process. Looks only, for `wait` seconds at the most
-- (10 by default). Returns "created" and the track, "absent" and {} (nothing was created, and nothing will be),
-- "conflict" and {track, differences} (the name is held by a track with other settings), "duplicate" and {ids}
-- (several tracks have the name), or "unknown" and {retry_after} in seconds.
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
