-- Credentials from the environment: TENCENTCLOUD_SECRET_ID, TENCENTCLOUD_SECRET_KEY, and the token under any of the
-- three names that the official tools use. A role that it names as tccli's variables do is assumed with them.
local errors = require "cloudaudit.errors"
local providers = require "cloudaudit.credentials.provider"
local sts = require "cloudaudit.credentials.sts"

local env = {}

-- The name of the Node SDK and this library, that of the command line, that of Terraform.
local TOKENS = { "TENCENTCLOUD_SESSION_TOKEN", "TENCENTCLOUD_TOKEN", "TENCENTCLOUD_SECURITY_TOKEN" }

local function read(getenv, name)
  local value = getenv(name)
  return value ~= "" and value or nil
end

local function read_token(getenv)
  local token, from
  for _, name in ipairs(TOKENS) do
    local value = read(getenv, name)
    if value and token and value ~= token then
      local text = ("env: %s and %s hold different tokens"):format(from, name)
      return errors.failure{ kind = "credentials", message = text }
    end
    if value and not token then
      token, from = value, name
    end
  end
  return token
end

local function read_keys(context)
  local getenv = context.getenv
  if not getenv then
    return nil, "skipped (env = false, or no os.getenv)"
  end
  local id, key = read(getenv, "TENCENTCLOUD_SECRET_ID"), read(getenv, "TENCENTCLOUD_SECRET_KEY")
  if not id and not key then
    return nil, "TENCENTCLOUD_SECRET_ID and TENCENTCLOUD_SECRET_KEY are not set"
  end
  if not id or not key then
    return errors.failure{ kind = "credentials",
      message = ("env: %s is set, %s is not"):format(id and "TENCENTCLOUD_SECRET_ID" or "TENCENTCLOUD_SECRET_KEY",
        id and "TENCENTCLOUD_SECRET_KEY" or "TENCENTCLOUD_SECRET_ID") }
  end
  local token, message, err = read_token(getenv)
  if err then
    return nil, message, err
  end
  return { secret_id = id, secret_key = key, token = token }
end

-- A provider of what the environment holds now. The secrets are in the core's memory, where Lua cannot read them.
local function frozen_keys(keys, context)
  local snapshot, message, err = providers.ask(keys, context)
  if snapshot then
    snapshot.permanent = true
  end
  return { name = "env", get = function()
    return snapshot, message, err
  end, has = function()
    return snapshot ~= nil or err ~= nil
  end }
end

--- The provider "env"; options: {role}, false to leave the role in the environment alone.
function env.new(options)
  local keys = { name = "env", get = read_keys }
  local roles = sts.roles("env", keys)
  local names_role = not options or options.role ~= false
  local self = { name = "env" }
  function self.get(context)
    local snapshot, message, err = read_keys(context)
    if not snapshot or not names_role then
      return snapshot, message, err
    end
    local role
    role, message, err = roles.named(context)
    if err then
      return nil, message, err
    elseif role then
      return role.get(context)
    end
    return snapshot
  end
  function self.has(context)
    local snapshot, _, err = read_keys(context)
    return snapshot ~= nil or err ~= nil
  end
  function self.freeze(context)
    local frozen = frozen_keys(keys, context)
    if not names_role or not frozen.get() then
      return frozen
    end
    local role, message, err = sts.roles("env", frozen).named(context)
    if err then
      return { name = "env", get = function()
        return nil, message, err
      end, has = frozen.has }
    elseif role then
      role.has = frozen.has
    end
    return role or frozen
  end
  return self
end

--- Credentials from the environment: TENCENTCLOUD_SECRET_ID, TENCENTCLOUD_SECRET_KEY, and the token as
-- TENCENTCLOUD_SESSION_TOKEN, TENCENTCLOUD_TOKEN or TENCENTCLOUD_SECURITY_TOKEN. If TENCENTCLOUD_ROLE_ARN and
-- TENCENTCLOUD_ROLE_SESSION_NAME are set too: temporary credentials of that role, requested with those.
--: credentials.env() -> Provider
env.public = errors.public(function()
  return env.new()
end)

return env
