-- What to do about a failure, as data: the first row that fits gives err.hint. Rows match codes of the service, kinds,
-- and texts of OpenSSL, libcurl and nginx; a failure with a text of this library brings its hint with it.
-- A row never repeats the message, and never suggests to switch off a protection.
local hints = {}

-- code: the service's code or a dotted prefix; kind: err.kind; field: err.field; status: err.http_status; match: a Lua
-- pattern in the message; action: a Lua pattern in the action.
local ROWS = {
  { code = "AuthFailure.SignatureExpire",
    hint = "the clock of this machine differs from the service's by more than five minutes: set it (NTP)" },
  { code = "AuthFailure.SignatureFailure",
    hint = "the secret key does not belong to the secret id, or was truncated or padded when it was copied" },
  { code = "AuthFailure.SecretIdNotFound",
    hint = "the secret id is unknown, disabled or deleted: look at the CAM console under API keys" },
  { code = "AuthFailure.InvalidSecretId",
    hint = "this is not a cloud API key id; those begin with AKID" },
  { code = "AuthFailure.TokenFailure",
    hint = "the session token has expired or belongs to another key: fetch id, key and token together" },
  { code = "AuthFailure.UnauthorizedOperation",
    hint = "CAM denies this action to the key's user: grant it for cloudaudit on resource *" },
  { code = "UnauthorizedOperation",
    hint = "CAM denies this action to the key's user: grant it for cloudaudit on resource *" },
  { code = "AuthFailure", hint = "the service refused the key or the signature: check secret id, key and token" },
  { code = "InvalidParameterValue.AuditTrackNameNotSupportModify",
    hint = "a tracking set cannot be renamed: create one with the new name and delete the old one" },
  { code = "InvalidParameterValue.AliasAlreadyExists",
    hint = "the name is taken: get that track with find_track, or choose another name" },
  { code = "InvalidParameterValue.CosRegionError", hint = "StorageRegion must be the region of the bucket" },
  { code = "LimitExceeded.OverAmount", action = "^Create",
    hint = "the account has reached its limit of tracking sets: delete one or request a higher limit" },
  { code = "LimitExceeded.OverTime",
    hint = "LookUpEvents spans at most 7 days: request a shorter range, or use DescribeEvents" },
  { code = "ResourceNotFound.CosNotExist",
    hint = "create the bucket first, and name it without its -APPID" },
  { code = "ResourceNotFound.AuditNotExist",
    hint = "no tracking set has this id in this account: list them with tracks()" },
  { code = "FailedOperation.CheckCosBucketIsExistFailed",
    hint = "the service could not read the bucket: check its name (without -APPID), its region and CloudAudit's role" },
  { code = "FailedOperation.CheckClsTopicIsExistFailed",
    hint = "the service could not read the log topic: check its id, its region and CloudAudit's role" },
  { code = "FailedOperation.MemberNotAuditRole",
    hint = "the member account has no audit role: have the organisation's admin account grant it" },
  { code = "FailedOperation.MemberNotInOrganization",
    hint = "the account is not a member of the organisation: omit all_members, or use the admin account" },
  { kind = "throttled",
    hint = "the account's limit is 20 requests per second and action, shared with the console and all other programs" },
  { code = "InvalidAction", hint = "the service has no action with this name in version 2019-03-19" },
  { code = "UnsupportedRegion", hint = "the action is not offered in this region; ap-guangzhou offers all of them" },
  { kind = "config", field = "region",
    hint = "option region (or TENCENTCLOUD_REGION) takes names such as ap-guangzhou, which offers all actions" },
  { code = "IpNotInWhitelist", hint = "the key may not be used from this address" },
  { code = "IpInBlacklist", hint = "the key may not be used from this address" },
  { kind = "credentials", match = "without the quotes",
    hint = "remove the quotes: they are not part of the value (a .env file or a shell may have kept them)" },
  { kind = "credentials", match = "pasted b",
    hint = "set secret_id to the part that begins with AKID, and secret_key to the other part" },
  { kind = "credentials", match = "swapped", hint = "secret_id is the value that begins with AKID" },
  { kind = "protocol", field = "max_response",
    hint = "raise option max_response of the client, or ask for fewer results" },
  { kind = "tls", match = "[Uu]nable to get local issuer",
    hint = "the certificate's CA is not trusted here: install ca-certificates, or set ca_file or ca_path" },
  { kind = "tls", match = "self.signed",
    hint = "for the emulator set ca_file (or CLOUDAUDIT_CA_FILE) to the CA that it prints" },
  { kind = "tls", match = "expired", hint = "the server's certificate has expired, or this machine's clock is wrong" },
  { kind = "tls", hint = "TLS 1.2 and a certificate for the host are required; ca_file and ca_path name other CAs" },
  { kind = "config", match = "SHA%-256 is unavailable",
    hint = "OpenSSL's configuration (OPENSSL_CONF) has no provider with SHA-256: activate default or fips" },
  { kind = "config", match = "proxy: ",
    hint = "in the user and the password of a proxy write a / ? # @ % as %2F %3F %23 %40 %25, no blanks" },
  { status = 407, hint = "the proxy wants a user and a password: proxy = \"http://USER:PASSWORD@HOST:PORT\"" },
  { kind = "config", match = "proxy refused the connection with HTTP 407",
    hint = "the proxy wants a user and a password: proxy = \"http://USER:PASSWORD@HOST:PORT\"" },
  { kind = "connect", match = "proxy refused the connection with HTTP 403",
    hint = "the proxy's rules deny this endpoint: have them allow its name and port" },
  { kind = "connect", match = "proxy refused the connection",
    hint = "the proxy could not or would not reach the endpoint: ask for its log" },
  { kind = "connect", match = "SOCKS", hint = "the SOCKS proxy refused: check its user, password and rules" },
  { kind = "dns", match = "resolve proxy", hint = "the proxy's name could not be resolved: check option proxy or the"
    .. " proxy variables of the environment" },
  { kind = "dns", hint = "the endpoint's name could not be resolved: check endpoint, network and resolver" },
  { kind = "connect", match = "no descriptor was left",
    hint = "the process has too many open files: raise its limit (ulimit -n), or close clients that are not used" },
  { kind = "connect", hint = "nothing answers at the endpoint: check endpoint, proxy and firewall" },
  { kind = "closed", hint = "the client was closed: make a new one" },
}

