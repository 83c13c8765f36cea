-- Tracking sets in our own words: create, read, list, change, delete, of both kinds (one product, or
-- several by `filters`). Works on a session; every function returns a value or nil, message, err.
-- Never reads before it writes unless it says so, and never writes twice.
local check = require "cloudaudit.check"
local errors = require "cloudaudit.error"
local session = require "cloudaudit.session"
local spec = require "cloudaudit.track_spec"

local tracks = {}

-- Calls an action for `owner`; what it refuses about the parameters is told in our names.
local function call(self, owner, action, params)
  local response, message, err = session.call(self, action, params)
  if response then
    return response
  end
  return nil, spec.in_our_names(owner, action, message, err)
end

-- A success that does not hold what every answer of the action holds.
local function broken(action, response, text)
  return errors.failure{ kind = "protocol", action = action, request_id = response.RequestId, http_status = 200,
    outcome = "unknown", attempts = 1, message = ("%s: %s"):format(action, text) }
end

--- Creates a tracking set of a spec {name, enabled, storage, action, resource_type, event_names,
-- all_members, export_id} or {name, enabled, storage, filters, all_members}. Returns the track, without
-- created_at, which the service does not tell here. Sends one request at the most.
function tracks.create_track(self, given)
  local action, params, err = spec.to_create(given, self.settings.validate ~= false)
  if not action then
    return nil, params, err
  end
  local response, message
  response, message, err = call(self, "create_track", action, params)
  if not response then
    return nil, message, err
  end
  if response.TrackId == nil then
    return broken(action, response, "the service answered without a TrackId")
  end
  local track = spec.from_wire(params, response.TrackId)
  track.request_id = response.RequestId
  return track
end

--- Reads one tracking set whole. `id` is an integer or a decimal string.
function tracks.get_track(self, id)
  local exact, message, err = spec.id("get_track", id)
  if not exact then
    return nil, message, err
  end
  local response
  response, message, err = call(self, "get_track", "DescribeAuditTrack", { TrackId = exact })
  if not response then
    return nil, message, err
  end
  local track = spec.from_wire(response, exact)
  track.request_id = response.RequestId
  return track
end

-- ---- listing -------------------------------------------------------------------------------

local LIST = { { name = "page_size", type = "positive" } }
local PAGE_SIZE = 20

