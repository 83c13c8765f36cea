-- Tracking sets that stay as declared: looks at what is there, compares, and does the least that makes it so.
-- Never creates a second time by itself, never deletes, and never calls a track right that differs.
local calls = require "cloudaudit.tracks.calls"
local check = require "cloudaudit.validate"
local core = require "cloudaudit.core"
local diff = require "cloudaudit.tracks.diff"
local errors = require "cloudaudit.errors"
local reconcile = require "cloudaudit.tracks.reconcile"
local spec = require "cloudaudit.tracks.convert"

local declared = {}

--: class EnsureOptions  what ensure_track takes
local OPTIONS = {
  { name = "update", type = "boolean" },
  { name = "on_unknown", type = "string", lua = '"reconcile"|"resend"' },
  { name = "wait", type = "seconds" },
}

-- Long enough for a lost request to expire, and for a look behind that.
local RESEND_WAIT = 330

-- ---- what is wanted --------------------------------------------------------------------------

-- A spec, checked as a create of it would be: {action, params, track}.
local function read_spec(self, owner, given)
  local checked = self.settings.validate ~= false
  local action, params, err = spec.to_create(given, checked, owner)
  if not action then
    return nil, params, err
  end
  local ok, fields = core.check(action .. "Request", params, action, checked)
  if not ok then
    return errors.failure(spec.in_our_names(fields, owner))
  end
  if params.Name == nil or params.Name == "" then -- with validate = false; no track can be found by it
    return errors.misuse(owner .. ".name: missing", "name")
  end
  return { action = action, params = params, track = spec.from_wire(params) }
end

local function read_options(options)
  options = options == nil and {} or options
  local ok, message, err = check.fields("ensure_track", options, OPTIONS, "option")
  if not ok then
    return nil, message, err
  end
  local on_unknown = options.on_unknown or "reconcile"
  if on_unknown ~= "reconcile" and on_unknown ~= "resend" then
    return errors.misuse(('ensure_track.on_unknown: "reconcile" or "resend" expected, got "%s"'):format(
      on_unknown:sub(1, 40)), "on_unknown")
  end
  return { update = options.update ~= false, resend = on_unknown == "resend",
    wait = options.wait or on_unknown == "resend" and RESEND_WAIT or reconcile.WAIT }
end

-- ---- failures --------------------------------------------------------------------------------

local function conflict(owner, wanted, found, differences, text, outcome)
  return errors.failure{ kind = "conflict", ids = { found.id }, differences = differences, outcome = outcome,
    request_id = found.request_id,
    message = ("%s: the tracking set %s (%s) %s: %s"):format(owner, wanted.params.Name, tostring(found.id), text,
      diff.describe(differences)) }
end

