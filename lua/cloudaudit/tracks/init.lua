-- Track methods: create, read, list, modify and delete tracking sets of both kinds (one product, or several by
-- `filters`). Each works on a session and returns a value or nil, message, err. Reads before a write only where
-- documented, and writes at most once.
local calls = require "cloudaudit.tracks.calls"
local convert = require "cloudaudit.tracks.convert"
local errors = require "cloudaudit.errors"
local reader = require "cloudaudit.reader"
local track_tables = require "cloudaudit.tracks.track"
local validate = require "cloudaudit.validate"

local tracks = {}

--- Creates a track from a spec {name, enabled, storage, action, resource_type, event_names, all_members,
-- export_id} or {name, enabled, storage, filters, all_members}. Returns the track, without created_at, which
-- the service does not return here. At most once: retried only when the first request had no effect.
--: Client:create_track(spec: TrackSpec) -> Track | failure
function tracks.create_track(self, spec)
  local action, params, err = convert.to_create(spec, self.settings.validate ~= false)
  if not action then
    return nil, params, err
  end
  return calls.create(self, "create_track", action, params)
end

--- Reads one track with all its members. `id` is an integer or a decimal string.
--: Client:get_track(id: integer|string) -> Track | failure
function tracks.get_track(self, id)
  local exact, message, err = convert.id("get_track", id)
  if not exact then
    return nil, message, err
  end
  return calls.get(self, "get_track", exact)
end

-- ---- listing -------------------------------------------------------------------------------

local LIST = { { name = "page_size", type = "positive" } }

local function open_list(self, options)
  options = options == nil and {} or options
  local ok, message, err = validate.fields("tracks", options, LIST, "option")
  if not ok then
    return nil, message, err
  end
  return calls.list(self, "tracks", options.page_size)
end

--: class TrackIterator  for track in client:tracks() do … end
--:   () Track?
--:   err Error?
local Iterator = {
  __name = "cloudaudit.TrackIterator",
  -- A call after a failure raises again: a failure must never look like the end.
  __call = function(self)
    local track = nil
    if not self.err then
      local _
      track, _, self.err = calls.next(self.list)
    end
    if self.err then
      error(self.err.message, 2)
    end
    return track
  end,
}

--- Iterates over all tracks: for track in client:tracks() do … end. Options: page_size. A failure raises its
-- message and is kept as it.err. Tracks of a list have no filters and no all_members: the service returns
-- these only from get_track.
--: Client:tracks(options?: {page_size?: integer}) -> TrackIterator
function tracks.tracks(self, options)
  local list, message, err = open_list(self, options)
  if not list then
    return nil, message, err
  end
  return setmetatable({ list = list }, Iterator)
end

--- The track whose name is exactly `name`, with all its members; nil without a message when there is none.
-- Lists until the name is found, then reads that track.
--: Client:find_track(name: string) -> Track | failure
function tracks.find_track(self, name)
  if type(name) ~= "string" then
    return errors.misuse("find_track.name: string expected, got " .. type(name), "name")
  end
  local list = calls.list(self, "find_track")
  local track, message, err
  repeat
    track, message, err = calls.next(list)
  until not track or track.name == name
  if not track then
    return nil, message, err
  end
  track, message, err = calls.get(self, "find_track", track.id)
  if err and err:is("ResourceNotFound") then
    return nil
  end
  return track, message, err
end

-- ---- changing ------------------------------------------------------------------------------

-- Names are immutable. A patch that repeats the name changes nothing.
local function check_name(method, track, params)
  if params.Name == nil or params.Name == track.name then
    params.Name = nil
    return true
  end
  return errors.failure{ kind = "validation", code = "InvalidParameterValue.AuditTrackNameNotSupportModify",
    field = "name", message = ("%s.name: the name of a tracking set cannot be changed; it is \"%s\""):format(method,
      tostring(track.name)) }
end

local function update(self, method, id, patch)
  local exact, message, err = convert.id(method, id)
  if not exact then
    return nil, message, err
  end
  local checked = self.settings.validate ~= false
  local action, params, wrong = convert.to_modify(method, patch, checked)
  if wrong then
    return nil, params, wrong
  elseif not action or checked and params.Name ~= nil then
    -- The patch fits both kinds of track, and each kind has its own action.
    local track
    track, message, err = calls.get(self, method, exact)
    if not track then
      return nil, message, err
    end
    action = action or track.filters and "ModifyEventsAuditTrack" or "ModifyAuditTrack"
    local ok = true
    if checked then
      ok, message, err = check_name(method, track, params)
    end
    if not ok then
      return nil, message, err
    elseif next(params) == nil then
      return track_tables.new{ id = exact, request_id = track.request_id }
    end
  end
  params.TrackId = exact
  return calls.modify(self, method, action, params)
end

--- Changes the fields that the patch names and leaves the others. Returns a track of id, request_id and the
-- changed fields. Reads the track first when the patch has only enabled, storage or all_members, which both
-- kinds have, or a name: a different name is rejected here, as the service would.
--: Client:update_track(id: integer|string, patch: TrackSpec) -> Track | failure
function tracks.update_track(self, id, patch)
  return update(self, "update_track", id, patch)
end

--- Starts shipping logs; returns as update_track does.
--: Client:enable_track(id: integer|string) -> Track | failure
function tracks.enable_track(self, id)
  return update(self, "enable_track", id, { enabled = true })
end

--- Stops shipping logs; returns as update_track does.
--: Client:disable_track(id: integer|string) -> Track | failure
function tracks.disable_track(self, id)
  return update(self, "disable_track", id, { enabled = false })
end

local DELETE = { { name = "missing_ok", type = "boolean" } }

--- Deletes a track of either kind: true, "deleted"; with missing_ok also true, "missing" when no track has
-- the id.
--: Client:delete_track(id: integer|string, options?: {missing_ok?: boolean}) -> true, "deleted"|"missing" | failure
function tracks.delete_track(self, id, options)
  local exact, message, err = convert.id("delete_track", id)
  local ok
  if exact then
    ok, message, err = validate.fields("delete_track", options == nil and {} or options, DELETE, "option")
  end
  if not ok then
    return nil, message, err
  end
  local response
  response, message, err = calls.call(self, "delete_track", "DeleteAuditTrack", { TrackId = exact })
  if response then
    return true, "deleted"
  elseif options and options.missing_ok and err:is("ResourceNotFound") then
    return true, "missing"
  end
  return nil, message, err
end

--- {remaining, request_id}: the number of tracks that can still be created, according to InquireAuditCredit,
-- a legacy action; the service publishes no other figure.
--: Client:quota() -> {remaining: integer|string, request_id: string} | failure
function tracks.quota(self)
  local response, message, err = calls.call(self, "quota", "InquireAuditCredit", {})
  if not response then
    return nil, message, err
  end
  local remaining, wrong = reader.integer(response.AuditAmount)
  if wrong or remaining == nil then
    return reader.failure("InquireAuditCredit", response, "AuditAmount", "an integer", response.AuditAmount)
  end
  return { remaining = remaining, request_id = reader.text(response.RequestId) }
end

return tracks
