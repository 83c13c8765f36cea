-- Lines of a file that may be compressed, which its first bytes tell, one at a time. A small file is closed after its
-- only block, so that many can be open.
local gzip = require "cloudaudit.export.gzip"

local lines = {}

local BLOCK = 65536
-- A longer line is none of an export: a record has at most some hundred KiB.
local LONGEST = 16 * 1024 * 1024
local MAGIC = "\31\139"

local Lines = {}
Lines.__index = Lines

-- Reads a block: text, perhaps none; false at the end; nil, message. Closes the file at its end.
local function read(self)
  if not self.file then
    return false
  end
  local bytes, message = self.file:read(BLOCK)
  if not bytes and message then
    return nil, message
  elseif not bytes or #bytes < BLOCK and not self.kept then
    self:close()
  end
  return bytes or false
end

--- The lines of an open file; it stays open at its end if it is `kept`. `head`: what was read of it before. nil,
-- message, module: the Lua module that is missing.
function lines.new(file, kept, head)
  local self = setmetatable({ file = file, kept = kept, text = "", at = 1 }, Lines)
  local message
  self.block, message = read(self)
  if self.block ~= nil and head then
    self.block = head .. (self.block or "")
  end
  if self.block == nil then
    self:close()
    return nil, message
  elseif self.block and self.block:sub(1, #MAGIC) == MAGIC then
    if not gzip.is_there() then
      self:close()
      return nil, "it is compressed", "zlib"
    end
    self.unpack = gzip.unpack()
  end
  return self
end

--- The lines of an open file of a name; see lines.new. nil, message, module.
function lines.of(path, file, head)
  local self, message, module = lines.new(file, false, head)
  return self, message and ("%s: %s"):format(path, message), module
end

--- The lines of a file by its name; nil, message, module.
function lines.open(path)
  local file, message = io.open(path, "rb")
  if not file then
    return nil, message
  end
  return lines.of(path, file)
end

-- The next block of text: true; false at the end; nil, message.
local function fill(self)
  local block, message = self.block, nil
  if block == nil then
    block, message = read(self)
  end
  self.block = nil
  if message then
    return nil, message
  elseif self.unpack and (block or not self.ended) then
    self.ended = not block
    block, message = self.unpack(block or nil)
    if not block then
      return nil, message
    end
    block = block ~= true and block
  end
  if not block then
    self.block = false
    return false
  end
  self.text, self.at = block, 1
  return true
end

--- The next line; nil at the end; nil, message.
function Lines:next()
  local pieces, size = {}, 0 -- of a line that goes over several blocks
  while true do
    local last = self.text:find("\n", self.at, true)
    local piece = self.text:sub(self.at, last and last - 1)
    pieces[#pieces + 1], size = piece, size + #piece
    self.at = last and last + 1 or #self.text + 1
    if last then
      return pieces[2] and table.concat(pieces) or piece
    elseif size > LONGEST then
      return nil, "it has a line of more than 16 MiB"
    end
    local more, message = fill(self)
    if more == nil then
      return nil, message
    elseif not more then
      return size > 0 and table.concat(pieces) or nil
    end
  end
end

--- Closes the file before its end.
function Lines:close()
  if self.file and not self.kept then
    self.file:close()
  end
  self.file = nil
end

return lines