-- What a failed TLS handshake says inside nginx, where the remedy is a directive instead of an option.
local NGINX = {
  { match = "unable to",
    hint = "name the trusted CAs in nginx's configuration: lua_ssl_trusted_certificate"
      .. " /etc/ssl/certs/ca-certificates.crt;" },
  { match = "self.signed",
    hint = "name the CA of this server in nginx's configuration: lua_ssl_trusted_certificate FILE;" },
  { match = "chain too long",
    hint = "raise lua_ssl_verify_depth in nginx's configuration; its default is 1" },
  { match = "certificate host mismatch",
    hint = "the server's certificate is for another name than the endpoint's" },
}

local function fits(row, err)
  local code = err.code
  if row.code and not (code and (code == row.code or code:sub(1, #row.code + 1) == row.code .. ".")) then
    return false
  end
  if row.kind and row.kind ~= err.kind or row.field and row.field ~= err.field
    or row.status and row.status ~= err.http_status then
    return false
  elseif row.action and not (err.action and err.action:find(row.action)) then
    return false
  end
  return not row.match or err.message:find(row.match) ~= nil
end

local function first(rows, err)
  for _, row in ipairs(rows) do
    if fits(row, err) then
      return row.hint
    end
  end
  return nil
end

--- The hint for an error, or nil.
function hints.find(err)
  return first(ROWS, err)
end

--- The hint for what nginx says of a failed TLS handshake, or nil.
function hints.in_nginx(message)
  return first(NGINX, { message = message })
end

return hints
