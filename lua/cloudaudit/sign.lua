-- cloudaudit.sign: TC3-HMAC-SHA256 with every intermediate result, for other services and for debugging signatures
-- that a service refuses. Sends nothing.
local ascii = require "cloudaudit.ascii"
local core = require "cloudaudit.core"
local errors = require "cloudaudit.errors"
local validate = require "cloudaudit.validate"

local sign = {}

--: class SignInput  what cloudaudit.sign takes
local ROWS = {
  { name = "secret_id", type = "string", required = true },
  { name = "secret_key", type = "string", required = true },
  { name = "timestamp", type = "count", required = true },
  { name = "host", type = "string", required = true },
  { name = "service", type = "string", default = "cloudaudit" },
  { name = "method", type = "string", default = "POST" },
  { name = "content_type", type = "string", default = "application/json" },
  { name = "query", type = "string", default = "" },
  { name = "payload", type = "string", default = "" },
  { name = "headers", type = "table" },
  { name = "unsigned_payload", type = "boolean", default = false },
}

local MAX_HEADERS = 16
local OWN = { ["content-type"] = "content_type", host = "host" }

--: class SignStages  a signature and its intermediate results
--:   payload_hash string
--:   canonical_request string
--:   canonical_request_hash string
--:   string_to_sign string
--:   date_key string
--:   service_key string
--:   signing_key string
--:   signature string
--:   authorization string
--:   date string
-- Converts {["X-TC-Action"] = "…"} to the core's form: a list with lower-case names, sorted.
local function signed_headers(headers)
  local extra = {}
  for name, value in pairs(headers or {}) do
    if type(name) ~= "string" or type(value) ~= "string" then
      return errors.misuse("sign.headers: names and values must be strings", "headers")
    elseif OWN[ascii.lower(name)] then
      local text = "sign.headers: %s is always signed: pass it as %s"
      return errors.misuse(text:format(name, OWN[ascii.lower(name)]), "headers")
    end
    extra[#extra + 1] = { ascii.lower(name), value }
  end
  if #extra > MAX_HEADERS then
    return errors.misuse(("sign.headers: at most %d expected, got %d"):format(MAX_HEADERS, #extra), "headers")
  end
  table.sort(extra, function(a, b) return ascii.before(a[1], b[1]) end)
  return extra
end

--- Signs {secret_id, secret_key, timestamp, host, service, method, content_type, query, payload, headers,
-- unsigned_payload}; `headers` are signed in addition to content-type and host, with unchanged values. Returns
-- {payload_hash, canonical_request, canonical_request_hash, string_to_sign, date_key, service_key, signing_key,
-- signature, authorization, date}. The three keys are secrets.
--: cloudaudit.sign(request: SignInput) -> SignStages | failure
sign.sign = errors.public(function(request)
  local ok, message, err = validate.fields("sign", request, ROWS)
  if not ok then
    return nil, message, err
  end
  local input = {}
  for _, row in ipairs(ROWS) do
    input[row.name] = request[row.name]
    if input[row.name] == nil then
      input[row.name] = row.default
    end
  end
  input.headers = nil
  input.extra, message, err = signed_headers(request.headers)
  if not input.extra then
    return nil, message, err
  end
  local stages, fields = core.sign(input)
  if not stages then
    return errors.failure(fields)
  end
  return stages
end)

return sign
