-- Tracking sets in our own words: create, read, list, change, delete, of both kinds (one product, or
-- several by `filters`). Works on a session; every function returns a value or nil, message, err.
-- Never reads before it writes unless it says so, and never writes twice.
local calls = require "cloudaudit.tracks.calls"
local validate = require "cloudaudit.validate"
local errors = require "cloudaudit.errors"
local convert = require "cloudaudit.tracks.convert"

local tracks = {}

--- Creates a tracking set of a spec {name, enabled, storage, action, resource_type, event_names,
-- all_members, export_id} or {name, enabled, storage, filters, all_members}. Returns the track, without
-- created_at, which the service does not tell here. Sends one request at the most.
--: Client:create_track(spec: TrackSpec) -> Track | failure
function tracks.create_track(self, given)
  local action, params, err = convert.to_create(given, self.settings.validate ~= false)
  if not action then
    return nil, params, err
  end
  return calls.create(self, "create_track", action, params)
end

--- Reads one tracking set whole. `id` is an integer or a decimal string.
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
  local given = options == nil and {} or options
  local ok, message, err = validate.fields("tracks", given, LIST, "option")
  if not ok then
    return nil, message, err
  end
  return calls.list(self, "tracks", given.page_size)
end

local Iterator = {
  -- Raises again when it is called again after a failure: it must never look like the end.
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

--- Iterates over all tracking sets: for track in client:tracks() do … end. Options: page_size. A failure
-- raises its message and is kept as it.err. Tracks of a list have no filters and no all_members:
-- the service tells those in get_track alone.
--: Client:tracks(options?: {page_size?: integer}) -> TrackIterator
function tracks.tracks(self, options)
  local list, message, err = open_list(self, options)
  if not list then
    return nil, message, err
  end
  return setmetatable({ list = list }, Iterator)
end

--- The whole track of that name, by its exact letters: nil without a message when there is none. Lists
-- until it is found, then reads it.
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

-- A tracking set keeps its name. The same one counts as nothing to change.
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
    -- Nothing in the patch tells the kind of track, and each kind has an action of its own.
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
      return { id = exact, request_id = track.request_id }
    end
  end
  params.TrackId = exact
  return calls.modify(self, method, action, params)
end

--- Changes what the patch names (fields of a spec) and leaves the rest. Returns a table of id, request_id
-- and the changed fields. Reads the track first when the patch names only enabled, storage or
-- all_members, which both kinds have, or the name: another one is refused here, as the service would.
--: Client:update_track(id: integer|string, patch: TrackSpec) -> Track | failure
function tracks.update_track(self, id, patch)
  return update(self, "update_track", id, patch)
end

--- Starts shipping; returns as update_track does.
--: Client:enable_track(id: integer|string) -> Track | failure
function tracks.enable_track(self, id)
  return update(self, "enable_track", id, { enabled = true })
end

--- Stops shipping; returns as update_track does.
--: Client:disable_track(id: integer|string) -> Track | failure
function tracks.disable_track(self, id)
  return update(self, "disable_track", id, { enabled = false })
end

local DELETE = { { name = "missing_ok", type = "boolean" } }

--- Deletes a tracking set of either kind: true, "deleted"; with missing_ok also true, "missing" when
-- there is none of that id.
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

--- {remaining, request_id}: how many more tracking sets the service says can be created. That is what
-- InquireAuditCredit answers, a legacy action; the service publishes no other figure.
--: Client:quota() -> {remaining: integer|string, request_id: string} | failure
function tracks.quota(self)
  local response, message, err = calls.call(self, "quota", "InquireAuditCredit", {})
  if not response then
    return nil, message, err
  end
  return { remaining = response.AuditAmount, request_id = response.RequestId }
end

return tracks
