-- The row of an event in Lua: what the core's rows must agree with.
local ascii = require "cloudaudit.ascii"
local core = require "cloudaudit.core"
local reader = require "cloudaudit.reader"
local time = require "cloudaudit.time"
local where = require "cloudaudit.events.where"

local rows = {}

--- The members, in order.
rows.MEMBERS = {
  "id", "time", "time_iso", "name", "product", "action", "user", "user_type", "principal_id", "account_id",
  "access_key_id", "source_ip", "location", "region", "resource", "resource_region", "via", "sensitive", "mfa",
  "result", "error_code", "error_message", "user_agent", "request_id",
}

local USER_TYPES = { root = "root", user = "user", camuser = "user", assumedrole = "role" }
local ACTIONS = { read = "read", write = "write" }
local VIA = { consolecall = "console", apicall = "api", miniprogramcall = "miniprogram" }

-- A text that is not empty, or nil.
local function text(value)
  return (reader.id(value))
end

local function lower(value)
  local found = text(value)
  return found and ascii.lower(found)
end

local function object(value)
  return (reader.object(value)) or {}
end

-- A code that says that something failed, as text.
local function code(value)
  local found = text(value)
  return found ~= "0" and found or nil
end

local DENIALS = { "UnauthorizedOperation", "AuthFailure" }

-- What became of the call, and the code of its failure.
local function result_of(event, record)
  local denied = code(record.camErrorCode)
  local found = code(record.apiErrorCode) or denied or code(record.errorCode) or code(record.ErrorCode)
    or code(event.error_code)
  for _, prefix in ipairs(DENIALS) do
    denied = denied or found and found:sub(1, #prefix) == prefix
  end
  if found then
    return denied and "denied" or "failed", found
  end
  return next(record) == nil and "unknown" or "ok", nil
end

--- The row of an event, with every member; absent ones are null.
function rows.of(event)
  local record = object(event.detail)
  local identity = object(record.userIdentity)
  local result, failure = result_of(event, record)
  local found = {
    id = text(event.id), time = event.time, time_iso = event.time and time.iso(event.time), name = text(event.name),
    product = lower(event.resource_type), action = ACTIONS[lower(record.actionType)], user = text(event.user),
    user_type = USER_TYPES[lower(identity.type)] or "unknown", principal_id = text(identity.principalId),
    account_id = event.account_id ~= nil and where.exact(event.account_id) or nil,
    access_key_id = text(event.access_key_id) or text(identity.secretId), source_ip = text(event.source_ip),
    location = text(event.location), region = text(event.region),
    resource = text(event.resource_name) or text(record.resourceName), resource_region = text(event.resource_region),
    via = VIA[lower(record.eventType)], result = result, error_code = failure,
    error_message = text(record.apiErrorMessage) or text(record.errorMessage), user_agent = text(record.userAgent),
    request_id = text(event.request_id),
  }
  found.sensitive = reader.boolean(record.sensitiveAction)
  found.mfa = reader.boolean(object(identity.sessionContext).mfa)
  for _, name in ipairs(rows.MEMBERS) do
    if found[name] == nil then
      found[name] = core.null
    end
  end
  return found
end

return rows
