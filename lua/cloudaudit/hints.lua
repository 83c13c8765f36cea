-- What to do about a failure, as data: the first row that fits gives err.hint.
-- A row never repeats the message, and never tells to switch a check off that protects something.
local hints = {}

-- code: the service's code or a dotted prefix; kind: ours; match: a Lua pattern in the message.
local ROWS = {
  { code = "AuthFailure.SignatureExpire",
    hint = "the clock of this machine is more than five minutes away from the service's: set it (NTP)" },
  { code = "AuthFailure.SignatureFailure",
    hint = "the secret key does not belong to the secret id, or was cut or padded when it was copied" },
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
    hint = "a tracking set keeps its name: create one with the new name and delete the old one" },
  { code = "InvalidParameterValue.AliasAlreadyExists",
    hint = "the name is taken: look at it with find_track, or choose another" },
  { code = "InvalidParameterValue.CosRegionError", hint = "StorageRegion must be the region that the bucket is in" },
  { code = "LimitExceeded.OverAmount",
    hint = "the account has as many tracking sets as it may have: delete one or ask for more" },
  { code = "LimitExceeded.OverTime",
    hint = "LookUpEvents spans at most 7 days: ask for less at once, or use DescribeEvents" },
  { code = "ResourceNotFound.CosNotExist",
    hint = "create the bucket first, and name it without its -APPID" },
  { code = "ResourceNotFound.AuditNotExist",
    hint = "no tracking set has this id in this account: list them with tracks()" },
  { code = "FailedOperation.CheckCosBucketIsExistFailed",
    hint = "the service could not look at the bucket: check name (without -APPID), region and CloudAudit's role" },
  { code = "FailedOperation.CheckClsTopicIsExistFailed",
    hint = "the service could not look at the log topic: check its id, its region and CloudAudit's role" },
  { code = "FailedOperation.MemberNotAuditRole",
    hint = "the member account has no audit role: let the organisation's admin account give it one" },
  { code = "FailedOperation.MemberNotInOrganization",
    hint = "the account is no member of the organisation: leave all_members out, or use the admin account" },
  { code = "RequestLimitExceeded",
    hint = "20 requests a second and action are shared with the console and every other program of the account" },
  { code = "InvalidAction", hint = "the service has no action of this name in version 2019-03-19" },
  { code = "UnsupportedRegion", hint = "the action is not offered in this region; ap-guangzhou offers all of them" },
  { code = "IpNotInWhitelist", hint = "the key may not be used from this address" },
  { code = "IpInBlacklist", hint = "the key may not be used from this address" },
  { kind = "credentials", match = "^no credentials",
    hint = "set TENCENTCLOUD_SECRET_ID and TENCENTCLOUD_SECRET_KEY, or give secret_id and secret_key;"
      .. " nginx hides the environment from its workers unless its configuration says: env TENCENTCLOUD_SECRET_ID;" },
  { kind = "tls", match = "TLS with .*unable to",
    hint = "name the file of the authorities to trust in nginx's configuration: lua_ssl_trusted_certificate"
      .. " /etc/ssl/certs/ca-certificates.crt;" },
  { kind = "tls", match = "TLS with .*self.signed",
    hint = "name the CA of this server in nginx's configuration: lua_ssl_trusted_certificate FILE;" },
  { kind = "tls", match = "TLS with .*chain too long",
    hint = "raise lua_ssl_verify_depth in nginx's configuration; its default is 1" },
  { kind = "tls", match = "nginx does not say why",
    hint = "the certificate must be for the endpoint's name, not be expired, and come from an authority in"
      .. " lua_ssl_trusted_certificate" },
  { kind = "tls", match = "certificate host mismatch",
    hint = "the server's certificate is for another name; nginx compares names alone, so the endpoint must be"
      .. " one and no IP address (https://localhost:PORT for the emulator)" },
  { kind = "config", match = "ca_file: nginx",
    hint = "leave ca_file out and say in nginx's configuration: lua_ssl_trusted_certificate FILE;" },
  { kind = "config", match = "no resolver for the name",
    hint = "say in nginx's configuration which DNS server to ask, such as: resolver 127.0.0.53 ipv6=off;" },
  { kind = "config", match = "lua_shared_dict",
    hint = "declare it in the http block of nginx's configuration, for this alone: lua_shared_dict NAME 1m;" },
  { kind = "tls", match = "[Uu]nable to get local issuer",
    hint = "the certificate's authority is not known here: install ca-certificates, or set ca_file" },
  { kind = "tls", match = "self.signed",
    hint = "for the emulator set ca_file (or CLOUDAUDIT_CA_FILE) to the CA that it prints" },
  { kind = "tls", match = "expired", hint = "the server's certificate has expired, or this machine's clock is wrong" },
  { kind = "tls", hint = "TLS 1.2 and a certificate for the host are required; ca_file names another authority" },
  { kind = "dns", hint = "the name of the endpoint was not found: check endpoint, network and resolver" },
  { kind = "connect", hint = "nothing answers at the endpoint: check endpoint, proxy and firewall" },
  { kind = "context",
    hint = "nginx has no cosockets in this phase: move the call into a timer (ngx.timer.at)" },
  { kind = "closed", hint = "the client was closed: make a new one" },
}

local function fits(row, err)
  local code = err.code
  if row.code and not (code and (code == row.code or code:sub(1, #row.code + 1) == row.code .. ".")) then
    return false
  end
  if row.kind and row.kind ~= err.kind then
    return false
  end
  return not row.match or err.message:find(row.match) ~= nil
end

--- The hint for an error, or nil.
function hints.find(err)
  for _, row in ipairs(ROWS) do
    if fits(row, err) then
      return row.hint
    end
  end
  return nil
end

return hints
