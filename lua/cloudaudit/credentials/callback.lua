-- Credentials from a function of the program, which may read a vault, a file or another process.
local check = require "cloudaudit.validate"
local errors = require "cloudaudit.errors"

local callback = {}

local ROW = { name = "get", type = "callable", required = true }

--- A provider over a function that returns {secret_id, secret_key, token, expires_at}, read together, or nil, message
-- when it has none. The function may yield, and is called again when a third of the time to expires_at (unix seconds),
-- at most 300 s, is left, or when the service rejects the token. `name` is used in messages ("callback" by default).
--: credentials.callback(get: (fun(): Snapshot?, string?), name?: string) -> Provider
callback.public = errors.public(function(get, name)
  local ok, message, err = check.value("credentials.callback", ROW, get)
  if ok and name ~= nil and type(name) ~= "string" then
    ok, message, err = errors.misuse("credentials.callback: name: string expected, got " .. type(name))
  end
  if not ok then
    return nil, message, err
  end
  return { name = name or "callback", get = function()
    return get()
  end }
end)

return callback
