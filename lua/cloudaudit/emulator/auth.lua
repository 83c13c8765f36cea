-- Server side of TC3-HMAC-SHA256: recomputes the signature from the request received. Never puts a secret key into a
-- message.
local core = require "cloudaudit.core"
local clock = require "cloudaudit.emulator.clock"

local auth = {}

local MAX_AGE = 300
local MAX_SIGNED_HEADERS = 16

local FAILED = "The provided credentials could not be validated. Please check your signature is correct."

--- The parts of an Authorization header, or nil if it is malformed.
function auth.parse(header)
  local credential, signed, signature =
    header:match("^TC3%-HMAC%-SHA256%s+Credential=([^,%s]+),%s*SignedHeaders=([^,%s]+),%s*Signature=(%x+)%s*$")
  if not credential then
    return nil
  end
  local id, date, service = credential:match("^([^/]+)/(%d%d%d%d%-%d%d%-%d%d)/([^/]+)/tc3_request$")
  if not id then
    return nil
  end
  local names, seen = {}, {}
  for name in (signed .. ";"):gmatch("([^;]*);") do
    names[#names + 1] = name
    seen[name] = true
  end
  if not (seen["content-type"] and seen.host) or #names > MAX_SIGNED_HEADERS then
    return nil
  end
  return { id = id, date = date, service = service, names = names, signature = signature:lower() }
end

-- Hosts that the client may have signed: the header's value, or that without the port (the official Node.js SDK).
local function signed_hosts(host)
  local bare = host:match("^(.-):%d+$")
  return bare and { host, bare } or { host }
end

-- Signed headers beyond the two required ones. The documentation's example signs x-tc-action in lower case but sends it
-- in mixed case, so either is accepted.
local function extra_headers(names, headers, lower)
  local extra = {}
  for _, name in ipairs(names) do
    if name ~= "content-type" and name ~= "host" then
      local value = (headers[name] or ""):match("^%s*(.-)%s*$")
      extra[#extra + 1] = { name, lower and value:lower() or value }
    end
  end
  return extra
end

local function sign(context, parsed, key, host, extra)
  local headers = context.headers
  return core.sign{
    method = context.method,
    content_type = headers["content-type"] or "",
    host = host,
    query = context.query,
    payload = context.method == "GET" and "" or context.body,
    unsigned_payload = headers["x-tc-content-sha256"] == "UNSIGNED-PAYLOAD",
    service = context.service,
    timestamp = context.timestamp,
    extra = extra,
    secret_id = parsed.id,
    secret_key = key,
  }
end

-- True if any interpretation that the documentation permits gives the signature received; otherwise false and the
-- canonical request of the first interpretation.
local function matches(context, parsed, key)
  local canonical
  for _, host in ipairs(signed_hosts(context.headers.host or "")) do
    for _, lower in ipairs{ false, true } do
      local extra = extra_headers(parsed.names, context.headers, lower)
      local signed = sign(context, parsed, key, host, extra)
      canonical = canonical or signed and signed.canonical_request
      if signed and signed.signature == parsed.signature then
        return true
      elseif #extra == 0 then
        break
      end
    end
  end
  return false, canonical
end

local function verify_signature(context, parsed, key, debug)
  if parsed.date ~= clock.utc_date(context.timestamp) then
    return "AuthFailure.SignatureFailure",
      FAILED .. " The date in Credential is not the UTC date of X-TC-Timestamp."
  elseif parsed.service ~= context.service then
    return "AuthFailure.SignatureFailure", FAILED .. " The service in Credential is not " .. context.service .. "."
  end
  local same, canonical = matches(context, parsed, key)
  if same then
    return nil
  end
  return "AuthFailure.SignatureFailure",
    debug and canonical and FAILED .. " The server's canonical request:\n" .. canonical or FAILED
end

local function verify_token(context, expected)
  local token = context.headers["x-tc-token"]
  if token == "" then
    token = nil
  end
  if type(expected) == "table" then
    if expected.expires and context.now >= expected.expires then
      return "AuthFailure.TokenFailure", "The token has expired."
    end
    expected = expected.token
  end
  if token ~= expected then
    return "AuthFailure.TokenFailure", "The provided token does not belong to the SecretId."
  end
end

-- Actions that are authenticated by an identity token are unsigned and refuse a signature.
local function verify_unsigned(context)
  if context.headers.authorization ~= "SKIP" then
    return "AuthFailure.InvalidAuthorization", "Authorization: SKIP expected for this action."
  elseif (context.headers["x-tc-token"] or "") ~= "" then
    return "AuthFailure.TokenFailure", "This action takes no token."
  end
end

--- Authenticates a request. Sets context.secret_id and context.signed; returns a code and a message if it fails,
-- nothing otherwise. `options`: secrets, tokens, verify, debug_signature; `issued`: the secrets and tokens of
-- temporary keys.
function auth.authenticate(context, options, issued)
  local header = context.headers.authorization
  local parsed = header and auth.parse(header)
  context.secret_id = parsed and parsed.id
  if not options.verify then
    return nil
  elseif context.unsigned then
    return verify_unsigned(context)
  end
  if not parsed then
    return "AuthFailure.InvalidAuthorization",
      header and "The Authorization header is malformed." or "The request has no Authorization header."
  end
  local key = options.secrets[parsed.id] or issued.secrets[parsed.id]
  if not key then
    return "AuthFailure.SecretIdNotFound", "The SecretId is not found, please ensure that your SecretId is correct."
  elseif math.abs(context.now - context.timestamp) > MAX_AGE then
    return "AuthFailure.SignatureExpire",
      ("The provided signature has expired: X-TC-Timestamp is %.0f s away from the server's time."):format(
        math.abs(context.now - context.timestamp))
  end
  local code, message = verify_signature(context, parsed, key, options.debug_signature)
  if not code then
    code, message = verify_token(context, options.tokens[parsed.id] or issued.tokens[parsed.id])
  end
  context.signed = code == nil
  return code, message
end

return auth
