-- Tracking sets of both kinds: the actions that create, modify, delete, describe and list them. A handler takes
-- (emulator, params, context) and returns the members of the response, or nil, a code and a message.
local core = require "cloudaudit.core"
local clock = require "cloudaudit.emulator.clock"
local response = require "cloudaudit.emulator.response"

local tracks = {}

-- The actions that create and modify a tracking set, by its kind.
local CREATE = { single = "CreateAuditTrack", events = "CreateEventsAuditTrack" }
local MODIFY = { single = "ModifyAuditTrack", events = "ModifyEventsAuditTrack" }

--- The initial state, without tracking sets.
function tracks.new()
  return { by_id = {}, last_id = 0, count = 0, versions = {} }
end

local function contains(list, item)
  for _, candidate in ipairs(list) do
    if candidate == item then
      return true
    end
  end
  return false
end

local function check_storage(options, storage)
  if storage.StorageType == "cos" then
    if options.cos_regions and not contains(options.cos_regions, storage.StorageRegion) then
      return "InvalidParameterValue.CosRegionError", "CloudAudit does not support the COS region."
    elseif options.buckets and not contains(options.buckets, storage.StorageName) then
      return "ResourceNotFound.CosNotExist", "The COS bucket does not exist."
    end
  elseif storage.StorageType == "cls" then
    if options.topics and not contains(options.topics, storage.StorageName) then
      return "FailedOperation.CheckClsTopicIsExistFailed", "Failed to check whether the CLS log topic exists."
    end
  elseif storage.StorageType ~= "ckafka" then
    return "InvalidParameterValue", "Storage.StorageType: cos, cls or ckafka expected."
  end
end

local function check_filters(filters)
  if not filters.ResourceFields or #filters.ResourceFields == 0 then
    return "InvalidParameter", "Filters.ResourceFields: at least one entry expected."
  end
end

-- The rules for a whole tracking set, new or modified.
local function check_track(options, params)
  local code, message = check_storage(options, params.Storage)
  if not code and params.Filters then
    code, message = check_filters(params.Filters)
  end
  return code, message
end

local function name_taken(state, name)
  for _, track in pairs(state.by_id) do
    if track.params.Name == name then
      return true
    end
  end
  return false
end

