-- The server's side of signatures of version 1, HmacSHA1 and HmacSHA256: a GET or a form whose parameters hold what TC3
-- has in headers, and the signature of all of them.
local ascii = require "cloudaudit.ascii"
local core = require "cloudaudit.core"
local query_string = require "cloudaudit.emulator.query_string"

local signature_v1 = {}

local DIGESTS = { HmacSHA1 = "SHA1", HmacSHA256 = "SHA256" }

-- The common parameters, by the member of the context that each becomes. The others belong to the action.
local COMMON = {
  Action = "action", Version = "version", Region = "region", Timestamp = "timestamp_text", Token = "token",
  Language = "language", SecretId = "secret_id", Signature = "signature", SignatureMethod = "signature_method",
  Nonce = "nonce", RequestClient = "request_client",
}

local LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

--- Bytes in base64.
function signature_v1.base64(bytes)
  local out = {}
  for at = 1, #bytes, 3 do
    local a, b, c = bytes:byte(at, at + 2)
    local word = a * 65536 + (b or 0) * 256 + (c or 0)
    local group = ""
    for shift = 3, 0, -1 do
      local index = math.floor(word / 64 ^ shift) % 64 + 1
      group = group .. LETTERS:sub(index, index)
    end
    out[#out + 1] = group:sub(1, c and 4 or b and 3 or 2) .. (c and "" or b and "=" or "==")
  end
  return table.concat(out)
end

--- The text that is signed, of unencoded parameters by name.
function signature_v1.text(method, host, path, parameters)
  local names, out = {}, {}
  for name in pairs(parameters) do
    if name ~= "Signature" then
      names[#names + 1] = name
    end
  end
  table.sort(names, ascii.before)
  for index, name in ipairs(names) do
    out[index] = name .. "=" .. parameters[name]
  end
  return method .. host .. path .. "?" .. table.concat(out, "&")
end

--- The signature of a text; nil for an unknown method.
function signature_v1.sign(signature_method, key, text)
  local digest = DIGESTS[signature_method]
  local bytes = digest and core.hmac(digest, key, text)
  return bytes and signature_v1.base64(bytes)
end

-- The form or query of a request that may be signed so; nil for others.
local function form_of(context)
  if context.method == "GET" then
    return context.query
  end
  local content_type = ascii.lower((context.headers["content-type"] or ""):match("^%s*([^;%s]*)"))
  return context.method == "POST" and content_type == "application/x-www-form-urlencoded" and context.body or nil
end

--- Reads the common parameters of a request into its context, if it is one of version 1: it has no X-TC-Action, and its
-- parameters have an Action. Sets context.v1 = {parameters=, form=}.
function signature_v1.read(context)
  local form = (context.headers["x-tc-action"] or "") == "" and form_of(context)
  if not form or not (form:find("^Action=") or form:find("&Action=", 1, true)) then
    return
  end
  local parameters = query_string.pairs(form)
  for name, member in pairs(COMMON) do
    context[member] = parameters[name]
  end
  context.v1 = { parameters = parameters, form = form }
end

--- Whether a name is one of the common parameters.
function signature_v1.is_common(name)
  return COMMON[name] ~= nil
end

--- Whether a request of version 1 was signed with `key`, for one of the hosts that the client may have signed.
function signature_v1.matches(context, key, hosts)
  for _, host in ipairs(hosts) do
    local text = signature_v1.text(context.method, host, context.path, context.v1.parameters)
    if signature_v1.sign(context.signature_method or "HmacSHA1", key, text) == context.signature then
      return true
    end
  end
  return false
end

return signature_v1
