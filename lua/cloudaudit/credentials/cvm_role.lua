-- Temporary credentials of the role of the instance that the program runs on, from its metadata service. Used only on
-- request: one fixed host, over plain HTTP as that service is, never through a proxy, no redirects, short limits on
-- time and size.
local check = require "cloudaudit.validate"
local core = require "cloudaudit.core"
local errors = require "cloudaudit.errors"
local providers = require "cloudaudit.credentials.provider"
local reader = require "cloudaudit.reader"
local times = require "cloudaudit.time"

local cvm_role = {}

local METHOD = "credentials.cvm_role"
local ORIGIN = "http://metadata.tencentyun.com"
local PATH = "/latest/meta-data/cam/security-credentials/"

-- Outside of Tencent Cloud nothing answers there, and the call must not wait long.
local SECONDS = 1
local MAX_BYTES = 64 * 1024
local MAX_SKEW = 86400 -- the default of option max_skew

local function failure(text, retryable)
  return errors.failure{ kind = "credentials", message = "cvm_role: " .. text, retryable = retryable }
end

local MONTHS = { Jan = 1, Feb = 2, Mar = 3, Apr = 4, May = 5, Jun = 6, Jul = 7, Aug = 8, Sep = 9, Oct = 10, Nov = 11,
  Dec = 12 }

-- Seconds by which our clock is ahead of the service's, whose time the expiry is given in, by the Date of its response;
-- 0 without a plausible one.
local function seconds_ahead(context, headers)
  local date = type(headers) == "table" and headers.date
  if type(date) ~= "string" then
    return 0
  end
  local day, month, year, hour = date:match("^..., (%d%d) (...) (%d%d%d%d) (%d%d:%d%d:%d%d) GMT$")
  local told = MONTHS[month]
    and times.read(("%s-%02d-%sT%sZ"):format(year, MONTHS[month], day, hour), 0, "Date")
  local ahead = told and math.floor(context.clock() - told + 1 / 2) or 0
  return math.abs(ahead) <= (context.max_skew or MAX_SKEW) and ahead or 0
end

-- Seconds for one exchange, at most those until the deadline of the call that needs the credentials.
local function seconds_left(context, run)
  local left = context.started and context.timeout and context.started + context.timeout - run.now() or SECONDS
  return math.min(left, SECONDS)
end

-- One GET: the body of a 200, and by how many seconds our clock is ahead; false for a 404; nil, message, err.
local function get(context, origin, role)
  local run, message, err = context.run("metadata")
  if not run then
    return nil, message, err
  end
  local seconds = seconds_left(context, run)
  if seconds <= 0 then
    return failure("the deadline passed before the metadata service was asked", true)
  end
  local host = origin:match("//(.*)$")
  local request = { action = "metadata", method = "GET", url = origin .. PATH .. role, host = host,
    headers = { Host = host }, body = "", direct = true, max_response = MAX_BYTES }
  local response, info
  response, message, info = run.exchange(request, seconds, run.wait)
  if type(response) ~= "table" or type(response.status) ~= "number" or type(response.body) ~= "string" then
    if run.task and run.task.stop then
      return errors.failure{ kind = run.task.stop, message = "cvm_role: the call was " .. run.task.stop }
    end
    providers.log(context, "debug", "metadata: %s", type(info) == "table" and tostring(info.kind) or "no response")
    return failure("the metadata service: " .. tostring(message or "the driver returned no response"), true)
  end
  providers.log(context, "debug", "metadata: HTTP %d, %d bytes", response.status, #response.body)
  if response.status == 404 then
    return false
  elseif response.status ~= 200 then
    return failure(("the metadata service responded with HTTP %d"):format(response.status), response.status >= 500)
  elseif #response.body > MAX_BYTES then
    return failure("the metadata service sent more than 64 KiB")
  end
  return response.body, seconds_ahead(context, response.headers)
end

-- The role's name: the one given, or the service's, one line of the characters that are allowed in it.
local function role_of(context, options)
  if options.role then
    return options.role
  end
  local body, message, err = get(context, options.origin, "")
  if not body then
    return nil, body == nil and message or "this machine has no role", err
  end
  local role = body:match("^%s*([A-Za-z0-9_+=,.@-]+)%s*$")
  if not role then
    return failure("the metadata service returned an invalid name of a role")
  end
  return role
end

local function snapshot_of(role, body, ahead)
  local value = core.decode(body)
  if type(value) ~= "table" then
    return failure("the metadata service returned no JSON object")
  elseif value.Code ~= "Success" then
    return failure(("the metadata service has no credentials for the role %s"):format(role), true)
  end
  local expires = reader.seconds(value.ExpiredTime)
  if type(value.TmpSecretId) ~= "string" or type(value.TmpSecretKey) ~= "string" or type(value.Token) ~= "string"
    or not expires then
    return failure("the metadata service returned incomplete credentials")
  end
  return { secret_id = value.TmpSecretId, secret_key = value.TmpSecretKey, token = value.Token,
    expires_at = expires + ahead, source = "cvm_role " .. role }
end

--- The provider "cvm_role"; options: {role, origin}.
function cvm_role.new(options)
  return { name = "cvm_role", get = function(context)
    if not context.run then
      return failure("the metadata service cannot be asked without a client")
    end
    local role, message, err = role_of(context, options)
    if not role then
      return nil, message, err
    end
    local body
    body, message, err = get(context, options.origin, role)
    if body == false then
      return nil, "this machine has no role " .. role
    elseif not body then
      return nil, message, err
    end
    return snapshot_of(role, body, message)
  end }
end

--: class CvmRoleCredentials  the role of an instance
local ROWS = { { name = "role", type = "string" }, { name = "endpoint", type = "string" } }

--- {role}: temporary credentials of the role of this CVM instance, from http://metadata.tencentyun.com; role defaults
-- to the name that the service returns. Never part of the default chain. endpoint is for tests: "http://" and a
-- loopback address with a port, nothing else.
--: credentials.cvm_role(options?: CvmRoleCredentials) -> Provider
cvm_role.public = errors.public(function(options)
  options = options == nil and {} or options
  local ok, message, err = check.fields(METHOD, options, ROWS, "option")
  if not ok then
    return nil, message, err
  end
  local origin = options.endpoint or ORIGIN
  if options.endpoint and not origin:find("^http://127%.0%.0%.1:%d+$") and not origin:find("^http://%[::1%]:%d+$") then
    return errors.misuse(METHOD .. '.endpoint: "http://127.0.0.1:PORT" expected; it is for tests', "endpoint")
  elseif options.role and not options.role:find("^[A-Za-z0-9_+=,.@-]+$") then
    return errors.misuse(METHOD .. ".role: name of a role expected: letters, digits, or any of +=,.@_-", "role")
  end
  return cvm_role.new{ role = options.role, origin = origin }
end)

return cvm_role
