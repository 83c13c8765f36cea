-- The fields of an HTTP head: names, values, and the two headers whose values are read. Linear in their length.
local ascii = require "cloudaudit.ascii"

local fields = {}

-- These patterns run over every byte of a call, so they contain no lazy matches.
fields.NAME = "^[A-Za-z0-9%-!#$%%&'*+.^_`|~]+$"
fields.PLAIN = "^[^%z\1-\31\127]*$"

-- Adds a field to {name = value or a list of values}.
local function add_field(headers, name, value)
  local before = headers[name]
  if type(before) == "table" then
    before[#before + 1] = value
  else
    headers[name] = before and { before, value } or value
  end
end

--- Adds the fields of a head or of trailers (lines with CRLF, from `at` on); false for a line that is not a field.
function fields.read(text, at, headers)
  local last = text:find("\r\n", at, true)
  while last do
    local colon = text:find(":", at, true)
    local name = colon and colon < last and text:sub(at, colon - 1)
    local value = name and text:sub(colon + 1, last - 1):match("^[ \t]*(.*)")
    if not name or not name:find(fields.NAME)
      or not value:find(fields.PLAIN) and not value:gsub("\t", " "):find(fields.PLAIN) then
      return false
    end
    local final = value:byte(-1)
    if final == 32 or final == 9 then
      value = ascii.trim(value)
    end
    add_field(headers, ascii.lower(name), value)
    at = last + 2
    last = text:find("\r\n", at, true)
  end
  for name, value in pairs(headers) do
    headers[name] = type(value) == "table" and table.concat(value, ", ") or value
  end
  return true
end

--- The length in Content-Length, which may be repeated; nil when it is missing or the repetitions differ.
function fields.length(text)
  local length
  for item in (text .. ","):gmatch("([^,]*),") do
    local part = ascii.trim(item)
    if not part:find("^%d+$") or #part > 15 or (length and length ~= tonumber(part)) then
      return nil
    end
    length = tonumber(part)
  end
  return length
end

--- Whether a list of words has this one, in lower case.
function fields.has_token(text, token)
  return text ~= nil and ("," .. ascii.lower(text):gsub("[ \t]", "") .. ","):find("," .. token .. ",", 1, true) ~= nil
end

return fields
