-- TC3-HMAC-SHA256 as a careful user of lua-luaossl would write it: the signing key of the day is cached.
local digest = require "openssl.digest"
local hmac = require "openssl.hmac"

local luaossl = {}

local function hex(bytes)
  return (bytes:gsub(".", function(byte) return ("%02x"):format(byte:byte()) end))
end

local function sha256(text)
  return hex(digest.new("sha256"):final(text))
end

local function mac(key, text)
  return hmac.new(key, "sha256"):final(text)
end

local kept = {}

local function signing_key(secret, date)
  if kept.secret ~= secret or kept.date ~= date then
    kept = { secret = secret, date = date, key = mac(mac(mac("TC3" .. secret, date), "cloudaudit"), "tc3_request") }
  end
  return kept.key
end

--- The Authorization header of a POST.
function luaossl.sign(id, secret, host, timestamp, body)
  local date = os.date("!%Y-%m-%d", timestamp)
  local canonical = "POST\n/\n\ncontent-type:application/json\nhost:" .. host
    .. "\n\ncontent-type;host\n" .. sha256(body)
  local scope = date .. "/cloudaudit/tc3_request"
  local to_sign = "TC3-HMAC-SHA256\n" .. ("%d"):format(timestamp) .. "\n" .. scope .. "\n" .. sha256(canonical)
  return "TC3-HMAC-SHA256 Credential=" .. id .. "/" .. scope .. ", SignedHeaders=content-type;host, Signature="
    .. hex(mac(signing_key(secret, date), to_sign))
end

return luaossl
