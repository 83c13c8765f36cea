-- The subject of `who`: a key, an address, a user or a resource, told by its form or by a prefix.
local cidr = require "cloudaudit.events.cidr"
local status = require "cloudaudit.cli.status"

local subject = {}

-- kind -> the option of FILTER that it stands for, and the column that is then the same in every row.
local KINDS = {
  key = { option = "key" },
  ip = { option = "ip", column = "source_ip" },
  user = { option = "user", column = "user" },
  resource = { option = "resource", column = "resource" },
}

local function guess(text)
  if text:find("^AKID[A-Za-z0-9]") then
    return "key", text
  elseif cidr.address(text) or cidr.block(text) then
    return "ip", text
  elseif text:find("^@.") then
    return "user", text:sub(2)
  elseif text:find("^%d+$") then
    return "user", text, ("note: %s is read as the UIN of a user; resource:%s means a resource"):format(text, text)
  end
  local note = nil
  if cidr.looks_like_block(text) and text:find("^[%d.:]+/") then
    note = ("note: %s is not a CIDR block and is read as a resource"):format(text)
  end
  return "resource", text, note
end

--- Reads a subject: {kind, value, option, column}, and a note when it could mean something else.
function subject.read(text)
  local kind, value = text:match("^([a-z]+):(.*)$")
  local note
  if not KINDS[kind] then
    kind, value, note = guess(text)
  end
  if value == "" then
    status.usage(("SUBJECT: a key, address, user or resource expected, got %s"):format(text == "" and "an empty text"
      or status.quote(text)))
  end
  return { kind = kind, value = value, option = KINDS[kind].option, column = KINDS[kind].column }, note
end

return subject
