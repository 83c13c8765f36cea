-- Reads the events of an exported folder, day by day. Oldest first, the parts of a day, which are sorted, are merged;
-- newest first, the events of a day that are wanted are in memory.
local files = require "cloudaudit.export.files"
local folder = require "cloudaudit.export.folder"
local lines = require "cloudaudit.export.lines"
local parts = require "cloudaudit.export.parts"
local record = require "cloudaudit.export.record"
local source = require "cloudaudit.export.source"

local days = {}

-- The parts of a day. One that the manifest lists can still have its temporary name.
local function parts_of(path, day, pending)
  local list = {}
  for _, name in ipairs(files.list(path .. "/" .. day) or {}) do
    if name:find("^[^._].*%.jsonl$") or name:find("^[^._].*%.jsonl%.gz$") then
      list[#list + 1] = day .. "/" .. name
    end
  end
  for _, name in ipairs(pending) do
    if name:match("^[^/]*") == day and files.exists(path .. "/" .. parts.temporary(name)) then
      list[#list + 1] = parts.temporary(name)
    end
  end
  return list
end

-- {next=, place=} of a part; nil, message, module.
local function open_part(path, name, query)
  local place = path .. "/" .. name
  local list, message, module = lines.open(place)
  if not list and not module and name:find("%.tmp$") then
    place = path .. "/" .. name:gsub("/%.(.*)%.tmp$", "/%1") -- it has got its name meanwhile
    list, message, module = lines.open(place)
  end
  if not list then
    return nil, message, module
  end
  return { next = source.wanted(source.of_lines(place, list), query), place = place }
end

-- The events of a day; nil, message, module.
local function open_day(path, day, pending, query)
  local opened, list = {}, {}
  local merges = query.oldest and day ~= parts.NO_DAY
  for _, name in ipairs(parts_of(path, day, pending)) do
    local part, message, module = open_part(path, name, query)
    local done = part
    if part and merges then
      opened[#opened + 1] = part
    elseif part then
      done, message = source.load(part.next, query, list)
    end
    if not done then
      return nil, message, module
    end
  end
  if merges then
    return source.merge(opened)
  end
  return source.of_list(list)
end

-- The days of a folder that the query can want, in its order; nil and what is wrong.
local function days_of(path, query)
  local names, message = files.list(path)
  if not names then
    return nil, message
  end
  local first, last = query.since and parts.folder_of(query.since), parts.folder_of(query["until"])
  local list, found, timeless = {}, files.exists(path .. "/" .. folder.MANIFEST), nil
  for _, day in ipairs(names) do
    found = found or day:find("^dt=") ~= nil
    if day == parts.NO_DAY then
      timeless = day
    elseif day:find("^dt=%d") and (not first or day >= first) and day <= last then
      table.insert(list, query.oldest and #list + 1 or 1, day)
    end
  end
  list[#list + 1] = timeless
  if not found then
    return nil, path .. ": it is not an export"
  end
  return list
end

--- The source of the events of a folder (see source.lua). nil, message, module: the Lua module that is missing.
function days.open(path, query)
  if not files.luv() then
    return nil, path .. ": it is a folder", "luv"
  end
  local held, message = folder.read(path)
  if message then
    return nil, message
  elseif held and held.format ~= "jsonl" then
    return nil, path .. ": " .. record.OCSF
  end
  query.redacted = held ~= nil and held.redacted
  local list
  list, message = days_of(path, query)
  if not list then
    return nil, message
  end
  local at, next_event = 0, nil
  return function()
    while true do
      if next_event then
        local event, problem = next_event()
        if event or problem then
          return event, problem
        end
      end
      at = at + 1
      if not list[at] then
        return nil
      end
      local problem, module
      next_event, problem, module = open_day(path, list[at], held and held.pending or {}, query)
      if not next_event then
        return nil, problem, module
      end
    end
  end
end

return days
