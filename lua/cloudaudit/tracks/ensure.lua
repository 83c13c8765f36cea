-- Desired state for tracks: compares a spec with the account and applies the minimal change. Never retries
-- an ambiguous create (unless on_unknown says so), never deletes, never reports a differing track as equal.
local calls = require "cloudaudit.tracks.calls"
local validate = require "cloudaudit.validate"
local core = require "cloudaudit.core"
local diff = require "cloudaudit.tracks.diff"
local errors = require "cloudaudit.errors"
local reconcile = require "cloudaudit.tracks.reconcile"
local tracks = require "cloudaudit.tracks.track"
local convert = require "cloudaudit.tracks.convert"

local ensure = {}

--: class EnsureOptions  options of ensure_track
local OPTIONS = {
  { name = "update", type = "boolean" },
  { name = "on_unknown", lua = '"reconcile"|"resend"', one_of = { "reconcile", "resend" } },
  { name = "wait", type = "seconds" },
}

-- Long enough for the signature of a lost request to expire, and for one more look.
local RESEND_WAIT = 330

-- ---- specs and options -----------------------------------------------------------------------

-- A spec, validated as create_track validates it: {action, params, track}.
local function read_spec(self, method, spec)
  local checked = self.settings.validate ~= false
  local action, params, err = convert.to_create(spec, checked, method)
  if not action then
    return nil, params, err
  end
  local ok, fields = core.check(action .. "Request", params, action, checked)
  if not ok then
    return errors.failure(convert.in_our_names(fields, method))
  end
  if params.Name == nil or params.Name == "" then -- possible with validate = false; no track can be found by it
    return errors.misuse(method .. ".name: missing", "name")
  end
  return { action = action, params = params, track = tracks.from_wire(params) }
end

local function read_options(options)
  options = options == nil and {} or options
  local ok, message, err = validate.fields("ensure_track", options, OPTIONS, "option")
  if not ok then
    return nil, message, err
  end
  local resend = options.on_unknown == "resend"
  return { update = options.update ~= false, resend = resend,
    wait = options.wait or resend and RESEND_WAIT or reconcile.WAIT }
end

-- ---- failures --------------------------------------------------------------------------------

local function conflict(method, wanted, found, differences, text, outcome)
  return errors.failure{ kind = "conflict", ids = { found.id }, differences = differences, outcome = outcome,
    request_id = found.request_id,
    message = ("%s: the tracking set %s (%s) %s: %s"):format(method, wanted.params.Name, tostring(found.id), text,
      diff.describe(differences)) }
end

