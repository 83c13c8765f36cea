-- The part of the instance metadata service that issues the credentials of the instance's role (option `role`): plain
-- text and JSON over GET, unauthenticated like the real service.
local clock = require "cloudaudit.emulator.clock"
local core = require "cloudaudit.core"
local temporary_keys = require "cloudaudit.emulator.temporary_keys"

local metadata = {}

local PATH = "/latest/meta-data/cam/security-credentials/"

--- The prefix of the paths that `handle` serves.
metadata.prefix = "/latest/meta-data/"

--- The name of these requests in faults and in the journal.
metadata.action = "metadata"

local function response(context, status, content_type, body)
  return { status = status, body = body,
    headers = { ["Content-Type"] = content_type, ["Date"] = clock.http_date(context.now) } }
end

local function not_found(context)
  return response(context, 404, "text/html", "<html><body><h1>404 - Not Found</h1></body></html>\n")
end

--- The HTTP response to a request under the prefix.
function metadata.handle(emulator, context)
  local role = emulator.options.role
  local requested = context.path:sub(1, #PATH) == PATH and context.path:sub(#PATH + 1)
  if not role or not requested or context.method ~= "GET" or requested ~= "" and requested ~= role then
    return not_found(context)
  elseif requested == "" then
    return response(context, 200, "text/plain", role)
  end
  local id, key, token, expires = temporary_keys.issue(emulator, emulator.options.role_seconds)
  return response(context, 200, "application/json", core.encode{
    TmpSecretId = id, TmpSecretKey = key, Token = token, ExpiredTime = expires,
    Expiration = clock.iso_time(expires), Code = "Success",
  })
end

return metadata
