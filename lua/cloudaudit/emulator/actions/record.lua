-- The JSON of a record, CloudAuditEvent, with the members of the official samples and of a record of the live service:
-- each is always there, empty where it has no value. `fields` is the flat table of event.lua.
local ascii = require "cloudaudit.ascii"
local core = require "cloudaudit.core"
local response = require "cloudaudit.emulator.response"

local record = {}

-- The text, or an empty one if it is not UTF-8 and therefore has no JSON form.
local function text(value)
  return value and core.encode(value) and value or ""
end

--- The session context of temporary credentials, which holds the caller's token as the service's does.
function record.session_context(fields)
  local account = { json = response.digits(fields.account_id) }
  return response.object{
    { "token", response.printable(fields.token) },
    { "ua", response.printable(fields.user_agent or "") },
    { "userIp", fields.ip },
    { "uin", account },
    { "ownerUin", account },
    { "appId", fields.app_id },
    { "expireTime", response.digits(math.floor(fields.expires)) },
    { "mfa", 0 },
    { "mfaExpireTime", "0" },
    { "interfaceName", "" },
    { "hasPolicyFilter", 0 },
    { "policyFilter", "" },
    { "extraInfo", response.object{ { "dictId", 0 }, { "mfaExpireTime", "0" }, { "sessionUin", account } } },
  }
end

--- The parameters of a call as text: the body, or that of the same call by POST, with the version of the API.
function record.request_parameters(context)
  local body = context.body
  if context.params and context.method == "GET" then
    body = core.encode(context.params)
  end
  body = text(body)
  local version = context.version or ""
  if not context.params or not body:find("^%s*{") then
    return body
  end
  local comma = body:find("^%s*{%s*}") and "" or ","
  local members = ascii.trim(ascii.trim(body):sub(1, -2)) -- without the last brace
  return members .. comma .. '"Version":' .. core.encode(version) .. "}"
end

local function identity(fields)
  return { json = response.object{
    { "principalId", fields.PrincipalId },
    { "accountId", response.digits(fields.AccountID) },
    { "secretId", fields.SecretId },
    { "sessionContext", fields.SessionContext },
    { "type", fields.IdentityType },
    { "userName", fields.Username },
  } }
end

-- A JSON list of texts.
local function list(items)
  return { json = core.encode(setmetatable(items, core.list)) }
end

-- The resources of a record are a JSON text of their own.
local function resources(fields)
  local name = fields.ResourceName
  return list{ name == "" and "*" or ("qcs::%s:%s:uin/%s:%s"):format(fields.ResourceType, fields.ResourceRegion,
    response.digits(fields.AccountID), name) }.json
end

local function tags(fields)
  local out = {}
  for index, tag in ipairs(fields.Tags or {}) do
    out[index] = ("%s:%s"):format(tostring(tag.key), tostring(tag.value))
  end
  return list(out)
end

-- Units of 100 ns, beyond what a double holds; an event that was added in the past is taken in now.
local function ingested(fields)
  local time = fields.ingested or { fields.EventTime, 0 }
  return { json = (("%.0f%07d"):format(time[1], time[2]):gsub("^0+(%d)", "%1")) }
end

--- The document of a record, as JSON text, without the members that `without` lists.
function record.document(fields, without)
  local members = {
    { "userIdentity", identity(fields) },
    { "eventRegion", fields.EventRegion },
    { "eventVersion", 2 },
    { "errorCode", response.digits(fields.ErrorCode) },
    { "errorMessage", fields.ErrorMessage },
    { "requestID", fields.RequestID },
    { "eventID", fields.EventId },
    { "apiVersion", fields.ApiVersion },
    { "eventType", fields.EventType },
    { "actionType", fields.ActionType },
    { "httpMethod", fields.HttpMethod },
    { "apiErrorCode", fields.ApiErrorCode or 0 },
    { "apiErrorMessage", fields.ApiErrorMessage },
    { "camErrorCode", fields.CamErrorCode },
    { "userAgent", text(fields.UserAgent) },
    { "eventTime", fields.EventTime },
    { "updateEsTime", ingested(fields) },
    { "sourceIPAddress", fields.SourceIPAddress },
    { "eventSource", fields.EventSource },
    { "resources", resources(fields) },
    { "resourceName", fields.ResourceName },
    { "resourceId", fields.ResourceId },
    { "resourceSet", list{} },
    { "requestParameters", text(fields.RequestParameters) },
    { "responseElements", text(fields.ResponseElements) },
    { "resourceType", fields.ResourceType },
    { "eventName", fields.EventName },
    { "sensitiveAction", fields.SensitiveAction },
    { "onlyRecordNotSeen", fields.OnlyRecordNotSeen },
    { "eventPlatform", fields.EventPlatform },
    { "tags", tags(fields) },
  }
  for _, name in ipairs(without or {}) do
    for index = #members, 1, -1 do
      if members[index][1] == name then
        table.remove(members, index)
      end
    end
  end
  return response.object(members)
end

return record
