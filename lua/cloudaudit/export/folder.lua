-- An export as a folder: dt=DAY/part-NUMBER.jsonl.gz and the manifest _cloudaudit.json. However a run ends, the next
-- one finds the state of the last commit and goes on from there; there is no other way to end one.
--
-- A commit: (1) the parts of a chunk are written and synced under temporary names; (2) the manifest, which lists them,
-- is replaced: this is the commit point; (3) they get their names. Opening renames parts that are listed but still have
-- their temporary names, and removes all other temporary files.
local files = require "cloudaudit.export.files"
local lock = require "cloudaudit.export.lock"
local parts = require "cloudaudit.export.parts"
local state = require "cloudaudit.export.state"

local folder = {}

--- Names in the folder. Engines skip names that begin with a dot or an underscore.
folder.MANIFEST, folder.LOCK = "_cloudaudit.json", "_cloudaudit.lock"

local Folder = {}
Folder.__index = Folder

--- Reads the state of the export at a path: nil when there is none; nil, message when it cannot be read.
function folder.read(path)
  local name = path .. "/" .. folder.MANIFEST
  local text, message, code = files.read(name)
  if not text then
    if code == "ENOENT" or code == "ENOTDIR" then
      return nil
    end
    return nil, message
  end
  local held
  held, message = state.decode(text)
  return held, message and ("%s: %s"):format(name, message)
end

local function is_temporary(name)
  return name:find("^%.part%-[0-9]+%.jsonl.*%.tmp$") ~= nil
end

-- Calls visit(day folder, name) for each temporary part.
local function each_temporary(path, names, visit)
  for _, day in ipairs(names) do
    if day:find("^dt=") then
      for _, name in ipairs(files.list(path .. "/" .. day) or {}) do
        visit(day, name, is_temporary(name))
      end
    end
  end
end

--- Whether a new export can begin at a path: nothing is there but what a killed run leaves. Otherwise what is
-- wrong with it.
function folder.is_free(path)
  local found = files.luv().fs_stat(path)
  if found and found.type ~= "directory" then
    return false, "it is not a folder"
  end
  local names, other = files.list(path) or {}, nil
  for _, name in ipairs(names) do
    local ours = name:sub(1, #folder.LOCK) == folder.LOCK or name == "." .. folder.MANIFEST .. ".tmp"
    other = other or not (ours or name:find("^dt=")) and name or nil
  end
  each_temporary(path, names, function(day, name, temporary)
    other = other or not temporary and day .. "/" .. name or nil
  end)
  return other == nil, other and ("it is not an export, and %s is there"):format(other)
end

-- Makes the parts of the last commit visible, and removes what no commit lists.
local function recover(path, held)
  local listed = {}
  for _, name in ipairs(held.pending) do
    local temporary = path .. "/" .. parts.temporary(name)
    listed[parts.temporary(name)] = true
    if files.exists(temporary) then
      local done, message = files.luv().fs_rename(temporary, path .. "/" .. name)
      if done then
        done, message = files.sync_folder(path .. "/" .. name:match("^[^/]*"))
      end
      if not done then
        return nil, message
      end
    end
  end
  each_temporary(path, files.list(path) or {}, function(day, name, temporary)
    if temporary and not listed[day .. "/" .. name] then
      files.luv().fs_unlink(path .. "/" .. day .. "/" .. name)
    end
  end)
  files.luv().fs_unlink(files.beside(path .. "/" .. folder.MANIFEST))
  lock.sweep(path .. "/" .. folder.LOCK)
  return true
end

--- Opens a folder for writing, makes it if need be, and takes its lock. Nothing of an export is changed. nil, message.
function folder.open(path)
  local done, message = files.make_folder(path)
  if not done then
    return nil, message
  end
  local held
  held, message = lock.acquire(path .. "/" .. folder.LOCK)
  if not held then
    return nil, message
  end
  return setmetatable({ path = path, lock = held }, Folder)
end

--- The state of the last commit; nil when there is none; nil, message.
function Folder:read()
  return folder.read(self.path)
end

--- Prepares for writing after the state `held`, which read() gave, or that of a new export. options: line (a function
-- of an event and a level that gives its line without those secrets), limit (bytes of a chunk). true, or nil and a
-- message.
function Folder:begin(held, options)
  self.line, self.limit = options.line, options.limit
  return recover(self.path, held)
end

--- Adds an event, without the secrets of a level (nil: with all), to the chunk of a state.
function Folder:add(held, event, level)
  self.parts = self.parts or parts.new{ root = self.path, number = held.number + 1, gzip = held.gzip,
    private = not held.redacted }
  return self.parts:add(event.time, self.line(event, level))
end

--- Whether an event keeps the parts of the chunk sorted by time. Otherwise the chunk is to be committed before it.
function Folder:fits(event)
  return not self.parts or self.parts:fits(event.time)
end

--- Whether the chunk should be committed.
function Folder:is_full()
  return self.parts ~= nil and self.parts:is_full(self.limit)
end

-- The third step. A failure leaves the rest to the next run.
local function publish(self, names)
  local days = {}
  for _, name in ipairs(names) do
    local done, message = files.luv().fs_rename(self.path .. "/" .. parts.temporary(name), self.path .. "/" .. name)
    if not done then
      return nil, message
    end
    days[name:match("^[^/]*")] = true
  end
  for day in pairs(days) do
    local done, message = files.sync_folder(self.path .. "/" .. day)
    if not done then
      return nil, message
    end
  end
  return true
end

--- Commits the chunk with its state. true, or nil and a message: then the command must end.
function Folder:commit(held)
  local names, message = {}, nil
  if self.parts then
    names, message = self.parts:close()
  end
  if names and not self.lock:is_held() then
    names, message = nil, self.lock.path .. ": another process has taken it"
  end
  if not names then
    self:discard()
    return nil, message
  end
  held.number, held.pending, held.parts = held.number + (self.parts and 1 or 0), names, held.parts + #names
  local done, replaced
  done, message, replaced = files.replace(self.path .. "/" .. folder.MANIFEST, held:encode(), not held.redacted)
  if not done and not replaced then
    self:discard()
    return nil, message
  end
  self.parts = nil -- from here on they are the export's
  if not done then
    return nil, message
  end
  return publish(self, names)
end

--- Drops the chunk in flight. Without the lock its files stay: another process may write under the same names.
function Folder:discard()
  if self.parts then
    self.parts:discard(not self.lock:is_held())
    self.parts = nil
  end
end

--- Releases the folder.
function Folder:close()
  self.lock:release()
end

return folder
