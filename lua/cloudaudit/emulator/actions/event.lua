-- One event: built from a caller's fields or from a call, matched against conditions, and converted to the service's
-- shape Event. The emulator stores an event as a flat table, called a record here; its JSON is made on demand.
local actions = require "cloudaudit.actions"
local core = require "cloudaudit.core"
local response = require "cloudaudit.emulator.response"
local validate = require "cloudaudit.validate"

local event = {}

-- Fields of a record beyond those of the shape Event: attributes for searching, and the inner JSON texts of
-- CloudAuditEvent.
local EXTRA = {
  ActionType = "string", PrincipalId = "string", ResourceType = "string", ResourceId = "string",
  ResourceName = "string", SensitiveAction = "string", ApiErrorCode = "string", CamErrorCode = "string",
  Tags = "table", RequestParameters = "string", ResponseElements = "string", SessionContext = "string",
  UserAgent = "string",
}
local LUA_TYPES = { string = "string", int64 = "number", uint64 = "number", object = "table" }

local known_rows

-- Rows for the validator: the fields of the shape Event, whose EventTime is a number here, and the extra ones.
local function rows()
  if not known_rows then
    local types = {}
    for _, field in ipairs(core.shapes().Event) do
      types[field.name] = LUA_TYPES[field.type]
    end
    types.EventTime = "number"
    for name, kind in pairs(EXTRA) do
      types[name] = kind
    end
    known_rows = {}
    for name, kind in pairs(types) do
      known_rows[#known_rows + 1] = { name = name, type = kind }
    end
    table.sort(known_rows, function(a, b) return a.name < b.name end)
  end
  return known_rows
end

local function default(record, name, value)
  if record[name] == nil then
    record[name] = value
  end
end

local function complete(emulator, record)
  local account = response.digits(emulator.options.account_id)
  default(record, "EventId", emulator.random:uuid())
  default(record, "EventTime", emulator.clock:now())
  record.EventTime = math.floor(record.EventTime)
  default(record, "EventName", "DescribeInstances")
  default(record, "EventNameCn", record.EventName)
  default(record, "EventSource", "cvm.tencentcloudapi.com")
  default(record, "EventRegion", "ap-guangzhou")
  default(record, "ResourceRegion", record.EventRegion)
  default(record, "Username", "root")
  default(record, "AccountID", emulator.options.account_id)
  default(record, "PrincipalId", account)
  default(record, "SourceIPAddress", "127.0.0.1")
  default(record, "ErrorCode", 0)
  default(record, "ActionType", "Read")
  local resource = record.Resources or {}
  default(record, "ResourceType", resource.ResourceType or "cvm")
  default(record, "ResourceName", resource.ResourceName or "")
  return record
end

--- A complete record from a caller's fields, with defaults for the missing ones; or a failure of kind misuse.
function event.from_fields(emulator, fields)
  local ok, message, err = validate.fields("add_event", fields, rows())
  if not ok then
    return nil, message, err
  end
  local record = {}
  for name, value in pairs(fields) do
    record[name] = value
  end
  default(record, "RequestID", emulator.random:uuid())
  return complete(emulator, record)
end

--- The record of a call to the emulator. Its session context holds the caller's token, as in the service's events.
function event.from_call(emulator, context, code)
  local action = actions.get(context.action)
  local token = context.headers["x-tc-token"]
  return complete(emulator, {
    EventId = emulator.random:uuid(),
    EventTime = emulator.clock:now(),
    EventName = context.action,
    EventSource = response.printable((context.headers.host or ""):gsub(":%d+$", "")),
    EventRegion = response.printable(context.headers["x-tc-region"] or ""),
    RequestID = context.request_id,
    SecretId = response.printable(context.secret_id or ""),
    SourceIPAddress = context.peer,
    UserAgent = context.headers["user-agent"],
    ActionType = action.writes and "Write" or "Read",
    SensitiveAction = context.action:find("^Delete") and "1" or "0",
    ApiErrorCode = code,
    ResourceType = "cloudaudit",
    ResourceTypeCn = "操作审计",
    ResourceName = context.track_id and response.digits(context.track_id) or "",
    RequestParameters = context.body,
    SessionContext = token and response.object{ { "sessionToken", response.printable(token) } } or nil,
  })
end

-- ---- searching -----------------------------------------------------------------------------

local function equals(name)
  return function(record, value)
    return (record[name] or "") == value
  end
end

-- `value` is the JSON text of a list of {key, value}; the record must have all of them.
local function has_tags(record, value)
  local wanted = core.decode(value)
  if type(wanted) ~= "table" then
    return false
  end
  for _, tag in ipairs(wanted) do
    local found = false
    for _, candidate in ipairs(record.Tags or {}) do
      found = found or (candidate.key == tag.key and candidate.value == tag.value)
    end
    if not found then
      return false
    end
  end
  return true
end

--- Tests of a record for a value, by AttributeKey. The last three keys belong to LookUpEvents.
event.MATCHERS = {
  RequestId = equals("RequestID"),
  EventName = equals("EventName"),
  ActionType = equals("ActionType"),
  PrincipalId = equals("PrincipalId"),
  ResourceType = equals("ResourceType"),
  ResourceId = equals("ResourceId"),
  ResourceName = equals("ResourceName"),
  AccessKeyId = equals("SecretId"),
  SensitiveAction = equals("SensitiveAction"),
  ApiErrorCode = equals("ApiErrorCode"),
  CamErrorCode = equals("CamErrorCode"),
  SourceIPAddress = equals("SourceIPAddress"),
  Tags = has_tags,
  EventId = equals("EventId"),
  Username = equals("Username"),
  ReadOnly = function(record, value)
    return tostring(record.ActionType == "Read") == value
  end,
}

-- ---- conversion -------------------------------------------------------------------------------

--- EventTime in the form of DescribeEvents.
function event.epoch(seconds)
  return ("%d"):format(seconds)
end

-- The text, or nil if it is not UTF-8 and therefore has no JSON form.
local function utf8_or_nil(text)
  return text and core.encode(text) and text or nil
end

local function identity(record)
  return response.object{
    { "type", record.Username == "root" and "Root" or "CAMUser" },
    { "accountId", response.digits(record.AccountID) },
    { "principalId", record.PrincipalId },
    { "userName", record.Username },
    { "secretId", record.SecretId },
    { "sessionContext", record.SessionContext },
  }
end

local function document(record)
  return response.object{
    { "eventVersion", "3.0" },
    { "eventID", record.EventId },
    { "requestID", record.RequestID },
    { "eventTime", record.EventTime },
    { "eventType", "ApiCall" },
    { "eventName", record.EventName },
    { "eventSource", record.EventSource },
    { "eventRegion", record.EventRegion },
    { "actionType", record.ActionType },
    { "sensitiveAction", record.SensitiveAction },
    { "userAgent", utf8_or_nil(record.UserAgent) },
    { "sourceIPAddress", record.SourceIPAddress },
    { "resourceType", record.ResourceType },
    { "resourceName", record.ResourceName },
    { "resourceId", record.ResourceId },
    { "apiErrorCode", record.ApiErrorCode },
    { "camErrorCode", record.CamErrorCode },
    { "userIdentity", { json = identity(record) } },
    { "requestParameters", utf8_or_nil(record.RequestParameters) },
    { "responseElements", utf8_or_nil(record.ResponseElements) },
  }
end

--- The record in the shape Event. `format_time` converts epoch seconds to EventTime.
function event.to_shape(record, location, format_time)
  return {
    EventId = record.EventId, Username = record.Username, EventTime = format_time(record.EventTime),
    CloudAuditEvent = record.CloudAuditEvent or document(record), ResourceTypeCn = record.ResourceTypeCn,
    ErrorCode = record.ErrorCode, EventName = record.EventName, SecretId = record.SecretId,
    EventSource = record.EventSource, RequestID = record.RequestID, ResourceRegion = record.ResourceRegion,
    AccountID = record.AccountID, SourceIPAddress = record.SourceIPAddress, EventNameCn = record.EventNameCn,
    EventRegion = record.EventRegion, Location = location and (record.Location or "-") or nil,
    Resources = { ResourceType = record.ResourceType, ResourceName = record.ResourceName },
  }
end

return event
