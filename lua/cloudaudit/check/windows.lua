-- Counts events that come close together: for each key, those of the last so many seconds. Events may come late. Memory
-- is bounded for each key, and keys that are past are forgotten.
local windows = {}

local Windows = {}
Windows.__index = Windows

-- Entries of a key. No rule counts further.
local MOST = 64

-- Keys are looked through after so many events; one is past when its window has been over for so many seconds.
local SWEEP, LATE = 4096, 3600

--- Windows of `span` seconds.
function windows.new(span)
  return setmetatable({ span = span, lists = {}, newest = 0, added = 0 }, Windows)
end

local function sweep(self)
  for key, list in pairs(self.lists) do
    if list[#list].time < self.newest - self.span - LATE then
      self.lists[key] = nil
    end
  end
  self.added = 0
end

-- Removes the earlier entry of the same value.
local function without(list, value)
  for index = #list, 1, -1 do
    if list[index].value == value then
      table.remove(list, index)
    end
  end
end

-- The longest run of entries around the one at `at` that lies within the span.
local function fullest(list, at, span)
  local best_first, best_last = at, at
  for first = at, 1, -1 do
    if list[at].time - list[first].time > span then
      break
    end
    local last = at
    while list[last + 1] and list[last + 1].time - list[first].time <= span do
      last = last + 1
    end
    if last - first > best_last - best_first then
      best_first, best_last = first, last
    end
  end
  local out = {}
  for index = best_first, best_last do
    out[#out + 1] = list[index]
  end
  return out
end

--- Adds an entry {time, value, id}; returns the entries that lie within one span with it, by time. With `distinct` only
-- the last entry of a value counts.
function Windows:add(key, entry, distinct)
  local list = self.lists[key] or {}
  self.lists[key] = list
  if distinct then
    without(list, entry.value)
  end
  local at = #list + 1
  while at > 1 and list[at - 1].time > entry.time do
    at = at - 1
  end
  table.insert(list, at, entry)
  if #list > MOST then
    table.remove(list, 1)
    at = math.max(at - 1, 1)
  end
  self.newest, self.added = math.max(self.newest, entry.time), self.added + 1
  if self.added >= SWEEP then
    sweep(self)
  end
  return fullest(list, at, self.span)
end

--- The entries of a key in the span that ends at `time`.
function Windows:before(key, time)
  local out = {}
  for _, entry in ipairs(self.lists[key] or {}) do
    if entry.time <= time and time - entry.time <= self.span then
      out[#out + 1] = entry
    end
  end
  return out
end

--- What a condition returns for entries: counted under `subject`, one of `keys` under which the event is counted. With
-- `last` (an event) this one belongs to them too.
function windows.found(entries, keys, subject, detail, last)
  local ids = {}
  for _, entry in ipairs(entries) do
    ids[#ids + 1] = entry.id
  end
  ids[#ids + 1] = last and last.id
  return { keys = keys, subject = subject, detail = detail, evidence = ids, from = entries[1].time }
end

return windows
