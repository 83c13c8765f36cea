-- gzip through lua-zlib, which is optional.
local optional = require "cloudaudit.optional"

local gzip = {}

local LEVEL = 6
local GZIP = 31 -- a window of 32 KiB, and gzip's head and tail

local function zlib()
  return optional.module("zlib")
end

--- Whether lua-zlib is installed.
function gzip.is_there()
  return zlib() ~= nil
end

--- A function that compresses text piece by piece: pack(text) returns bytes, perhaps none; pack() ends the member.
function gzip.pack()
  local stream = zlib().deflate(LEVEL, GZIP)
  return function(text)
    local bytes = stream(text or "", not text and "finish" or nil)
    return bytes
  end
end

--- A function that decompresses piece by piece, member after member: unpack(bytes) returns text, or nil and a message;
-- unpack() at the end of the bytes returns true, or nil and a message when a member is cut off.
function gzip.unpack()
  local stream, used = nil, 0
  return function(bytes)
    if not bytes then
      return stream == nil or nil, "it is cut off"
    end
    local out = {}
    while bytes ~= "" do
      stream = stream or zlib().inflate()
      local done, text, ended, consumed = pcall(stream, bytes)
      if not done and not tostring(text):find("zlib", 1, true) then
        error(text, 0) -- SIGINT
      elseif not done then
        return nil, "it is damaged"
      end
      out[#out + 1] = text
      if not ended then
        used = consumed
        break
      end
      bytes = bytes:sub(consumed - used + 1)
      stream, used = nil, 0
    end
    return table.concat(out)
  end
end

return gzip
