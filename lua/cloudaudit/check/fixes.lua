-- The shell commands that fix what a posture check found, for `cloudaudit tracks`. URL, ACCOUNT, BUCKET, REGION and
-- PREFIX are for the reader to fill in; a text in parentheses is advice, not a command.
local coverage = require "cloudaudit.check.coverage"

local fixes = {}

local PREFIX = "cloudaudit tracks "

--- A word for the shell: names come from events and from the service, and somebody may paste the command.
function fixes.quote(text)
  text = tostring(text)
  return text:find("^[A-Za-z0-9_,:/@.=-]+$") and text or "'" .. text:gsub("'", "'\\''") .. "'"
end

--- What names one of the tracks in a command: its name, or its id when the name is not one to type or not unique.
function fixes.reference(track, tracks)
  local count = 0
  for _, other in ipairs(tracks) do
    count = count + (other.name == track.name and 1 or 0)
  end
  local plain = type(track.name) == "string" and track.name:find("^[A-Za-z_][A-Za-z0-9_-]*$")
  if plain and count <= 1 then
    return track.name
  end
  return type(track.id) == "number" and ("%.0f"):format(track.id) or tostring(track.id)
end

-- A name that no track has.
local function free_name(base, tracks)
  local taken, name, number = {}, base, 2
  for _, track in ipairs(tracks) do
    taken[track.name or ""] = true
  end
  while taken[name] do
    name, number = ("%s-%d"):format(base, number), number + 1
  end
  return name
end

--- Creates a set whose name begins with `base`, with the given options, that ships to `url` (nil: URL).
function fixes.create(base, tracks, options, url)
  return ("%screate %s%s --storage %s"):format(PREFIX, free_name(base, tracks), options and " " .. options or "",
    url or "URL")
end

--- Changes a set.
function fixes.set(track, tracks, options)
  return ("%sset %s %s"):format(PREFIX, fixes.reference(track, tracks), options)
end

function fixes.enable(track, tracks)
  return ("%senable %s"):format(PREFIX, fixes.reference(track, tracks))
end

--- Deletes sets, each by its id, which is certain.
function fixes.delete(list)
  local ids = {}
  for index, track in ipairs(list) do
    ids[index] = type(track.id) == "number" and ("%.0f"):format(track.id) or tostring(track.id)
  end
  return ("%sdelete %s"):format(PREFIX, table.concat(ids, " "))
end

--- --filter options of a track's parts, after change(part) -> product, action, names.
function fixes.filters(track, change)
  local words = {}
  for index, part in ipairs(coverage.parts(track)) do
    local product, action, names = change(part)
    words[index] = "--filter " .. fixes.quote(("%s:%s%s"):format(product, action,
      names and ":" .. table.concat(names, ",") or ""))
  end
  return table.concat(words, " ")
end

--- Enables a set that would cover the calls of a kind ("read", "write"), or creates one.
function fixes.cover(tracks, action, base, options)
  for _, track in ipairs(tracks) do
    if not track.enabled and coverage.selects(track, action) then
      return fixes.enable(track, tracks)
    end
  end
  return fixes.create(base, tracks, options)
end

return fixes