local function duplicate(owner, name, ids, outcome)
  local list = {}
  for index, id in ipairs(ids) do
    list[index] = tostring(id)
  end
  return errors.failure{ kind = "conflict", ids = ids, outcome = outcome,
    message = ("%s: %d tracking sets have the name %s: %s"):format(owner, #ids, name, table.concat(list, ", ")),
    hint = "delete all but one of them: nothing here deletes on its own" }
end

-- ---- making it so ----------------------------------------------------------------------------

local OWNER = "ensure_track"

-- The track after a modify, as far as it is known without another call.
local function merged(found, wanted, changed)
  local track = {}
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

-- Whether a modify whose answer was lost took effect: the track when it did.
local function look_again(self, wanted, id, wait)
  local seen
  reconcile.poll(self, wait, function()
    local track = calls.get(self, OWNER, id)
    seen = track and #diff.compare(wanted.track, track) == 0 and track or nil
    return seen ~= nil
  end)
  return seen
end

local function modify(self, wanted, options, found, differences)
  local params = diff.params(differences, wanted.params)
  params.TrackId = found.id
  local action = found.filters and "ModifyEventsAuditTrack" or "ModifyAuditTrack"
  local changed, message, err = calls.modify(self, OWNER, action, params)
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

-- A track of the name is there: leaves, changes or reports it. Nothing at all when it has gone meanwhile.
local function settle(self, wanted, options, named)
  if #named > 1 then
    return duplicate(OWNER, wanted.params.Name, reconcile.ids_of(named))
  end
  local found, message, err = calls.get(self, OWNER, named[1].id)
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
    return conflict(OWNER, wanted, found, differences,
      "is of the other kind (with filters or without), which cannot be changed; delete it first")
  elseif not options.update then
    return conflict(OWNER, wanted, found, differences, "differs, and update = false")
  end
  return modify(self, wanted, options, found, differences)
end

local create

-- The answer to a create was lost.
local function after_unknown(self, wanted, options, message, err)
  local outcome, detail = reconcile.run(self, OWNER, err.intent, wanted.params, options.wait)
  if outcome == "created" then
    return detail, "created", {}
  elseif outcome == "conflict" then
    return conflict(OWNER, wanted, detail.track, detail.differences,
      "differs from what was to be created, and the answer to the create was lost", "unknown")
  elseif outcome == "duplicate" then
    return duplicate(OWNER, wanted.params.Name, detail.ids, "unknown")
  elseif outcome == "absent" then
    if options.resend then
      return create(self, wanted, { update = options.update, wait = options.wait })
    end
    err.outcome, err.retryable, err.intent = "rejected", true, nil
    err.hint = "nothing was created, and the lost request cannot take effect any more: try again"
  elseif outcome == "unknown" then
    err.retry_after = detail.retry_after
    err.hint = ("no such track yet; client:reconcile(err.intent) tells for sure in %d s"):format(
      math.ceil(detail.retry_after))
  else
    err.hint = "it could not be looked for either (" .. detail .. "); client:reconcile(err.intent) finds out"
  end
  return nil, message, err
end

-- The service says that the name is taken, although the list did not show it.
local function after_taken(self, wanted, options, message, err)
  local named = reconcile.await_name(self, OWNER, wanted.params.Name, options.wait)
  if named and #named > 0 then
    local track, what, detail = settle(self, wanted, options, named)
    if track or what then
      return track, what, detail
    end
  end
  return nil, message, err
end

function create(self, wanted, options)
  local track, message, err = calls.create(self, OWNER, wanted.action, wanted.params)
  if track then
    -- Somebody may have created one of the same name at the same moment. Not being able to look makes no
    -- failure of a create that succeeded.
    local named = calls.all(self, OWNER, wanted.params.Name)
    if named and #named > 1 then
      return duplicate(OWNER, wanted.params.Name, reconcile.ids_of(named), "created")
    end
    return track, "created", {}
  elseif err:is("InvalidParameterValue.AliasAlreadyExists") then
    return after_taken(self, wanted, options, message, err)
  elseif err.outcome == "unknown" and err.intent then
    return after_unknown(self, wanted, options, message, err)
  end
  return nil, message, err
end

--- Sees to it that there is one tracking set of the spec's name with the spec's settings: leaves, changes or creates
-- it. Returns the track, "created" | "updated" | "unchanged", and the list of differences that it found ({field,
-- wanted, found}). A track of the other kind, several of the name, and (with update = false) one that differs are
-- failures of kind conflict with err.differences or err.ids. When the answer to the create is lost it looks for the
-- track for `wait` seconds (10): an adopted one has adopted = true; else the failure has outcome "unknown" and
-- err.intent. on_unknown = "resend" waits until the lost request cannot take effect any more (5 minutes), and then
-- creates again.
--: Client:ensure_track(spec: TrackSpec, options?: EnsureOptions) -> Track, "created"|"updated"|"unchanged",
--:   Difference[] | failure
function declared.ensure_track(self, given, options)
  local wanted, message, err = read_spec(self, OWNER, given)
  local chosen
  if wanted then
    chosen, message, err = read_options(options)
  end
  if not chosen then
    return nil, message, err
  end
  local named
  named, message, err = calls.all(self, OWNER, wanted.params.Name)
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

-- ---- looking only ----------------------------------------------------------------------------

-- The specs as a list of what is wanted; no name may come twice.
local function read_specs(self, specs)
  if type(specs) ~= "table" then
    return errors.misuse("diff_tracks: list of specs expected, got " .. type(specs))
  end
  local list, known = {}, {}
  for key in pairs(specs) do
    if type(key) ~= "number" or specs[#specs] == nil then
      return errors.misuse("diff_tracks: list of specs expected")
    end
  end
  for index, given in ipairs(specs) do
    local owner = ("diff_tracks[%d]"):format(index)
    local wanted, message, err = read_spec(self, owner, given)
    if not wanted then
      return nil, message, err
    elseif known[wanted.params.Name] then
      return errors.misuse(("%s.name: the same as that of number %d"):format(owner, known[wanted.params.Name]), "name")
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

--: class DiffReport  how an account differs from specs
--:   missing string[]
--:   changed {name: string, id: integer|string, differences: Difference[]}[]
--:   extra {name: string, id: integer|string}[]
--:   duplicate {name: string, ids: (integer|string)[]}[]
--:   same boolean
-- One wanted track against those of its name.
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
-- differences}}, extra = {{name, id}} (there, but in no spec), duplicate = {{name, ids}}, same = true when there is
-- nothing to tell}.
--: Client:diff_tracks(specs: TrackSpec[]) -> DiffReport | failure
function declared.diff_tracks(self, specs)
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

return declared
