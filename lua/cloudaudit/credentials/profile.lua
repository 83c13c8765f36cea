-- Credentials from the profile file of the official SDKs: ~/.tencentcloud/credentials, INI, one section per profile.
local check = require "cloudaudit.validate"
local errors = require "cloudaudit.errors"
local files = require "cloudaudit.credentials.files"

local profile = {}

local SYSTEM = "/etc/tencentcloud/credentials"

-- The candidate files in order: the first that exists is used.
local function paths(context, options)
  local named = options or context.getenv and context.getenv("TENCENTCLOUD_CREDENTIALS_FILE") or ""
  if named ~= "" then
    return { named }
  end
  local home = files.home(context)
  return { home and home .. "/.tencentcloud/credentials" or SYSTEM, home and SYSTEM or nil }
end

-- Path and text of the first file that exists; nil, message; nil, message, err.
local function find(context, options)
  local missing = {}
  for index, path in ipairs(paths(context, options)) do
    local text, message, err = files.read(context, path)
    if text or err then
      return text and path, text or message, err
    end
    missing[index] = message
  end
  return nil, table.concat(missing, ", ")
end

-- configparser takes a comment behind a value for a part of it, so that no credentials can be right then.
local function has_comment(section)
  for _, name in ipairs{ "secret_id", "secret_key", "token" } do
    if (section[name] or ""):find("[ \t][;#]") then
      return name
    end
  end
end

local function get(context, options)
  if context.getenv == nil and not options.file then
    return nil, "skipped (env = false, or no os.getenv)"
  end
  local path, text, err = find(context, options.file)
  if not path then
    return nil, text, err
  end
  local sections, message
  sections, message, err = files.ini(path, text)
  if not sections then
    return nil, message, err
  end
  local name = options.name or context.getenv and context.getenv("TENCENTCLOUD_PROFILE") or ""
  name = name ~= "" and name or "default"
  local section = sections[name]
  if not section then
    return nil, ("%s: has no section [%s]"):format(path, name)
  elseif (section.secret_id or "") == "" and (section.secret_key or "") == "" then
    return nil, ("%s: secret_id and secret_key are missing in [%s]"):format(path, name)
  end
  local commented = has_comment(section)
  if commented then
    return files.broken(path, ("%s has a comment behind it, which is a part of the value; put it on a line of its own")
      :format(commented))
  end
  return files.snapshot(path, { secret_id = section.secret_id, secret_key = section.secret_key, token = section.token,
    source = ("profile %s of %s"):format(name, path) })
end

--- The provider "profile"; options: {name, file}, both optional.
function profile.new(options)
  return { name = "profile", get = function(context)
    return get(context, options)
  end, has = function(context)
    local snapshot, _, err = get(context, options)
    return snapshot ~= nil or err ~= nil
  end }
end

--: class ProfileCredentials  the profile file of the SDKs
local ROWS = { { name = "name", type = "string" }, { name = "file", type = "string" } }

--- {name, file}: credentials from a section of ~/.tencentcloud/credentials (or /etc/tencentcloud/credentials):
-- secret_id, secret_key and, optionally, token. name defaults to TENCENTCLOUD_PROFILE, then "default"; file to
-- TENCENTCLOUD_CREDENTIALS_FILE, then those two. Read again when the service rejects the credentials.
--: credentials.profile(options?: ProfileCredentials) -> Provider
profile.public = errors.public(function(options)
  options = options == nil and {} or options
  local ok, message, err = check.fields("credentials.profile", options, ROWS, "option")
  if not ok then
    return nil, message, err
  end
  return profile.new{ name = options.name, file = options.file }
end)

return profile
