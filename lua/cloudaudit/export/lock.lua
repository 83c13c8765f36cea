-- One writer at a time. A lock is a file with the identity of its owner: process id, when that process started, host,
-- and a name that no other owner has. A dead owner's lock is taken over.
--
-- Taking over must not replace the lock of somebody who has done so a moment before. So the right to replace a certain
-- dead lock is a lock itself, PATH.NAME with the name of the dead owner: whoever has it looks once more that the dead
-- lock is still there, and renames the right to PATH, which replaces the one and removes the other.
local core = require "cloudaudit.core"
local files = require "cloudaudit.export.files"

local lock = {}

local Lock = {}
Lock.__index = Lock

-- A chain of owners that all died while they took over.
local DEEPEST = 16

-- When a process began, in the system's ticks; nil where the system does not tell.
local function started(pid)
  local text = files.read(("/proc/%d/stat"):format(pid))
  local rest = text and text:match("^.*%)(.*)$")
  local count = 0
  for field in (rest or ""):gmatch("%S+") do
    count = count + 1
    if count == 20 then
      return field
    end
  end
  return nil
end

local function myself()
  local luv = files.luv()
  local pid = luv.os_getpid()
  return { pid = pid, started = started(pid), host = luv.os_gethostname(),
    name = ("%d-%.0f"):format(pid, luv.hrtime()) }
end

-- Only a process of this host can be known to be dead.
local function is_dead(owner)
  local luv = files.luv()
  if owner.host ~= luv.os_gethostname() then
    return false
  end
  local done, _, name = luv.kill(owner.pid, 0)
  if not done then
    return name == "ESRCH"
  end
  return owner.started ~= nil and started(owner.pid) ~= owner.started
end

local function owner_of(text)
  local owner = core.decode(text)
  local good = type(owner) == "table" and type(owner.pid) == "number" and owner.pid % 1 == 0 and owner.pid > 0
    and type(owner.host) == "string" and type(owner.name) == "string" and owner.name:find("^[0-9%-]+$")
  return good and owner or nil
end

-- Creates the lock with its whole text, or not at all: a link to a file that is complete. Where there are no links, the
-- file itself is created.
local function create(path, text, me)
  local luv = files.luv()
  local temporary = ("%s.%s.tmp"):format(path, me.name)
  local file, message, name = files.create(temporary)
  if not file then
    return nil, message, name
  end
  local done
  done, message = file:write(text)
  luv.fs_close(file.fd)
  file.fd = nil
  if done then
    done, message, name = luv.fs_link(temporary, path)
  end
  file:discard()
  if done or name == "EEXIST" then
    return done, message, name
  elseif name ~= "EPERM" and name ~= "ENOTSUP" and name ~= "ENOSYS" then
    return nil, message, name
  end
  file, message, name = files.create(path)
  if not file then
    return nil, message, name
  end
  done, message = file:write(text)
  luv.fs_close(file.fd)
  return done, message
end

local take

-- Replaces the lock of a dead owner.
local function take_over(path, held, owner, me, text, depth)
  local right = path .. "." .. owner.name
  local done, message, busy = take(right, me, text, depth + 1)
  if not done then
    return nil, message, busy
  elseif files.read(path) ~= held then
    files.luv().fs_unlink(right)
    return nil, path .. ": another process has just taken it", true
  end
  return files.luv().fs_rename(right, path)
end

function take(path, me, text, depth)
  local done, message, name = create(path, text, me)
  if done or name ~= "EEXIST" then
    return done, message
  end
  local held
  held, message, name = files.read(path)
  if not held and name ~= "ENOENT" then
    return nil, message
  elseif not held and depth < DEEPEST then
    return take(path, me, text, depth + 1) -- it was released meanwhile
  end
  local owner = held and owner_of(held)
  if not owner then
    return nil, ("%s: its owner cannot be told; remove it if no export is running"):format(path), true
  elseif depth >= DEEPEST or not is_dead(owner) then
    local elsewhere = owner.host ~= files.luv().os_gethostname() and "; remove it if no export is running there" or ""
    return nil, ("%s: held by process %d on %s%s"):format(path, owner.pid, owner.host, elsewhere), true
  end
  return take_over(path, held, owner, me, text, depth)
end

--- Acquires the lock at a path; nil, message, busy (true when somebody else has it).
function lock.acquire(path)
  local me = myself()
  local text = core.encode(me)
  local done, message, busy = take(path, me, text, 1)
  if not done then
    return nil, message, busy
  end
  return setmetatable({ path = path, text = text }, Lock)
end

--- Removes what dead owners left beside the lock while they took it. For the owner of the lock.
function lock.sweep(path)
  local luv = files.luv()
  local folder, base = path:match("^(.*/)([^/]*)$")
  base = (base or path) .. "."
  for _, name in ipairs(files.list(folder or ".") or {}) do
    local pid = name:sub(1, #base) == base and name:sub(#base + 1):match("^([0-9]+)%-[0-9]+")
    if pid and select(3, luv.kill(tonumber(pid), 0)) == "ESRCH" then
      luv.fs_unlink((folder or "") .. name)
    end
  end
end

--- Whether the lock is still this owner's.
function Lock:is_held()
  return files.read(self.path) == self.text
end

--- Releases it.
function Lock:release()
  if self:is_held() then
    files.luv().fs_unlink(self.path)
  end
end

return lock
