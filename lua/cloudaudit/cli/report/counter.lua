-- Counts values in bounded memory. Up to LIMIT different values are counted exactly. Of more, the rare ones are dropped
-- now and then into "others"; one that comes back begins anew, so that its count is then a lower bound.
local counter = {}

local LIMIT = 5000

local Counter = {}
Counter.__index = Counter

--- Makes a counter; it holds up to twice `limit` values.
function counter.new(limit)
  return setmetatable({ limit = limit or LIMIT, entries = {}, size = 0, dropped = 0, dropped_values = 0 }, Counter)
end

-- More calls first, then the newer ones; the value decides only so that the same events give the same page.
local function before(a, b)
  if a.count ~= b.count then
    return a.count > b.count
  elseif a.last ~= b.last then
    return a.last > b.last
  end
  return tostring(a.key) < tostring(b.key)
end

local function sorted(self)
  local list = {}
  for _, entry in pairs(self.entries) do
    list[#list + 1] = entry
  end
  table.sort(list, before)
  return list
end

local function drop_rare(self)
  local list = sorted(self)
  for index = self.limit + 1, #list do
    self.entries[list[index].key] = nil
    self.dropped, self.dropped_values = self.dropped + list[index].count, self.dropped_values + 1
  end
  self.size = self.limit
end

--- Counts a value (any key of a table) at a time. Returns its entry, {key, count, last}, in which the caller may keep
-- more; `last` is the newest time.
function Counter:add(key, time)
  local entry = self.entries[key]
  if not entry then
    if self.size >= 2 * self.limit then
      drop_rare(self)
    end
    entry = { key = key, count = 0, last = time }
    self.entries[key], self.size = entry, self.size + 1
  end
  entry.count = entry.count + 1
  entry.last = math.max(entry.last, time)
  return entry
end

--- {rows = the `most` entries of the highest counts, values = how many different values, exact = whether that and the
-- counts are exact (else `values` and the counts of rows are lower bounds), others = {values, count}: what is not in
-- rows}.
function Counter:top(most)
  local rows, others = {}, { values = self.dropped_values, count = self.dropped }
  for index, entry in ipairs(sorted(self)) do
    if index <= most then
      rows[index] = entry
    else
      others.values, others.count = others.values + 1, others.count + entry.count
    end
  end
  local exact = self.dropped_values == 0
  return { rows = rows, values = self.size, exact = exact, others = others }
end

return counter