-- With list_lag every version is kept with its time, since a list shows an older one.
local function store(emulator, id, track)
  local state = emulator.tracks
  local key = response.digits(id)
  if (state.by_id[key] == nil) ~= (track == nil) then
    state.count = state.count + (track and 1 or -1)
  end
  state.by_id[key] = track
  if emulator.options.list_lag > 0 then
    state.versions[#state.versions + 1] = { at = emulator.clock:now(), key = key, track = track }
  end
end

-- The old parameters overridden by new ones; absent parameters stay, objects are replaced as a whole.
local function merge(old, params)
  local merged = {}
  for name, value in pairs(old) do
    merged[name] = value
  end
  for name, value in pairs(params) do
    merged[name] = value
  end
  merged.TrackId = nil
  return merged
end

local function create(kind)
  return function(emulator, params, context)
    local state, options = emulator.tracks, emulator.options
    local code, message = check_track(options, params)
    if code then
      return nil, code, message
    elseif options.unique_names and name_taken(state, params.Name) then
      return nil, "InvalidParameterValue.AliasAlreadyExists", "The alias already exists."
    elseif state.count >= options.quota then
      return nil, "LimitExceeded.OverAmount", "The maximum number of tracking sets has been exceeded."
    end
    state.last_id = state.last_id + 1
    store(emulator, state.last_id, {
      id = state.last_id, kind = kind, params = merge({ TrackForAllMembers = 0 }, params),
      created = emulator.clock:now(),
    })
    context.effect, context.track_id = "created", state.last_id
    return { TrackId = state.last_id }
  end
end

local function not_found()
  return nil, "ResourceNotFound.AuditNotExist", "The tracking set does not exist."
end

local function modify(kind)
  return function(emulator, params, context)
    local track = emulator.tracks.by_id[response.digits(params.TrackId)]
    if not track then
      return not_found()
    elseif track.kind ~= kind then
      return nil, "InvalidParameter", ("The tracking set was created by %s; modify it with %s."):format(
        CREATE[track.kind], MODIFY[track.kind])
    elseif params.Name and params.Name ~= track.params.Name then
      return nil, "InvalidParameterValue.AuditTrackNameNotSupportModify",
        "The name of a tracking set cannot be changed."
    end
    local merged = merge(track.params, params)
    local ok, fields = core.check(CREATE[kind] .. "Request", merged, context.action, emulator.options.validate, false)
    if not ok then
      return nil, fields.code, fields.message
    end
    local code, message = check_track(emulator.options, merged)
    if code then
      return nil, code, message
    end
    store(emulator, track.id, { id = track.id, kind = kind, params = merged, created = track.created })
    context.effect, context.track_id = "modified", track.id
    return {}
  end
end

local function delete(emulator, params, context)
  local track = emulator.tracks.by_id[response.digits(params.TrackId)]
  if not track then
    return not_found()
  end
  store(emulator, track.id, nil)
  context.effect, context.track_id = "deleted", track.id
  return {}
end

local function describe(emulator, params)
  local track = emulator.tracks.by_id[response.digits(params.TrackId)]
  if not track then
    return not_found()
  end
  local members = { CreateTime = clock.local_time(track.created) }
  for name, value in pairs(track.params) do
    if name ~= "ExportId" then
      members[name] = value
    end
  end
  return members
end

-- The tracking sets that a list shows now: their state `list_lag` seconds ago.
local function listed(emulator)
  local state, lag = emulator.tracks, emulator.options.list_lag
  local shown = state.by_id
  if lag > 0 then
    shown = {}
    local horizon = emulator.clock:now() - lag
    for _, version in ipairs(state.versions) do
      if version.at <= horizon then
        shown[version.key] = version.track
      end
    end
  end
  local list = {}
  for _, track in pairs(shown) do
    list[#list + 1] = track
  end
  table.sort(list, function(a, b) return a.id < b.id end)
  return list
end

-- A list item has neither Filters nor TrackForAllMembers; fields that a multi-product tracking set lacks are empty,
-- since the model requires them.
local function item(track)
  local params = track.params
  return {
    TrackId = track.id, Name = params.Name, ActionType = params.ActionType or "",
    ResourceType = params.ResourceType or "", Status = params.Status, EventNames = params.EventNames or {},
    Storage = params.Storage, CreateTime = clock.local_time(track.created),
  }
end

local function list(emulator, params)
  local page, size = tonumber(params.PageNumber), tonumber(params.PageSize)
  local most = emulator.options.max_page_size
  if most and size > most then
    return nil, "InvalidParameterValue", ("PageSize: at most %d expected."):format(most)
  end
  local all, items = listed(emulator), {}
  for i = (page - 1) * size + 1, math.min(page * size, #all) do
    items[#items + 1] = item(all[i])
  end
  return { Tracks = items, TotalCount = #all }
end

tracks.handlers = {
  CreateAuditTrack = create("single"),
  CreateEventsAuditTrack = create("events"),
  ModifyAuditTrack = modify("single"),
  ModifyEventsAuditTrack = modify("events"),
  DeleteAuditTrack = delete,
  DescribeAuditTrack = describe,
  DescribeAuditTracks = list,
}

--- The current tracking sets, for the admin endpoints and for tests: id, kind, created and the parameters of the
-- request under their API names.
function tracks.all(state)
  local out = {}
  for _, track in pairs(state.by_id) do
    local shown = { id = track.id, kind = track.kind, created = track.created }
    for name, value in pairs(track.params) do
      shown[name] = value
    end
    out[#out + 1] = shown
  end
  table.sort(out, function(a, b) return a.id < b.id end)
  return out
end

return tracks
