-- Credentials from the environment: TENCENTCLOUD_SECRET_ID, TENCENTCLOUD_SECRET_KEY, and the token under any of the
-- three names that the official tools use.
local errors = require "cloudaudit.errors"
local providers = require "cloudaudit.credentials.provider"

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

local function get(context)
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

local function new()
  local self = { name = "env", get = get }
  -- A provider of what the environment holds now. The secrets are in the core's memory, where Lua cannot read them.
  function self.freeze(context)
    local snapshot, message, err = providers.ask(self, context)
    if snapshot then
      snapshot.permanent = true
    end
    return { name = "env", get = function()
      return snapshot, message, err
    end }
  end
  return self
end

env.new = new

--- Credentials from the environment: TENCENTCLOUD_SECRET_ID, TENCENTCLOUD_SECRET_KEY, and the token as
-- TENCENTCLOUD_SESSION_TOKEN, TENCENTCLOUD_TOKEN or TENCENTCLOUD_SECURITY_TOKEN.
--: credentials.env() -> Provider
env.public = errors.public(function()
  return new()
end)

return env