-- Reads the next page into it.items. At the end of a pass that saw fewer tracks than the service
-- counts (pages move when somebody deletes one meanwhile) everything is read once more; tracks that
-- were given out already are left out. A page that brings nothing new ends a pass, whatever the
-- count says, so that no answer can make this endless.
local function next_page(it)
  it.page = it.page + 1
  local response, message, err = call(it.session, "tracks", "DescribeAuditTracks",
    { PageNumber = it.page, PageSize = it.page_size })
  if not response then
    return nil, message, err
  end
  it.items, it.at = {}, 0
  local fresh, items = 0, response.Tracks or {}
  it.total = type(response.TotalCount) == "number" and response.TotalCount or nil
  if type(items) ~= "table" then
    return broken("DescribeAuditTracks", response, "the service answered with a list that is none")
  end
  for _, item in ipairs(items) do
    if type(item) ~= "table" or item.TrackId == nil then
      return broken("DescribeAuditTracks", response, "the service listed a tracking set without a TrackId")
    end
    local key = tostring(item.TrackId)
    if not it.in_pass[key] then
      it.in_pass[key], fresh = true, fresh + 1
    end
    if not it.seen[key] then
      it.seen[key] = true
      local track = spec.from_wire(item, item.TrackId)
      track.request_id = response.RequestId
      it.items[#it.items + 1] = track
    end
  end
  it.counted = it.counted + fresh
  if fresh > 0 and not (it.total and it.counted >= it.total) then
    return true
  elseif not it.total or it.counted >= it.total then
    it.last = true
  elseif it.again then
    return broken("DescribeAuditTracks", response,
      ("the service counts %s tracking sets and listed %d, twice"):format(it.total, it.counted))
  else
    it.page, it.counted, it.in_pass, it.again = 0, 0, {}, true
  end
  return true
end

-- The next track; nil at the end; nil, message, err.
local function advance(it)
  while true do
    it.at = it.at + 1
    if it.items[it.at] then
      return it.items[it.at]
    elseif it.last then
      return nil
    end
    local ok, message, err = next_page(it)
    if not ok then
      it.last, it.items = true, {}
      return nil, message, err
    end
  end
end

local function open_list(self, options)
  local given = options == nil and {} or options
  local ok, message, err = check.fields("tracks", given, LIST, "option")
  if not ok then
    return nil, message, err
  end
  return { session = self, page_size = given.page_size or PAGE_SIZE, page = 0, items = {}, at = 0, counted = 0,
    seen = {}, in_pass = {} }
end

local Iterator = {
  -- Raises again when it is called again after a failure: it must never look like the end.
  __call = function(self)
    local track = nil
    if not self.err then
      local _
      track, _, self.err = advance(self.list)
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
function tracks.tracks(self, options)
  local list, message, err = open_list(self, options)
  if not list then
    return nil, message, err
  end
  return setmetatable({ list = list }, Iterator)
end

--- The whole track of that name, by its exact letters: nil without a message when there is none. Lists
-- until it is found, then reads it.
function tracks.find_track(self, name)
  if type(name) ~= "string" then
    return errors.misuse("find_track.name: string expected, got " .. type(name), "name")
  end
  local list = open_list(self)
  local track, message, err
  repeat
    track, message, err = advance(list)
  until not track or track.name == name
  if not track then
    return nil, message, err
  end
  track, message, err = tracks.get_track(self, track.id)
  if err and err:is("ResourceNotFound") then
    return nil
  end
  return track, message, err
end

-- ---- changing ------------------------------------------------------------------------------

local function update(self, owner, id, patch)
  local exact, message, err = spec.id(owner, id)
  if not exact then
    return nil, message, err
  end
  local action, params, wrong = spec.to_modify(owner, patch, self.settings.validate ~= false)
  if wrong then
    return nil, params, wrong
  elseif not action then
    -- Nothing in the patch tells the kind of track, and each kind has an action of its own.
    local track
    track, message, err = tracks.get_track(self, exact)
    if not track then
      return nil, message, err
    end
    action = track.filters and "ModifyEventsAuditTrack" or "ModifyAuditTrack"
  end
  params.TrackId = exact
  local response
  response, message, err = call(self, owner, action, params)
  if not response then
    return nil, message, err
  end
  local changed = spec.from_wire(params, exact)
  changed.request_id = response.RequestId
  return changed
end

--- Changes what the patch names (fields of a spec) and leaves the rest. Returns a table of id, request_id
-- and the changed fields. Reads the track first when the patch names only enabled, storage,
-- all_members or name, which both kinds have. The service refuses another name.
function tracks.update_track(self, id, patch)
  return update(self, "update_track", id, patch)
end

--- Starts shipping; returns as update_track does.
function tracks.enable_track(self, id)
  return update(self, "enable_track", id, { enabled = true })
end

--- Stops shipping; returns as update_track does.
function tracks.disable_track(self, id)
  return update(self, "disable_track", id, { enabled = false })
end

local DELETE = { { name = "missing_ok", type = "boolean" } }

--- Deletes a tracking set of either kind: true, "deleted"; with missing_ok also true, "missing" when
-- there is none of that id.
function tracks.delete_track(self, id, options)
  local exact, message, err = spec.id("delete_track", id)
  local ok
  if exact then
    ok, message, err = check.fields("delete_track", options == nil and {} or options, DELETE, "option")
  end
  if not ok then
    return nil, message, err
  end
  local response
  response, message, err = call(self, "delete_track", "DeleteAuditTrack", { TrackId = exact })
  if response then
    return true, "deleted"
  elseif options and options.missing_ok and err:is("ResourceNotFound") then
    return true, "missing"
  end
  return nil, message, err
end

--- {remaining, request_id}: how many more tracking sets the service says can be created. That is what
-- InquireAuditCredit answers, a legacy action; the service publishes no other figure.
function tracks.quota(self)
  local response, message, err = call(self, "quota", "InquireAuditCredit", {})
  if not response then
    return nil, message, err
  end
  return { remaining = response.AuditAmount, request_id = response.RequestId }
end

return tracks
