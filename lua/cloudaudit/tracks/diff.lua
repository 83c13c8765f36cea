-- Differences between a wanted and an existing track, field by field and by value: what the service writes in another
-- form (a number as text, an empty text or list, or null, for a default) is not a difference. No I/O.
local reader = require "cloudaudit.reader"

local diff = {}

-- Compared members of a storage. Compress is compared only when the spec has it, since the service fills it in;
-- an absent StorageAccountId or StorageAppId means the caller's own account, so these are always compared.
local STORAGE = { "StorageType", "StorageRegion", "StorageName", "StoragePrefix", "StorageAccountId", "StorageAppId" }

-- The API parameters that change a field. Which event_names are valid depends on resource_type: a change sends both, so
-- that the request is complete whatever the service does with an absent one.
local PARAMS = {
  enabled = { "Status" }, action = { "ActionType" }, resource_type = { "ResourceType", "EventNames" },
  event_names = { "ResourceType", "EventNames" }, storage = { "Storage" }, all_members = { "TrackForAllMembers" },
  filters = { "Filters" },
}

local function show(value)
  if type(value) ~= "table" then
    return tostring(value)
  end
  local parts = {}
  for index, item in ipairs(value) do
    parts[index] = type(item) ~= "table" and tostring(item)
      or ("%s/%s/%s"):format(tostring(item.resource_type), tostring(item.action), show(item.event_names))
  end
  return "{" .. table.concat(parts, ", ") .. "}"
end

--: class Difference  a field that differs
--:   field string
--:   wanted any
--:   found any
local Difference = {
  __name = "cloudaudit.Difference",
  __tostring = function(self)
    return ("%s: %s wanted, %s found"):format(self.field, show(self.wanted), show(self.found))
  end,
}

-- A product or an action; absent and empty mean all.
local function or_all(value, all)
  return reader.id(value) or all
end

-- A list of names as text, equal for equal sets. No name at all, or an empty one, means all events.
local function set_of(names)
  local seen, list = {}, {}
  for _, name in ipairs(type(names) == "table" and names or {}) do
    name = or_all(name, "*")
    if not seen[name] then
      seen[name] = true
      list[#list + 1] = name
    end
  end
  table.sort(list)
  return list[1] and table.concat(list, "\0") or "*"
end

local function filters_of(filters)
  local list = {}
  for index, filter in ipairs(filters) do
    list[index] = table.concat({ or_all(filter.resource_type, "*"), or_all(filter.action, "all"),
      set_of(filter.event_names) }, "\1")
  end
  table.sort(list)
  return table.concat(list, "\2")
end

-- 1 is compressed; 2, 0 and absent are not.
local function is_compressed(value)
  return reader.text(value) == "1"
end

local function compare_storage(wanted, found, add)
  found = type(found) == "table" and found or {}
  for _, name in ipairs(STORAGE) do
    if reader.id(wanted[name]) ~= reader.id(found[name]) then
      add("storage." .. name, wanted[name], found[name])
    end
  end
  if wanted.Compress ~= nil and is_compressed(wanted.Compress) ~= is_compressed(found.Compress) then
    add("storage.Compress", wanted.Compress, found.Compress)
  end
end

--- Compares two tracks (see track.from_wire): a list of differences {field, wanted, found}, and whether the tracks
-- are of different kinds (one product, or several by filters), which no call can change. Names are not compared,
-- nor is export_id, which the service never returns.
function diff.compare(wanted, found)
  local list = {}
  local function add(field, wanted_value, found_value)
    list[#list + 1] = setmetatable({ field = field, wanted = wanted_value, found = found_value }, Difference)
  end
  local function compare(field, all)
    if or_all(wanted[field], all) ~= or_all(found[field], all) then
      add(field, wanted[field], found[field])
    end
  end
  if wanted.enabled ~= found.enabled then
    add("enabled", wanted.enabled, found.enabled)
  end
  local other_kind = (wanted.filters ~= nil) ~= (found.filters ~= nil)
  if other_kind then
    add("filters", wanted.filters, found.filters)
  elseif wanted.filters then
    if filters_of(wanted.filters) ~= filters_of(found.filters) then
      add("filters", wanted.filters, found.filters)
    end
  else
    compare("action", "all")
    compare("resource_type", "*")
    if set_of(wanted.event_names) ~= set_of(found.event_names) then
      add("event_names", wanted.event_names, found.event_names)
    end
  end
  compare_storage(wanted.storage, found.storage, add)
  if (wanted.all_members or false) ~= (found.all_members or false) then
    add("all_members", wanted.all_members or false, found.all_members or false)
  end
  return list, other_kind
end

--- The parameters of a create that a modify needs to remove the differences.
function diff.params(differences, params)
  local changed = {}
  for _, difference in ipairs(differences) do
    for _, name in ipairs(PARAMS[difference.field:match("^[^.]+")]) do
      changed[name] = params[name]
    end
    if difference.field == "all_members" then
      changed.TrackForAllMembers = params.TrackForAllMembers or 0
    end
  end
  return changed
end

--- A list of differences in one line.
function diff.describe(differences)
  local lines = {}
  for index, difference in ipairs(differences) do
    lines[index] = tostring(difference)
  end
  return table.concat(lines, "; ")
end

return diff
