-- Keys from the files of Tencent's command line: ~/.tccli/<profile>.credential, JSON. Only reads; what tccli would
-- refresh (browser logins) is refused once it has expired, and left to tccli.
local check = require "cloudaudit.validate"
local errors = require "cloudaudit.errors"
local files = require "cloudaudit.credentials.files"

local tccli = {}

-- Types of keys that have an end which tccli keeps track of.
local LOGINS = { oauth = true, sso = true }

local function name_of(context, given)
  for _, name in ipairs{ given or "", context.getenv and context.getenv("TCCLI_PROFILE") or "",
    context.getenv and context.getenv("TENCENTCLOUD_PROFILE") or "" } do
    if name ~= "" then
      return name
    end
  end
  return "default"
end

-- Path of a profile's file; nil, message when it cannot be one.
local function path_of(context, given, suffix)
  local home = files.home(context)
  local name = name_of(context, given)
  if not home then
    return nil, "not looked at (no home folder: env = false, or no os.getenv here)"
  elseif name:find("[/\\%z]") or name:find("^%.") then
    return nil, "no profile of tccli has such a name"
  end
  return ("%s/.tccli/%s.%s"):format(home, name, suffix)
end

local function read(context, given, suffix)
  local path, text, message, err
  path, message = path_of(context, given, suffix)
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
  local expires = tonumber(value.expiresAt)
  if expires or not LOGINS[kind] then
    return expires
  end
  return files.broken(path, "expiresAt is missing")
end

-- What the file says, as a snapshot; and its object.
local function read_keys(context, given)
  local value, path, err = read(context, given, "credential")
  if not value then
    return nil, path, err
  end
  local kind = value.type
  if kind == "cvm-role" then
    return nil, path .. ": says to use the instance's role, which has to be asked for: credentials.cvm_role()"
  elseif kind ~= nil and kind ~= "" and kind ~= "default" and not LOGINS[kind] then
    return nil, path .. ": holds keys of a type that is not known here"
  elseif (value.secretId or "") == "" and (value.secretKey or "") == "" then
    return nil, path .. ": holds no keys"
  end
  local expires, message
  expires, message, err = expiry_of(path, value, kind)
  if err then
    return nil, message, err
  elseif expires and expires <= context.clock() then
    return errors.failure{ kind = "credentials", hint = "tccli auth login, or tccli sso login, brings new ones",
      message = ("%s: the login's keys expired %.0f s ago"):format(path, context.clock() - expires) }
  end
  local snapshot
  snapshot, message, err = files.snapshot(path, { secret_id = value.secretId, secret_key = value.secretKey,
    token = value.token, expires_at = expires, source = "tccli " .. path })
  return snapshot, message or value, err
end

local function text_of(value)
  return type(value) == "string" and value ~= "" and value or nil
end

-- tccli assumes a role when the file names one and a session; so does this, with a provider for each of them.
local function get(self, context, given)
  local snapshot, value, err = read_keys(context, given)
  if not snapshot then
    return nil, value, err
  end
  local role, session_name = text_of(value["role-arn"]), text_of(value["role-session-name"])
  if not role or not session_name then
    return snapshot
  end
  local key = role .. "\0" .. session_name
  if not self.roles[key] then
    self.roles[key] = require("cloudaudit.credentials.assume_role").new{ name = "tccli", role_arn = role,
      session_name = session_name, source = { name = "tccli", get = function(inner)
        local keys, message, problem = read_keys(inner, given)
        return keys, not keys and message or nil, problem
      end } }
  end
  return self.roles[key].get(context)
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

--- The provider "tccli"; given: {name}, which may be absent.
function tccli.new(given)
  local self = { name = "tccli", roles = {} }
  function self.get(context)
    return get(self, context, given.name)
  end
  function self.region(context)
    return region_of(context, given.name)
  end
  return self
end

--: class TccliCredentials  tccli's files
local ROWS = { { name = "name", type = "string" } }

--- {name}: keys that tccli keeps in ~/.tccli/<name>.credential; name is TCCLI_PROFILE, TENCENTCLOUD_PROFILE or
-- "default" if absent. Logins (oauth, sso) that have expired are refused: tccli renews them. A file that names a role
-- has it assumed.
--: credentials.tccli(given?: TccliCredentials) -> Provider
tccli.public = errors.public(function(given)
  given = given == nil and {} or given
  local ok, message, err = check.fields("credentials.tccli", given, ROWS, "option")
  if not ok then
    return nil, message, err
  end
  return tccli.new{ name = given.name }
end)

return tccli
