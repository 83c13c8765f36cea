-- Static credentials, from the options of `new` or from cloudaudit.credentials.static. They go into the core's memory
-- at once; no Lua value keeps them.
local check = require "cloudaudit.validate"
local core = require "cloudaudit.core"
local errors = require "cloudaudit.errors"
local providers = require "cloudaudit.credentials.provider"

local static = {}

--- A provider of one permanent snapshot, or a failure of kind credentials when they are malformed (whitespace, control
-- characters, only one of id and key). `method` is the name in messages.
function static.new(method, secret_id, secret_key, token)
  if not secret_id or not secret_key then
    return errors.failure{ kind = "credentials", field = secret_id and "secret_key" or "secret_id",
      message = secret_id and method .. ".secret_key: missing, though secret_id is given"
        or ("%s.secret_id: missing, though %s is given"):format(method, secret_key and "secret_key" or "token") }
  end
  local keys, fields = core.credentials(secret_id, secret_key, token)
  if not keys then
    return errors.failure(fields)
  end
  local shown, token_given = providers.mask(secret_id), token ~= nil
  return {
    name = "static",
    shown = shown,
    get = function()
      return { keys = keys, permanent = true, shown = shown, has_token = token_given, source = "static" }
    end,
  }
end

--: class StaticCredentials  static credentials
local ROWS = {
  { name = "secret_id", type = "string", required = true },
  { name = "secret_key", type = "string", required = true },
  { name = "token", type = "string" },
}

--- {secret_id, secret_key, token}: static credentials. nil, message, err when they are malformed.
--: credentials.static(options: StaticCredentials) -> Provider | failure
static.public = errors.public(function(options)
  local ok, message, err = check.fields("credentials.static", options, ROWS, "option")
  if not ok then
    return nil, message, err
  end
  return static.new("credentials.static", options.secret_id, options.secret_key, options.token)
end)

return static
