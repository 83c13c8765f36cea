-- Standard output, every write of which is checked: stock Lua ends with 0 when the disk is full. A failure ends the
-- command with 8, a closed pipe silently with 141.
local status = require "cloudaudit.cli.status"

local output = {}

-- POSIX numbers that are the same on every system.
local EPIPE, EBADF = 32, 9

local BROKEN_PIPE = 141

local Output = {}
Output.__index = Output

local function check(done, message, code)
  if done then
    return
  elseif code == EPIPE then
    status.raise(BROKEN_PIPE)
  end
  status.raise(8, "standard output: " .. tostring(message))
end

--- Checks that the descriptors 0 to 2 are open, and occupies those that are not: the next file that is opened would
-- take the number, and data or notes would go into it. What is written to a closed standard output fails.
function output.reserve()
  local held = {}
  for _, file in ipairs{ io.stdin, io.stdout, io.stderr } do
    local _, _, code = file:seek()
    if code == EBADF then
      held[#held + 1] = io.open("/dev/null", "r")
    end
  end
  return held
end

--- Wraps a stream with write and flush, by default standard output.
function output.new(stream)
  stream = stream or io.stdout
  if stream == io.stdout then
    stream:setvbuf("full")
  end
  return setmetatable({ stream = stream }, Output)
end

function Output:write(...)
  check(self.stream:write(...))
  return self
end

--- Hands on what was written: after each page, and after each line of a verb that follows.
function Output:flush()
  if self.stream.flush then
    check(self.stream:flush())
  end
end

--- The last flush. With luv the descriptor is closed too, which is where a network file system reports a failure.
function Output:close()
  self:flush()
  local luv = self.stream == io.stdout and package.loaded.luv
  if type(luv) == "table" then -- Lua 5.1 leaves a mark there when it could not be loaded
    local done, message = luv.fs_close(1)
    check(done, message)
  end
end

return output
