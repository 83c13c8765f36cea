-- Credentials from the files of Tencent's command line: ~/.tccli/<profile>.credential, JSON. Only reads them: a browser
-- login that has expired is refused, and renewing it is left to tccli.
local check = require "cloudaudit.validate"
local errors = require "cloudaudit.errors"
local files = require "cloudaudit.credentials.files"
local reader = require "cloudaudit.reader"
local sts = require "cloudaudit.credentials.sts"

local tccli = {}

-- Types of credentials that expire and that tccli renews.
local LOGINS = { oauth = true, sso = true }

local function name_of(context, options)
  for _, name in ipairs{ options or "", context.getenv and context.getenv("TCCLI_PROFILE") or "",
    context.getenv and context.getenv("TENCENTCLOUD_PROFILE") or "" } do
    if name ~= "" then
      return name
    end
  end
  return "default"
end

-- Path of a profile's file; nil, message when there cannot be one.
local function path_of(context, options, suffix)
  local home = files.home(context)
  local name = name_of(context, options)
  if not home then
    return nil, "skipped (no home directory: env = false, or no os.getenv)"
  elseif name:find("[/\\%z]") or name:find("^%.") then
    return nil, "the name of the profile is not valid"
  end
  return ("%s/.tccli/%s.%s"):format(home, name, suffix)
end

local function read(context, options, suffix)
  local path, text, message, err
  path, message = path_of(context, options, suffix)
  if not path then
    return nil, message
  end
  text, message, err = files.read(context, path, suffix ~= "credential")
  if not text then
    return nil, message, err
  end
  local value
  value, message, err = files.json(path, text)
  if not value then
    return nil, message, err
  end
  return value, path
end

local function expiry_of(path, value, kind)
  local expires = reader.seconds(value.expiresAt)
  if expires or not LOGINS[kind] then
    return expires
  end
  return files.broken(path, "expiresAt is missing")
end

-- The snapshot in the file, and the JSON object.
local function read_keys(context, options)
  local value, path, err = read(context, options, "credential")
  if not value then
    return nil, path, err
  end
  local kind = value.type
  if kind == "cvm-role" then
    return nil, path .. ": type is cvm-role; the instance's role is only used on request: credentials.cvm_role()"
  elseif kind ~= nil and kind ~= "" and kind ~= "default" and not LOGINS[kind] then
    return nil, path .. ": type is unknown"
  elseif (value.secretId or "") == "" and (value.secretKey or "") == "" then
    return nil, path .. ": has no credentials"
  end
  local expires, message
  expires, message, err = expiry_of(path, value, kind)
  if err then
    return nil, message, err
  elseif expires and expires <= context.clock() then
    return errors.failure{ kind = "credentials", hint = "run tccli auth login, or tccli sso login, to renew them",
      message = ("%s: the login's credentials expired %.0f s ago"):format(path, context.clock() - expires) }
  end
  local snapshot
  snapshot, message, err = files.snapshot(path, { secret_id = value.secretId, secret_key = value.secretKey,
    token = value.token, expires_at = expires, source = "tccli " .. path })
  return snapshot, message or value, err
end

local function text_of(value)
  return type(value) == "string" and value ~= "" and value or nil
end

-- Like tccli, assumes a role when the file names one and a session, or the environment does and no profile is named.
local function get(roles, context, options)
  local snapshot, value, err = read_keys(context, options.name)
  if not snapshot then
    return nil, value, err
  end
  local named, message, problem
  if not options.name and options.role ~= false then
    named, message, problem = roles.named(context)
  end
  if named then
    return named.get(context)
  elseif problem then
    return nil, message, problem
  end
  local role, session_name = text_of(value["role-arn"]), text_of(value["role-session-name"])
  if not role or not session_name then
    return snapshot
  end
  return roles.get(role, session_name).get(context)
end

-- The region in the profile's .configure file, and its source; nil when it names none; nil, message, err.
local function region_of(context, name)
  local value, path, err = read(context, name, "configure")
  if not value then
    return nil, path, err
  end
  local sys = type(value._sys_param) == "table" and value._sys_param or value
  return text_of(sys.region), "tccli " .. path
end

--- The provider "tccli"; options: {name, role}, both optional; role = false leaves the environment's role alone.
function tccli.new(options)
  local self = { name = "tccli" }
  local roles = sts.roles("tccli", { name = "tccli", get = function(context)
    local snapshot, message, err = read_keys(context, options.name)
    return snapshot, not snapshot and message or nil, err
  end })
  function self.get(context)
    return get(roles, context, options)
  end
  function self.has(context)
    local snapshot, _, err = read_keys(context, options.name)
    return snapshot ~= nil or err ~= nil
  end
  function self.region(context)
    return region_of(context, options.name)
  end
  return self
end

--: class TccliCredentials  the files of tccli
local ROWS = { { name = "name", type = "string" } }

--- {name}: credentials that tccli keeps in ~/.tccli/<name>.credential; name defaults to TCCLI_PROFILE, then
-- TENCENTCLOUD_PROFILE, then "default". Logins (oauth, sso) that have expired are refused: tccli renews them. A role
-- that the file names is assumed; without name also one that the environment names (see env).
--: credentials.tccli(options?: TccliCredentials) -> Provider
tccli.public = errors.public(function(options)
  options = options == nil and {} or options
  local ok, message, err = check.fields("credentials.tccli", options, ROWS, "option")
  if not ok then
    return nil, message, err
  end
  return tccli.new{ name = options.name }
end)

return tccli
