-- The journal: every request that arrived, in order, and its result. A test oracle for questions such as "how many
-- creates arrived"; it never influences a request.
local journal = {}

local Journal = {}
Journal.__index = Journal

-- Bytes of the texts kept: bodies of 10 MiB would fill the memory long before there are too many entries.
local MOST_BYTES = 64 * 1024 * 1024

--- `limit`: the number of entries kept. The counts include all requests.
function journal.new(limit)
  return setmetatable({ limit = limit, first = 1, last = 0, bytes = 0, entries = {}, counts = {} }, Journal)
end

local function size_of(entry)
  local size = 0
  for _, value in pairs(entry) do
    size = size + (type(value) == "string" and #value or 0)
  end
  return size
end

--: class JournalEntry  a request that the emulator received
--:   number integer
--:   time number
--:   method string
--:   path string
--:   action string?
--:   region string?
--:   request_id string
--:   signed boolean
--:   secret_id string?
--:   bytes integer
--:   body string
--:   params table?
--:   status integer
--:   code string?
--:   effect string?
--:   track_id integer?
--:   fault string?
--:   connection integer?
--- Adds an entry, a table with the fields of JournalEntry but the number.
function Journal:add(entry)
  self.last = self.last + 1
  entry.number = self.last
  self.entries[self.last] = entry
  self.bytes = self.bytes + size_of(entry)
  while self.first <= self.last and self.last - self.first >= self.limit
    or self.first < self.last and self.bytes > MOST_BYTES do
    self.bytes = self.bytes - size_of(self.entries[self.first])
    self.entries[self.first] = nil
    self.first = self.first + 1
  end
  local action = entry.action or ""
  local count = self.counts[action] or { requests = 0, effects = 0, errors = 0 }
  self.counts[action] = count
  count.requests = count.requests + 1
  count.effects = count.effects + (entry.effect and 1 or 0)
  count.errors = count.errors + (entry.code and 1 or 0)
end

--- The entries kept, oldest first: all, or those of one action.
function Journal:list(action)
  local out = {}
  for number = self.first, self.last do
    local entry = self.entries[number]
    if not action or entry.action == action then
      out[#out + 1] = entry
    end
  end
  return out
end

--- The numbers of requests that arrived, that had an effect and that got an error since the start or the last reset,
-- for one action or for all.
function Journal:count(action)
  local requests, effects, failures = 0, 0, 0
  for name, count in pairs(self.counts) do
    if not action or name == action then
      requests, effects, failures = requests + count.requests, effects + count.effects, failures + count.errors
    end
  end
  return requests, effects, failures
end

return journal
