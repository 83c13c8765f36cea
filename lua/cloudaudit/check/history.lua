-- What events tell about the trail itself: who changed tracking sets, when none covered the writes, and what was done
-- to the storages. `events` are oldest first. No I/O.
local ascii = require "cloudaudit.ascii"
local coverage = require "cloudaudit.check.coverage"
local reader = require "cloudaudit.reader"
local time = require "cloudaudit.time"
local tracks = require "cloudaudit.tracks.track"

local history = {}

-- Event names that change a tracking set, with what they do. Modify* are in the API, but not in the documented list of
-- audited operations.
local CHANGES = { DeleteAuditTrack = "deleted", StopLogging = "off", DeleteAudit = "deleted", UpdateAudit = "changed",
  ModifyAuditTrack = "modified", ModifyEventsAuditTrack = "modified" }

--- The names of events from which `changes` and `gaps` are told.
history.CHANGES = { "DeleteAuditTrack", "StopLogging", "UpdateAudit", "DeleteAudit", "ModifyAuditTrack",
  "ModifyEventsAuditTrack", "CreateAuditTrack", "CreateEventsAuditTrack" }

-- Decoded parameters or response elements of an event; empty when it has none.
local function object(event, name)
  local detail = reader.object(event.detail)
  return detail and (reader.object(detail[name])) or {}
end

local function track_id(event, params)
  return reader.id(params.TrackId) or reader.id(object(event, "responseElements").TrackId)
    or reader.id(event.resource_name)
end

-- Whether a modification only turns a set on, which is how one that was off is repaired.
local function only_enables(params)
  for name in pairs(params) do
    if name ~= "TrackId" and name ~= "Status" and name ~= "Version" then
      return false
    end
  end
  return reader.text(params.Status) == "1"
end

--- Who: "ann from 203.0.113.10".
function history.who(event)
  return ("%s from %s"):format(event.user or "unknown", event.source_ip or "an unknown address")
end

local function happened(event)
  local result = event:row().result
  return result ~= "denied" and result ~= "failed"
end

--- The changes of tracking sets: {event, what ("deleted", "off", "changed"), id}. A set that was only turned on, or
-- created, is none.
function history.changes(events)
  local list = {}
  for _, event in ipairs(events) do
    local what = CHANGES[event.name]
    if what and happened(event) then
      local params = object(event, "requestParameters")
      if what == "modified" then
        what = reader.text(params.Status) == "0" and "off" or not only_enables(params) and "changed" or nil
      end
      list[#list + 1] = what and { event = event, what = what,
        id = track_id(event, params) or reader.id(params.AuditName) } or nil
    end
  end
  return list
end

-- ---- gaps --------------------------------------------------------------------------------------

-- When the sets that cover writes, if they are enabled, came to be, by id: those that exist, and those that events tell
-- were created.
local function births(list, events)
  local sets = {}
  for _, track in ipairs(list) do
    if coverage.selects(track, "write") then
      sets[reader.text(track.id)] = { time = track.created_at or 0, on = true, enabled_now = track.enabled == true }
    end
  end
  for _, event in ipairs(events) do
    if (event.name == "CreateAuditTrack" or event.name == "CreateEventsAuditTrack") and happened(event) then
      local params = object(event, "requestParameters")
      local made, id = tracks.from_wire(params), track_id(event, params)
      if id and not sets[id] and coverage.selects(made, "write") then
        sets[id] = { time = event.time or 0, on = made.enabled == true }
      end
    end
  end
  return sets
end

-- Whether an event turns a set on or off; nil when it does neither.
local function direction(event, params)
  local what, status = CHANGES[event.name], reader.text(params.Status)
  if what == "deleted" then
    return false
  elseif what == "modified" and (status == "0" or status == "1") then
    return status == "1"
  end
  return nil
end

