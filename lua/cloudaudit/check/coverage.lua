-- What tracking sets record: whether one covers all calls of a kind, is narrowed, or repeats another. `track` is a
-- track as get_track returns it. No I/O.
local ascii = require "cloudaudit.ascii"
local reader = require "cloudaudit.reader"

local coverage = {}

-- The event names of a set or a filter; nil for all. The service may write all of them as *, as nothing or as "".
local function names_of(list)
  local names = {}
  for _, name in ipairs(list or {}) do
    if name == "*" then
      return nil
    end
    names[#names + 1] = name ~= "" and name or nil
  end
  return names[1] and names or nil
end

local function part_of(source)
  return { product = ascii.lower(reader.id(source.resource_type) or "*"), action = reader.id(source.action) or "all",
    names = names_of(source.event_names) }
end

--- The parts of a track: its filters, or the track itself, as {product, action, names (nil: all)}.
function coverage.parts(track)
  if not track.filters then
    return { part_of(track) }
  end
  local parts = {}
  for index, filter in ipairs(track.filters) do
    parts[index] = part_of(filter)
  end
  return parts
end

--- Whether a part records every call of a kind ("read", "write") of a product, or with "*" of all products.
function coverage.part_covers(part, action, product)
  return (part.product == "*" or part.product == product) and (part.action == "all" or part.action == action)
    and part.names == nil
end

--- Whether a track, if it is enabled, records every call of a kind of a product, by default of all.
function coverage.selects(track, action, product)
  for _, part in ipairs(coverage.parts(track)) do
    if coverage.part_covers(part, action, product or "*") then
      return true
    end
  end
  return false
end

--- The enabled tracks that record every call of a kind ("any": reads or writes) of a product, by default of all.
function coverage.covering(tracks, action, product)
  local list = {}
  for _, track in ipairs(tracks) do
    if track.enabled and (action ~= "any" and coverage.selects(track, action, product)
      or action == "any" and (coverage.selects(track, "read") or coverage.selects(track, "write"))) then
      list[#list + 1] = track
    end
  end
  return list
end

--- The tracks that are enabled.
function coverage.enabled(tracks)
  local list = {}
  for _, track in ipairs(tracks) do
    list[#list + 1] = track.enabled and track or nil
  end
  return list
end

--- Selection, storage and prefix of a track as text, equal for equal ones; nil without a storage.
function coverage.key(track)
  local storage, parts = track.storage, {}
  if not storage then
    return nil
  end
  for index, part in ipairs(coverage.parts(track)) do
    local names = part.names or { "*" }
    table.sort(names)
    parts[index] = table.concat({ part.product, part.action, table.concat(names, ",") }, " ")
  end
  table.sort(parts)
  return table.concat({ table.concat(parts, ";"), storage.StorageType or "", storage.StorageRegion or "",
    storage.StorageName or "", storage.StoragePrefix or "", storage.StorageAccountId or "" }, "\n")
end

return coverage
