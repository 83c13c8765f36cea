-- Addresses and CIDR blocks such as 10.0.0.0/8 and 2001:db8::/32. An IPv4 address mapped to IPv6 is the IPv4 address.
local cidr = {}

local function read_ipv4(text)
  local bytes = { text:match("^(%d+)%.(%d+)%.(%d+)%.(%d+)$") }
  for index = 1, 4 do
    local digits = bytes[index]
    bytes[index] = digits and #digits <= 3 and tonumber(digits)
    if not bytes[index] or bytes[index] > 255 then
      return nil
    end
  end
  return bytes
end

-- The bytes of the groups in "1:2:3" or ""; nil when one is malformed. The last may be IPv4 at the end of an address.
local function read_groups(text, at_end)
  local bytes = {}
  if text == "" then
    return bytes
  end
  for group, ending in (text .. ":"):gmatch("([^:]*):()") do
    local ipv4 = at_end and ending == #text + 2 and read_ipv4(group)
    if ipv4 then
      for _, byte in ipairs(ipv4) do
        bytes[#bytes + 1] = byte
      end
    elseif group:find("^%x%x?%x?%x?$") then
      local value = tonumber(group, 16)
      bytes[#bytes + 1], bytes[#bytes + 2] = math.floor(value / 256), value % 256
    else
      return nil
    end
  end
  return bytes
end

local MAPPED = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255 }

local function unmapped(bytes)
  for index, byte in ipairs(MAPPED) do
    if bytes[index] ~= byte then
      return bytes
    end
  end
  return { bytes[13], bytes[14], bytes[15], bytes[16] }
end

local function read_ipv6(text)
  local before, after = text:match("^(.-)::(.*)$")
  local head = read_groups(before or text, not after)
  local tail = after and not after:find("::", 1, true) and read_groups(after, true)
  if not head or after and not tail then
    return nil
  elseif not after then
    return #head == 16 and unmapped(head) or nil
  elseif #head + #tail > 14 then
    return nil
  end
  for _ = #head + #tail + 1, 16 do
    head[#head + 1] = 0
  end
  for _, byte in ipairs(tail) do
    head[#head + 1] = byte
  end
  return unmapped(head)
end

--- The 4 or 16 bytes of an address, nil when the text is not one.
function cidr.address(text)
  if type(text) ~= "string" then
    return nil
  end
  return text:find(":", 1, true) and read_ipv6(text) or read_ipv4(text)
end

--- A block {bytes, bits} of "10.0.0.0/8"; nil when the text is not one.
function cidr.block(text)
  local address, bits = text:match("^(.+)/(%d%d?%d?)$")
  local bytes = cidr.address(address)
  bits = tonumber(bits)
  if not bytes then
    return nil
  elseif #bytes == 4 and address:find(":", 1, true) then
    bits = bits - 96 -- written as a mapped block
  end
  return bits >= 0 and bits <= #bytes * 8 and { bytes = bytes, bits = bits } or nil
end

--- Whether a text is written like a block, right or wrong.
function cidr.looks_like_block(text)
  return text:find("/", 1, true) ~= nil
end

--- Whether an address (bytes) is in a block.
function cidr.contains(block, bytes)
  if #bytes ~= #block.bytes then
    return false
  end
  local whole = math.floor(block.bits / 8)
  for index = 1, whole do
    if bytes[index] ~= block.bytes[index] then
      return false
    end
  end
  local rest = 2 ^ (8 - block.bits % 8)
  return rest == 256 or math.floor(bytes[whole + 1] / rest) == math.floor(block.bytes[whole + 1] / rest)
end

return cidr
