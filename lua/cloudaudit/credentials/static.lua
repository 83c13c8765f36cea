-- Keys that were given to `new`. They go into the core's memory at once; no Lua value keeps them.
local core = require "cloudaudit.core"
local errors = require "cloudaudit.error"

local static = {}

--- A provider of one permanent snapshot, or a failure of kind credentials (blanks, control
-- characters, one half missing).
function static.new(secret_id, secret_key, token)
  if not secret_id or not secret_key then
    return errors.failure{ kind = "credentials", field = secret_id and "secret_key" or "secret_id",
      message = secret_id and "new.secret_key: missing beside secret_id"
        or "new.secret_id: missing beside " .. (secret_key and "secret_key" or "token") }
  end
  local keys, fields = core.credentials(secret_id, secret_key, token)
  if not keys then
    return errors.failure(fields)
  end
  local shown = require("cloudaudit.credentials").mask(secret_id)
  return {
    name = "static",
    shown = shown,
    get = function()
      return { keys = keys, permanent = true, shown = shown, source = "static" }
    end,
  }
end

return static