local function duplicate(method, name, ids, outcome)
  local list = {}
  for index, id in ipairs(ids) do
    list[index] = tostring(id)
  end
  return errors.failure{ kind = "conflict", ids = ids, outcome = outcome,
    message = ("%s: %d tracking sets have the name %s: %s"):format(method, #ids, name, table.concat(list, ", ")),
    hint = "delete all but one of them: nothing here deletes on its own" }
end

-- ---- changes ---------------------------------------------------------------------------------

local METHOD = "ensure_track"

-- The track after a modify, as far as known without another call.
local function merged(found, wanted, changed)
  local track = tracks.new{}
  for key, value in pairs(found) do
    track[key] = value
  end
  for key in pairs(changed) do
    track[key] = wanted.track[key]
  end
  track.all_members = wanted.track.all_members or false
  track.request_id = changed.request_id
  return track
end

-- The track, if a modify with an unknown outcome took effect; nil otherwise.
local function look_again(self, wanted, id, wait)
  local seen
  reconcile.poll(self, wait, function()
    local track = calls.get(self, METHOD, id)
    seen = track and #diff.compare(wanted.track, track) == 0 and track or nil
    return seen ~= nil
  end)
  return seen
end

local function modify(self, wanted, options, found, differences)
  local params = diff.params(differences, wanted.params)
  params.TrackId = found.id
  local action = found.filters and "ModifyEventsAuditTrack" or "ModifyAuditTrack"
  local changed, message, err = calls.modify(self, METHOD, action, params)
  if changed then
    changed.id = nil
    return merged(found, wanted, changed), "updated", differences
  elseif err.outcome == "unknown" then
    local track = look_again(self, wanted, found.id, options.wait)
    if track then
      return track, "updated", differences
    end
  end
  err.differences = differences
  return nil, message, err
end

-- Leaves, changes or reports the tracks that have the name. Nothing at all when the track was deleted meanwhile.
local function settle(self, wanted, options, named)
  if #named > 1 then
    return duplicate(METHOD, wanted.params.Name, reconcile.ids_of(named))
  end
  local found, message, err = calls.get(self, METHOD, named[1].id)
  if not found then
    if err:is("ResourceNotFound") then
      return nil
    end
    return nil, message, err
  end
  local differences, other_kind = diff.compare(wanted.track, found)
  if #differences == 0 then
    return found, "unchanged", differences
  elseif other_kind then
    return conflict(METHOD, wanted, found, differences,
      "is of the other kind (with filters or without), which cannot be changed: delete it first")
  elseif not options.update then
    return conflict(METHOD, wanted, found, differences, "differs, and update = false")
  end
  return modify(self, wanted, options, found, differences)
end

local create

-- A create with an unknown outcome.
local function after_unknown(self, wanted, options, message, err)
  local outcome, detail = reconcile.run(self, METHOD, err.intent, wanted.params, options.wait)
  if outcome == "created" then
    return detail, "created", {}
  elseif outcome == "conflict" then
    return conflict(METHOD, wanted, detail.track, detail.differences,
      "differs from the spec, and the outcome of the create is unknown", "unknown")
  elseif outcome == "duplicate" then
    return duplicate(METHOD, wanted.params.Name, detail.ids, "unknown")
  elseif outcome == "absent" then
    if options.resend then
      return create(self, wanted, { update = options.update, wait = options.wait })
    end
    err.outcome, err.retryable, err.intent = "rejected", true, nil
    err.hint = "nothing was created, and the request can no longer take effect: try again"
  elseif outcome == "unknown" then
    err.retry_after = detail.retry_after
    err.hint = ("no such track yet; client:reconcile(err.intent) gives a definite outcome in %d s"):format(
      math.ceil(detail.retry_after))
  else
    err.hint = "looking for the track failed too (" .. detail .. "); call client:reconcile(err.intent) later"
  end
  return nil, message, err
end

-- The service reports the name as taken, although the list did not have it.
local function after_taken(self, wanted, options, message, err)
  local named = reconcile.await_name(self, METHOD, wanted.params.Name, options.wait)
  if named and #named > 0 then
    local track, what, detail = settle(self, wanted, options, named)
    if track or what then
      return track, what, detail
    end
  end
  return nil, message, err
end

function create(self, wanted, options)
  local track, message, err = calls.create(self, METHOD, wanted.action, wanted.params)
  if track then
    -- Another process may have created a track of the same name concurrently. If listing fails, the create
    -- still counts as a success.
    local named = calls.all(self, METHOD, wanted.params.Name)
    if named and #named > 1 then
      return duplicate(METHOD, wanted.params.Name, reconcile.ids_of(named), "created")
    end
    return track, "created", {}
  elseif err:is("InvalidParameterValue.AliasAlreadyExists") then
    return after_taken(self, wanted, options, message, err)
  elseif err.outcome == "unknown" and err.intent then
    return after_unknown(self, wanted, options, message, err)
  end
  return nil, message, err
end

--- Desired state: ensures that exactly one track has the spec's name, with the spec's settings. Creates, updates or
-- leaves it. Returns the track, "created" | "updated" | "unchanged", and the list of differences found ({field,
-- wanted, found}). Failures of kind conflict, with err.differences or err.ids: a track of the other kind, several
-- tracks of the name, or with update = false a track that differs. If the outcome of the create is unknown, looks for
-- the track for `wait` seconds (default 10): a track found this way has adopted = true; otherwise the failure has
-- outcome "unknown" and err.intent. on_unknown = "resend" waits until the request can no longer take effect
-- (5 minutes), then creates again.
--: Client:ensure_track(spec: TrackSpec, options?: EnsureOptions) -> Track, "created"|"updated"|"unchanged",
--:   Difference[] | failure
function ensure.ensure_track(self, spec, options)
  local wanted, message, err = read_spec(self, METHOD, spec)
  local chosen
  if wanted then
    chosen, message, err = read_options(options)
  end
  if not chosen then
    return nil, message, err
  end
  local named
  named, message, err = calls.all(self, METHOD, wanted.params.Name)
  if not named then
    return nil, message, err
  elseif #named > 0 then
    local track, what, detail = settle(self, wanted, chosen, named)
    if track or what then
      return track, what, detail
    end
  end
  return create(self, wanted, chosen)
end

-- ---- comparing only --------------------------------------------------------------------------

-- The specs as a list for look_at, and the index of each name; a name must not appear twice.
local function read_specs(self, specs)
  if type(specs) ~= "table" then
    return errors.misuse("diff_tracks: list of specs expected, got " .. type(specs))
  end
  local list, known = {}, {}
  if not validate.length(specs) then
    return errors.misuse("diff_tracks: list of specs expected")
  end
  for index, spec in ipairs(specs) do
    local place = ("diff_tracks[%d]"):format(index)
    local wanted, message, err = read_spec(self, place, spec)
    if not wanted then
      return nil, message, err
    elseif known[wanted.params.Name] then
      return errors.misuse(("%s.name: the same as in diff_tracks[%d]"):format(place, known[wanted.params.Name]), "name")
    end
    list[index], known[wanted.params.Name] = wanted, index
  end
  return list, known
end

local function by_name(all)
  local groups = {}
  for _, track in ipairs(all) do
    local name = track.name or ""
    groups[name] = groups[name] or {}
    table.insert(groups[name], track)
  end
  return groups
end

--: class DiffReport  differences between an account and specs
--:   missing string[]
--:   changed {name: string, id: integer|string, differences: Difference[]}[]
--:   extra {name: string, id: integer|string}[]
--:   duplicate {name: string, ids: (integer|string)[]}[]
--:   same boolean
-- Compares one spec with the tracks of its name.
local function look_at(self, wanted, named, report)
  local name = wanted.params.Name
  if not named then
    report.missing[#report.missing + 1] = name
    return true
  elseif #named > 1 then
    report.duplicate[#report.duplicate + 1] = { name = name, ids = reconcile.ids_of(named) }
    return true
  end
  local found, message, err = calls.get(self, "diff_tracks", named[1].id)
  if not found then
    if err:is("ResourceNotFound") then
      report.missing[#report.missing + 1] = name
      return true
    end
    return nil, message, err
  end
  local differences = diff.compare(wanted.track, found)
  if #differences > 0 then
    report.changed[#report.changed + 1] = { name = name, id = found.id, differences = differences }
  end
  return true
end

--- Compares the account with a list of specs and changes nothing: {missing = names, changed = {{name, id,
-- differences}}, extra = {{name, id}} (tracks that no spec names), duplicate = {{name, ids}}, same = true when the
-- four lists are empty}.
--: Client:diff_tracks(specs: TrackSpec[]) -> DiffReport | failure
function ensure.diff_tracks(self, specs)
  local list, known, err = read_specs(self, specs)
  if not list then
    return nil, known, err
  end
  local all, message
  all, message, err = calls.all(self, "diff_tracks")
  if not all then
    return nil, message, err
  end
  local report, groups = { missing = {}, changed = {}, extra = {}, duplicate = {} }, by_name(all)
  for _, wanted in ipairs(list) do
    local ok
    ok, message, err = look_at(self, wanted, groups[wanted.params.Name], report)
    if not ok then
      return nil, message, err
    end
  end
  for _, track in ipairs(all) do
    if not known[track.name] then
      report.extra[#report.extra + 1] = { name = track.name, id = track.id }
    end
  end
  report.same = #report.missing + #report.changed + #report.extra + #report.duplicate == 0
  return report
end

return ensure
