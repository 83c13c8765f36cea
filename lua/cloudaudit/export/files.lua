-- Files that are on the disk before they are relied on, through luv. Every function returns a value, or nil and the
-- system's message, which names the file.
local optional = require "cloudaudit.optional"

local files = {}

local PUBLIC, PRIVATE, FOLDER = 420, 384, 493 -- rw-r--r--, rw-------, rwxr-xr-x

--- The module luv, or nil when it is not installed.
function files.luv()
  return optional.module("luv")
end

--- The permissions of a new file; `private`: for its owner alone.
function files.mode(private)
  return private and PRIVATE or PUBLIC
end

--- Whether something is at a path.
function files.exists(path)
  return files.luv().fs_lstat(path) ~= nil
end

--- The text of a file; nil, message, name such as "ENOENT". A pipe would wait, and a device have no end.
function files.read(path)
  local luv = files.luv()
  local found = luv.fs_stat(path)
  if found and found.type ~= "file" and found.type ~= "directory" then
    return nil, "not a regular file: " .. path, "EINVAL"
  end
  local fd, message, name = luv.fs_open(path, "r", 0)
  if not fd then
    return nil, message, name
  end
  local parts = {}
  while true do
    local chunk
    chunk, message, name = luv.fs_read(fd, 65536, -1)
    if not chunk or chunk == "" then
      break
    end
    parts[#parts + 1] = chunk
  end
  luv.fs_close(fd)
  if message then
    return nil, ("%s: %s"):format(message, path), name
  end
  return table.concat(parts)
end

--- The names in a folder, sorted.
function files.list(path)
  local luv = files.luv()
  local scan, message = luv.fs_scandir(path)
  if not scan then
    return nil, message
  end
  local names = {}
  local name = luv.fs_scandir_next(scan)
  while name do
    names[#names + 1] = name
    name = luv.fs_scandir_next(scan)
  end
  table.sort(names)
  return names
end

local function parent(path)
  local folder = path:match("^(.*)/[^/]*$")
  return folder == "" and "/" or folder or "."
end

--- Makes the names in a folder last.
function files.sync_folder(path)
  local luv = files.luv()
  local fd, message = luv.fs_open(path, "r", 0)
  if not fd then
    return nil, message
  end
  local done
  done, message = luv.fs_fsync(fd)
  luv.fs_close(fd)
  if not done then
    return nil, ("%s: %s"):format(message, path)
  end
  return true
end

--- Makes a folder whose parent exists, lastingly; true also when it is there.
function files.make_folder(path)
  local done, message, name = files.luv().fs_mkdir(path, FOLDER)
  if not done and name ~= "EEXIST" then
    return nil, message
  elseif not done then
    return true
  end
  return files.sync_folder(parent(path))
end

local File = {}
File.__index = File

--- A new file to write, which must not exist: O_EXCL.
function files.create(path, private)
  local fd, message, name = files.luv().fs_open(path, "wx", files.mode(private))
  if not fd then
    return nil, message, name
  end
  return setmetatable({ fd = fd, path = path, size = 0 }, File)
end

--- Writes all of a text at the end.
function File:write(text)
  local luv, from = files.luv(), 1
  while from <= #text do
    local written, message = luv.fs_write(self.fd, from == 1 and text or text:sub(from), self.size)
    if not written then
      return nil, ("%s: %s"):format(message, self.path)
    end
    from, self.size = from + written, self.size + written
  end
  return true
end

--- Closes the file after its bytes are on the disk.
function File:close()
  local luv = files.luv()
  local done, message = luv.fs_fsync(self.fd)
  local closed, problem = luv.fs_close(self.fd)
  self.fd = nil
  if not done or not closed then
    return nil, ("%s: %s"):format(message or problem, self.path)
  end
  return true
end

--- Closes the file, whatever was written, and removes it unless it is `kept`.
function File:discard(kept)
  if self.fd then
    files.luv().fs_close(self.fd)
    self.fd = nil
  end
  if not kept then
    files.luv().fs_unlink(self.path)
  end
end

--- The name of the temporary file beside a path.
function files.beside(path)
  local folder, name = path:match("^(.*/)([^/]*)$")
  return (folder or "") .. "." .. (name or path) .. ".tmp"
end

--- Replaces a file as a whole: at any moment there is the old text or the new one. nil, message, replaced: the last is
-- true when the new text is there but might not survive a loss of power.
function files.replace(path, text, private)
  local temporary = files.beside(path)
  files.luv().fs_unlink(temporary)
  local file, message = files.create(temporary, private)
  if not file then
    return nil, message
  end
  local done
  done, message = file:write(text)
  if done then
    done, message = file:close()
  end
  if done then
    done, message = files.luv().fs_rename(temporary, path)
  end
  if not done then
    file:discard()
    return nil, message
  end
  done, message = files.sync_folder(parent(path))
  return done, message, not done or nil
end

return files
