-- Files that appear whole or not at all: written beside their name and renamed. With luv the bytes are on the disk
-- before the name is, and two processes can write the same file. What a killed run left beside the name is removed by
-- the next.
local atomic_file = {}

local PRIVATE, PUBLIC = 384, 420 -- rw-------, rw-r--r--
local ENOENT = 2

local function split(path)
  local folder, name = path:match("^(.*/)([^/]*)$")
  return folder or "", name or path
end

-- With luv the name is this process's own: otherwise one would rename what another has half written.
local function beside(luv, path)
  local folder, name = split(path)
  return ("%s.%s%s.tmp"):format(folder, name, luv and (".%d"):format(luv.os_getpid()) or "")
end

-- Removes what killed runs left.
local function sweep(luv, path)
  local folder, name = split(path)
  os.remove(beside(nil, path))
  local scan = luv.fs_scandir(folder == "" and "." or folder)
  local found = scan and luv.fs_scandir_next(scan)
  while found do
    local pid = found:sub(1, #name + 2) == "." .. name .. "." and found:sub(#name + 3):match("^(%d+)%.tmp$")
    if pid and select(3, luv.kill(tonumber(pid), 0)) == "ESRCH" then
      os.remove(folder .. found)
    end
    found = luv.fs_scandir_next(scan)
  end
end

-- A full disk takes a part of the text first, and refuses the rest.
local function write_all(luv, fd, text)
  local at = 0
  while at < #text do
    local count, message = luv.fs_write(fd, at == 0 and text or text:sub(at + 1), at)
    if not count then
      return nil, message
    end
    at = at + count
  end
  return true
end

local function create_durably(luv, path, text, private)
  os.remove(path)
  local fd, message = luv.fs_open(path, "wx", private and PRIVATE or PUBLIC)
  if not fd then
    return nil, message
  end
  local done
  done, message = write_all(luv, fd, text)
  if done then
    done, message = luv.fs_fsync(fd)
  end
  local closed, problem = luv.fs_close(fd)
  return done and closed, message or problem
end

-- Opening would follow a link and wait for a pipe: what is there goes first.
local function create(path, text)
  local removed, message, code = os.remove(path)
  if not removed and code ~= ENOENT then
    return nil, message
  end
  local file
  file, message = io.open(path, "wb")
  if not file then
    return nil, message
  end
  local done
  done, message = file:write(text)
  local closed, problem = file:close()
  return done and closed, message or problem
end

-- The name is on the disk when its folder is. Not every file system can do that, and not every folder can be read.
local function sync_folder(luv, path)
  local folder = split(path)
  local fd = luv.fs_open(folder == "" and "." or folder, "r", 0)
  if not fd then
    return true
  end
  local done, message, name = luv.fs_fsync(fd)
  luv.fs_close(fd)
  return done or name == "EINVAL" or nil, message
end

--- Writes a text to `path`. `luv` is the module or nil; with `private` only the owner may read the file, which needs
-- luv. Returns true, or nil and a message; then `path` is as it was.
function atomic_file.write(luv, path, text, private)
  local other = beside(luv, path)
  local done, message
  if luv then
    done, message = create_durably(luv, other, text, private)
  else
    done, message = create(other, text)
  end
  if done then
    done, message = os.rename(other, path)
  end
  if not done then
    os.remove(other)
    return nil, tostring(message)
  end
  if luv then
    return sync_folder(luv, path)
  end
  return true
end

--- Whether `path` can be written: true, or nil and a message. Nothing is left behind.
function atomic_file.check(luv, path)
  local other = beside(luv, path)
  local done, message
  if luv then
    sweep(luv, path)
    done, message = create_durably(luv, other, "")
  else
    done, message = create(other, "")
  end
  os.remove(other)
  return done or nil, message
end

return atomic_file
