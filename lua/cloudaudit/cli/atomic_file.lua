-- Files that appear whole or not at all: written beside their name and renamed. With luv the bytes are on the disk
-- before the name is. What a killed run left beside the name is replaced by the next.
local atomic_file = {}

local PRIVATE, PUBLIC = 384, 420 -- rw-------, rw-r--r--

local function split(path)
  local folder, name = path:match("^(.*/)([^/]*)$")
  return folder or "", name or path
end

local function beside(path)
  local folder, name = split(path)
  return folder .. "." .. name .. ".tmp"
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

local function create(path, text)
  local file, message = io.open(path, "wb")
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
  local other = beside(path)
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
  local other = beside(path)
  local done, message
  if luv then
    done, message = create_durably(luv, other, "")
  else
    done, message = create(other, "")
  end
  os.remove(other)
  return done or nil, message
end

return atomic_file