-- The times at which sets came to be and were turned on and off: {time, id, on, event}, oldest first.
local function switches(sets, events)
  local list, order = {}, {}
  for _, event in ipairs(events) do
    local params = object(event, "requestParameters")
    local id, on = track_id(event, params), direction(event, params)
    if on ~= nil and event.time and id and sets[id] and happened(event) then
      list[#list + 1] = { time = event.time, id = id, on = on, event = event }
      sets[id].switched = true
    end
  end
  for id, set in pairs(sets) do
    -- One that is off without an event that says since when was off all the time.
    if set.enabled_now ~= nil and not set.switched then
      set.on = set.enabled_now
    end
    list[#list + 1] = { time = set.time, id = id, on = set.on, birth = true }
  end
  -- Times are whole seconds: within one, the switch that led to what the set is now comes last.
  for index, switch in ipairs(list) do
    local is_last = switch.on == (sets[switch.id].enabled_now or false)
    order[switch] = switch.birth and 0 or (is_last and #list or 0) + index
  end
  table.sort(list, function(a, b)
    return a.time < b.time or a.time == b.time and order[a] < order[b]
  end)
  return list
end

--- The intervals without a set that covers the writes of all products: {from, to (nil: still), from_event, to_event
-- (nil: a set was created)}; nil when no set is known to cover them. Before its first switch a set counts as it was
-- created.
function history.gaps(list, events)
  local sets, gaps, on, gap, covered = births(list, events), {}, {}, nil, false
  if next(sets) == nil then
    return nil
  end
  for _, switch in ipairs(switches(sets, events)) do
    on[switch.id] = switch.on or nil
    if next(on) == nil then
      gap = gap or covered and { from = switch.time, from_event = switch.event } or nil
    else
      covered = true
      if gap then
        gap.to, gap.to_event = switch.time, switch.event
        gaps[#gaps + 1], gap = gap, nil
      end
    end
  end
  gaps[#gaps + 1] = gap
  return gaps
end

--- "2026-01-31T08:00:00Z to …" of a gap.
function history.span(gap)
  return ("%s to %s"):format(time.iso(gap.from), gap.to and time.iso(gap.to) or "now")
end

-- ---- storages ----------------------------------------------------------------------------------

-- Event names by storage type; those of cls and ckafka are guessed as event names.
local SINKS = {
  cos = { "DeleteBucket", "PutBucketACL", "PutBucketPolicy", "PutBucketLifecycle", "PutBucketVersioning",
    "DeleteBucketPolicy" },
  cls = { "ModifyTopic", "DeleteTopic", "DeleteLogset" },
  ckafka = { "DeleteTopic", "DeleteInstancePre" },
}

--- The names of events that may harm a storage of the enabled tracks; empty when they have none.
function history.sink_names(list)
  local names, known = {}, {}
  for _, track in ipairs(coverage.enabled(list)) do
    for _, name in ipairs(track.storage and SINKS[track.storage.StorageType] or {}) do
      names[#names + 1] = not known[name] and name or nil
      known[name] = true
    end
  end
  return names
end

-- Whether a value of an event names a part of a storage: a bucket perhaps with the APPID behind it, a topic, an
-- instance.
local function names_storage(value, name)
  if type(value) == "table" then
    for _, item in pairs(value) do
      if names_storage(item, name) then
        return true
      end
    end
    return false
  end
  local text = reader.text(value)
  return text == name or text ~= nil and text:sub(1, #name + 1) == name .. "-" and text:find("^%d+$", #name + 2) ~= nil
end

local function is_sink_event(event, storage)
  local kind = storage.StorageType
  if ascii.lower(event.resource_type or "") ~= kind then
    return false
  end
  for _, name in ipairs(SINKS[kind] or {}) do
    if event.name == name then
      -- Which logset holds a topic cannot be read.
      if name == "DeleteLogset" then
        return true
      end
      for part in (storage.StorageName or ""):gmatch("[^/]+") do
        if names_storage(event.resource_name, part) or names_storage(object(event, "requestParameters"), part) then
          return true
        end
      end
    end
  end
  return false
end

--- The events that touched a storage of the enabled tracks: {event, storage}.
function history.sinks(list, events)
  local found = {}
  for _, event in ipairs(events) do
    for _, track in ipairs(happened(event) and coverage.enabled(list) or {}) do
      if track.storage and is_sink_event(event, track.storage) then
        found[#found + 1] = { event = event, storage = track.storage }
        break
      end
    end
  end
  return found
end

return history
