-- The server's side of TC3-HMAC-SHA256: recomputes the signature from the request received; signatures of version 1 are
-- in signature_v1.lua. Never puts a secret key into a message.
local ascii = require "cloudaudit.ascii"
local core = require "cloudaudit.core"
local clock = require "cloudaudit.emulator.clock"
local refusals = require "cloudaudit.emulator.refusals"
local signature_v1 = require "cloudaudit.emulator.signature_v1"

local auth = {}

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
  return { id = id, date = date, service = service, names = names, signature = ascii.lower(signature) }
end

-- Hosts that the client may have signed: the header's value, or that without the port (the official Node.js SDK).
local function signed_hosts(host)
  local bare = host:match("^(.-):%d+$")
  return bare and { host, bare } or { host }
end

-- Whether the client may call the service so in its scope: by its name, or by the first label of a Host on loopback,
-- which the PHP, Java, Node.js and C++ SDKs take for the name ("127" of 127.0.0.1).
local function names_service(context, name)
  local host = ascii.lower(context.headers.host or ""):gsub(":%d+$", ""):gsub("^%[(.*)%]$", "%1")
  local loopback = host == "localhost" or host:find("%.localhost$") or host:find("^127%.%d+%.%d+%.%d+$")
    or host == "::1"
  return name == context.service or loopback and (name == host or name == host:match("^[^.]*"))
end

-- Signed headers beyond the two required ones. The documentation's example signs x-tc-action in lower case but sends it
-- in mixed case, so either is accepted.
local function extra_headers(names, headers, lower)
  local extra = {}
  for _, name in ipairs(names) do
    if name ~= "content-type" and name ~= "host" then
      local value = ascii.trim(headers[name] or "")
      extra[#extra + 1] = { name, lower and ascii.lower(value) or value }
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
    service = parsed.service,
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
  elseif not names_service(context, parsed.service) then
    return "AuthFailure.SignatureFailure", FAILED .. " The service in Credential is not " .. context.service .. "."
  end
  local same, canonical = matches(context, parsed, key)
  if same then
    return nil
  end
  return "AuthFailure.SignatureFailure",
    debug and canonical and FAILED .. " The server's canonical request:\n" .. canonical or FAILED
end

local function verify_token(context, expected, options)
  local token = context.token
  if type(expected) == "table" then
    if expected.expires and context.now >= expected.expires then
      return "AuthFailure.TokenFailure", "The token has expired."
    end
    expected = expected.token
  end
  if token ~= expected then
    return refusals.of(options, "token.wrong")
  end
end

-- Actions that are authenticated by an identity token are unsigned and refuse a signature.
local function verify_unsigned(context)
  if context.headers.authorization ~= "SKIP" then
    return "AuthFailure.InvalidAuthorization", "Authorization: SKIP expected for this action."
  elseif context.token then
    return "AuthFailure.TokenFailure", "This action takes no token."
  end
end

local function verify_v1(context, key)
  if not signature_v1.matches(context, key, signed_hosts(context.headers.host or "")) then
    return "AuthFailure.SignatureFailure", FAILED
  end
end

-- What is wrong with the form of a signature.
local function check_form(context, parsed, options)
  local header = context.headers.authorization
  if context.v1 then
    for member, name in pairs{ secret_id = "SecretId", signature = "Signature" } do
      if (context[member] or "") == "" then
        return "MissingParameter", ("The request is missing a required parameter `%s`."):format(name)
      end
    end
  elseif not header then
    local code, message = refusals.of(options, "authorization.missing")
    if code then
      return code, message
    end
    return "AuthFailure.InvalidAuthorization", "The request has no Authorization header." -- whatever the rule is set to
  elseif not parsed then
    return "AuthFailure.InvalidAuthorization", "The Authorization header is malformed."
  end
end

--- Authenticates a request. Sets context.secret_id and context.signed; returns a code and a message if it fails,
-- nothing otherwise. `options`: secrets, tokens, verify, debug_signature; `issued`: the secrets and tokens of
-- temporary keys.
function auth.authenticate(context, options, issued)
  local header = context.headers.authorization
  local parsed = header and auth.parse(header)
  local id = context.v1 and context.secret_id or parsed and parsed.id
  context.secret_id = id
  if not options.verify then
    return nil
  elseif context.unsigned then
    return verify_unsigned(context)
  end
  local code, message = check_form(context, parsed, options)
  if code then
    return code, message
  end
  local key = options.secrets[id] or issued.secrets[id]
  if not key then
    return "AuthFailure.SecretIdNotFound", "The SecretId is not found, please ensure that your SecretId is correct."
  elseif math.abs(context.now - context.timestamp) > options.clock_tolerance then
    code, message = refusals.of(options, "clock.skew", math.abs(context.now - context.timestamp))
  end
  if code then
    return code, message
  end
  if context.v1 then
    code, message = verify_v1(context, key)
  else
    code, message = verify_signature(context, parsed, key, options.debug_signature)
  end
  if not code then
    code, message = verify_token(context, options.tokens[id] or issued.tokens[id], options)
  end
  context.signed = code == nil
  return code, message
end

return auth
