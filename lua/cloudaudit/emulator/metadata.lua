-- The part of an instance's metadata service that gives keys of its role: the option role names it. Plain text and
-- JSON over GET, without any check, as that service is.
local clock = require "cloudaudit.emulator.clock"
local core = require "cloudaudit.core"
local temporary = require "cloudaudit.emulator.temporary_keys"

local metadata = {}

local PATH = "/latest/meta-data/cam/security-credentials/"

--- The path's prefix that this answers.
metadata.prefix = "/latest/meta-data/"

local function reply(context, status, content_type, body)
  return { status = status, body = body,
    headers = { ["Content-Type"] = content_type, ["Date"] = clock.http_date(context.now) } }
end

local function not_found(context)
  return reply(context, 404, "text/html", "<html><body><h1>404 - Not Found</h1></body></html>\n")
end

--- Answers a request below the prefix.
function metadata.handle(emulator, context)
  local role = emulator.options.role
  local asked = context.path:sub(1, #PATH) == PATH and context.path:sub(#PATH + 1)
  if not role or not asked or context.method ~= "GET" or asked ~= "" and asked ~= role then
    return not_found(context)
  elseif asked == "" then
    return reply(context, 200, "text/plain", role)
  end
  local id, key, token, expires = temporary.issue(emulator, emulator.options.role_seconds)
  return reply(context, 200, "application/json", core.encode{
    TmpSecretId = id, TmpSecretKey = key, Token = token, ExpiredTime = expires,
    Expiration = clock.iso_time(expires), Code = "Success",
  })
end

return metadata
