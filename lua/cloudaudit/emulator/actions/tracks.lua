-- Tracking sets of both kinds: the actions that create, modify, delete, describe and list them. A handler takes
-- (emulator, params, context) and returns the members of the response, or nil, a code and a message.
local core = require "cloudaudit.core"
local clock = require "cloudaudit.emulator.clock"
local refusals = require "cloudaudit.emulator.refusals"
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
    return refusals.of(options, "track.storage_type")
  end
end

local function check_filters(options, filters)
  if not filters.ResourceFields or #filters.ResourceFields == 0 then
    return refusals.of(options, "track.no_filters")
  end
end

-- The rules for a whole tracking set, new or modified.
local function check_track(options, params)
  local code, message = check_storage(options, params.Storage)
  if not code and params.Filters then
    code, message = check_filters(options, params.Filters)
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
  if emulator.options.list_lag > 0 or emulator.options.get_lag > 0 then
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
    if not code and options.unique_names and name_taken(state, params.Name) then
      code, message = refusals.of(options, "track.name_taken")
    end
    if code then
      return nil, code, message
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

-- A tracking set that is not there is refused, whatever its rule is set to.
local function not_found(emulator)
  local code, message = refusals.of(emulator.options, "track.missing")
  if code then
    return nil, code, message
  end
  return nil, refusals.RULES["track.missing"][1], refusals.RULES["track.missing"][2]
end

-- What a modification with the option modify_absent = "reset" assumes for absent members.
local RESET = { Status = 0, ActionType = "*", TrackForAllMembers = 0 }

-- The parameters after a modification of a tracking set.
local function modified(options, track, params)
  local merged = merge(track.params, params)
  if params.Storage and options.storage_update == "merge" then
    merged.Storage = merge(track.params.Storage, params.Storage)
  end
  if options.modify_absent == "reset" then
    for name, value in pairs(RESET) do
      if params[name] == nil and merged[name] ~= nil then
        merged[name] = value
      end
    end
  end
  return merged
end

local function check_modification(options, track, params, kind)
  local code, message
  if track.kind ~= kind then
    code, message = refusals.of(options, "track.wrong_kind", CREATE[track.kind], MODIFY[track.kind])
  elseif params.Name and params.Name ~= track.params.Name then
    code, message = refusals.of(options, "track.rename")
  end
  return code, message
end

local function modify(kind)
  return function(emulator, params, context)
    local options = emulator.options
    local track = emulator.tracks.by_id[response.digits(params.TrackId)]
    if not track then
      return not_found(emulator)
    end
    local code, message = check_modification(options, track, params, kind)
    if code then
      return nil, code, message
    end
    local merged = modified(options, track, params)
    local ok
    ok, code, message = refusals.check(options, CREATE[track.kind] .. "Request", merged, context.action, false)
    if ok then
      code, message = check_track(options, merged)
    end
    if code then
      return nil, code, message
    end
    store(emulator, track.id, { id = track.id, kind = track.kind, params = merged, created = track.created })
    context.effect, context.track_id = "modified", track.id
    return {}
  end
end

local function delete(emulator, params, context)
  local track = emulator.tracks.by_id[response.digits(params.TrackId)]
  if not track then
    return not_found(emulator)
  end
  store(emulator, track.id, nil)
  context.effect, context.track_id = "deleted", track.id
  return {}
end

-- A storage as the service shows it: with what it fills in.
local function shown_storage(emulator, storage)
  local options, filled = emulator.options, {}
  if options.compress and storage.StorageType == "cos" then
    filled.Compress = options.compress
  end
  if options.fill_accounts then
    filled.StorageAccountId = response.digits(options.account_id)
    filled.StorageAppId = response.digits(options.app_id)
  end
  return merge(filled, storage)
end

-- The event names as the service shows them, which for all products need not be those of the request.
local function shown_names(emulator, params)
  local names, style = params.EventNames, emulator.options.all_event_names
  if not names or style ~= "star" and params.ResourceType == "*" then
    return setmetatable(style == "blank" and names and { "" } or {}, core.list)
  end
  return names
end

-- The members that the model promises for every tracking set; those that a multi-product one lacks are empty.
local function promised(emulator, track)
  local params = track.params
  return {
    Name = params.Name, ActionType = params.ActionType or "", ResourceType = params.ResourceType or "",
    Status = params.Status, EventNames = shown_names(emulator, params),
    Storage = shown_storage(emulator, params.Storage), CreateTime = clock.local_time(track.created),
  }
end

-- The tracking sets as they were `lag` seconds ago, by id.
local function as_of(emulator, lag)
  local state = emulator.tracks
  if lag <= 0 then
    return state.by_id
  end
  local shown, horizon = {}, emulator.clock:now() - lag
  for _, version in ipairs(state.versions) do
    if version.at <= horizon then
      shown[version.key] = version.track
    end
  end
  return shown
end

local function describe(emulator, params)
  local track = as_of(emulator, emulator.options.get_lag)[response.digits(params.TrackId)]
  if not track then
    return not_found(emulator)
  end
  local members = promised(emulator, track)
  members.TrackForAllMembers, members.Filters = track.params.TrackForAllMembers, track.params.Filters
  return members
end

-- The tracking sets that a list shows now.
local function listed(emulator)
  local list = {}
  for _, track in pairs(as_of(emulator, emulator.options.list_lag)) do
    list[#list + 1] = track
  end
  table.sort(list, function(a, b) return a.id < b.id end)
  return list
end

-- A list item has neither Filters nor TrackForAllMembers.
local function item(emulator, track)
  local members = promised(emulator, track)
  members.TrackId = track.id
  return members
end

local function list(emulator, params)
  local page, size = tonumber(params.PageNumber), tonumber(params.PageSize)
  local most = emulator.options.max_page_size
  if most and size > most then
    local code, message = refusals.of(emulator.options, "track.page_size", most)
    if code then
      return nil, code, message
    end
  end
  local all, items = listed(emulator), {}
  for i = (page - 1) * size + 1, math.min(page * size, #all) do
    items[#items + 1] = item(emulator, all[i])
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
