-- The files of one chunk of an export: a part for each day, under a temporary name until the manifest lists it.
local files = require "cloudaudit.export.files"
local gzip = require "cloudaudit.export.gzip"
local time = require "cloudaudit.time"

local parts = {}

local Parts = {}
Parts.__index = Parts

local DAY = 86400

-- Lines that are compressed and written at once.
local BUFFER = 65536

-- Parts of a chunk, which the manifest lists.
local MOST_PARTS = 100

--- The folder of events without a time: the name that engines give to a partition without a value.
parts.NO_DAY = "dt=__HIVE_DEFAULT_PARTITION__"

--- The folder of a time.
function parts.folder_of(seconds)
  return seconds and "dt=" .. time.iso(seconds):sub(1, 10) or parts.NO_DAY
end

--- The temporary name of a part: names with a dot in front are skipped by everything that reads folders.
function parts.temporary(name)
  return (name:gsub("/([^/]*)$", "/.%1.tmp"))
end

--- The parts of a chunk. options: root (a folder), number, gzip, private.
function parts.new(options)
  return setmetatable({ root = options.root, name = ("part-%06d.jsonl%s"):format(options.number,
    options.gzip and ".gz" or ""), gzip = options.gzip, private = options.private, days = {}, list = {}, size = 0 },
    Parts)
end

-- Writes the lines of a part; with `last` the end of its gzip member too.
local function flush(self, part, last)
  local text = table.concat(part.lines)
  part.lines, part.bytes = {}, 0
  if part.pack then
    text = part.pack(text) .. (last and part.pack() or "")
  end
  self.size = self.size + #text
  return part.file:write(text)
end

-- Ends a part: a complete file on the disk. true, or nil and a message.
local function close_part(self, part)
  local done, message = flush(self, part, true)
  part.ended, part.pack = true, nil
  if done then
    done, message = part.file:close()
  end
  if done then
    done, message = files.sync_folder(self.root .. "/" .. part.name:match("^[^/]*"))
  end
  return done, message
end

-- Opens the part of a time, and ends the one of the day before: events come by time.
local function open_part(self, seconds)
  local folder = parts.folder_of(seconds)
  local done, message = files.make_folder(self.root .. "/" .. folder)
  if done and seconds and self.current then
    done, message = close_part(self, self.current)
  end
  if not done then
    return nil, message
  end
  local name = folder .. "/" .. self.name
  local file
  file, message = files.create(self.root .. "/" .. parts.temporary(name), self.private)
  if not file then
    return nil, message
  end
  local part = { name = name, file = file, pack = self.gzip and gzip.pack(), lines = {}, bytes = 0 }
  self.days[folder], self.list[#self.list + 1] = part, part
  if seconds then
    part.first = seconds - seconds % DAY
    self.current = part
  end
  return part
end

-- The part of a time, which is mostly the one before: nil when there is none.
local function part_of(self, seconds)
  local current = self.current
  if current and seconds and seconds >= current.first and seconds < current.first + DAY then
    return current
  end
  return self.days[parts.folder_of(seconds)]
end

--- Whether an event of a time can be added: readers rely on parts that are sorted, and one that was ended stays.
function Parts:fits(seconds)
  local part = part_of(self, seconds)
  return not (part and (part.ended or seconds and part.last and seconds < part.last))
end

--- Adds the line of an event of a time (nil: without one). true, or nil and a message.
function Parts:add(seconds, line)
  local part = part_of(self, seconds)
  if not part then
    local message
    part, message = open_part(self, seconds)
    if not part then
      return nil, message
    end
  end
  part.last = seconds
  part.lines[#part.lines + 1] = line
  part.lines[#part.lines + 1] = "\n"
  part.bytes = part.bytes + #line
  if part.bytes < BUFFER then
    return true
  end
  return flush(self, part)
end

--- Whether the chunk should end: it has `limit` bytes, or many days.
function Parts:is_full(limit)
  return self.size >= limit or #self.list >= MOST_PARTS
end

--- Ends the parts, each a complete file on the disk under its temporary name. Returns their final names, below the
-- root; nil and a message.
function Parts:close()
  local names = {}
  for index, part in ipairs(self.list) do
    local done, message = part.ended, nil
    if not done then
      done, message = close_part(self, part)
    end
    if not done then
      return nil, message
    end
    names[index] = part.name
  end
  return names
end

--- Closes what was written, and removes it unless it is `kept`.
function Parts:discard(kept)
  for _, part in ipairs(self.list) do
    part.file:discard(kept)
  end
  self.days, self.list, self.current = {}, {}, nil
end

return parts
