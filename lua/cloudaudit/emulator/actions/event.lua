-- One event: built from a caller's fields or from a call, matched against conditions, and converted to the service's
-- shape Event. The emulator stores an event as a flat table, called a record here; its JSON is made on demand.
local actions = require "cloudaudit.actions"
local core = require "cloudaudit.core"
local record_json = require "cloudaudit.emulator.actions.record"
local response = require "cloudaudit.emulator.response"
local validate = require "cloudaudit.validate"

local event = {}

-- Fields of a record beyond those of the shape Event: attributes for searching, and the inner JSON texts of
-- CloudAuditEvent.
local EXTRA = {
  ActionType = "string", PrincipalId = "string", ResourceType = "string", ResourceId = "string",
  ResourceName = "string", SensitiveAction = "string", ApiErrorCode = "string", CamErrorCode = "string",
  Tags = "table", RequestParameters = "string", ResponseElements = "string", SessionContext = "string",
  UserAgent = "string", IdentityType = "string", EventType = "string", HttpMethod = "string", ApiVersion = "string",
  ErrorMessage = "string", ApiErrorMessage = "string", OnlyRecordNotSeen = "string", EventPlatform = "string",
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

-- Names of resource types in Chinese, as far as the emulator's own events need them.
local TYPES_CN = { cvm = "云服务器", cam = "访问管理", cos = "对象存储", account = "账号", cloudaudit = "操作审计" }

-- The values of members that have none, empty as in the samples.
local DEFAULTS = {
  { "EventName", "DescribeInstances" }, { "EventSource", "cvm.tencentcloudapi.com" },
  { "EventRegion", "ap-guangzhou" }, { "Username", "root" }, { "SourceIPAddress", "127.0.0.1" }, { "ErrorCode", 0 },
  { "ActionType", "Read" }, { "SecretId", "" }, { "SensitiveAction", "" }, { "UserAgent", "" },
  { "RequestParameters", "" }, { "ResponseElements", "" }, { "SessionContext", "" }, { "ErrorMessage", "" },
  { "ApiErrorMessage", "" }, { "EventType", "ApiCall" }, { "HttpMethod", "POST" }, { "ApiVersion", "" },
  { "OnlyRecordNotSeen", "0" }, { "EventPlatform", "0" },
}

-- EventId and RequestID are the same in the samples; the one that is given is the other's default.
local function set_ids(emulator, record)
  local id = record.EventId or record.RequestID or emulator.random:uuid()
  default(record, "EventId", id)
  default(record, "RequestID", id)
end

local function complete(emulator, record)
  set_ids(emulator, record)
  default(record, "EventTime", emulator.clock:now())
  record.EventTime = math.floor(record.EventTime)
  for _, pair in ipairs(DEFAULTS) do
    default(record, pair[1], pair[2])
  end
  default(record, "IdentityType", record.Username == "root" and "Root" or "CAMUser")
  default(record, "EventNameCn", record.EventName)
  default(record, "ResourceRegion", record.EventRegion)
  default(record, "AccountID", emulator.options.account_id)
  default(record, "PrincipalId", response.digits(emulator.options.account_id))
  local resource = record.Resources or {}
  default(record, "ResourceType", resource.ResourceType or "cvm")
  default(record, "ResourceName", resource.ResourceName or "")
  default(record, "ResourceTypeCn", TYPES_CN[record.ResourceType] or record.ResourceType)
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
  return complete(emulator, record)
end

-- The session context of a call with temporary credentials, empty for others.
local function session_of(emulator, context)
  local token = context.token
  if not token then
    return ""
  end
  local issued = emulator.issued.tokens[context.secret_id] or emulator.options.tokens[context.secret_id]
  local expires = type(issued) == "table" and issued.expires or context.now
  return record_json.session_context{ token = token, user_agent = context.headers["user-agent"], ip = context.peer,
    account_id = emulator.options.account_id, app_id = emulator.options.app_id, expires = expires }
end

-- The members of a write's response, without which nobody knows what was created. Responses of reads may hold events
-- themselves, and would grow with each.
local function elements_of(context, members)
  if not members or not actions.get(context.action).writes then
    return ""
  end
  members.RequestId = context.request_id
  return (core.encode(members, context.action .. "Response"))
end

-- EventId of a recorded call, by the option event_id.
local EVENT_IDS = {
  request = function(_, context) return context.request_id end,
  own = function(emulator) return emulator.random:uuid() end,
  none = function() return "" end,
}

--- The record of a call to the emulator. `result`: {code=, message=} of an error, or {members=} of a response.
function event.from_call(emulator, context, result)
  local action = actions.get(context.action)
  return complete(emulator, {
    EventId = EVENT_IDS[emulator.options.event_id](emulator, context),
    RequestID = context.request_id,
    EventTime = emulator.clock:now(),
    EventName = context.action,
    EventSource = response.printable((context.headers.host or ""):gsub(":%d+$", "")),
    EventRegion = response.printable(context.region or ""),
    SecretId = response.printable(context.secret_id or ""),
    SourceIPAddress = context.peer,
    UserAgent = context.headers["user-agent"],
    IdentityType = context.token and "AssumedRole" or "Root",
    ActionType = action.writes and "Write" or "Read",
    SensitiveAction = action.writes and "1" or "",
    ApiErrorCode = result.code,
    ApiErrorMessage = result.message and response.printable(result.message),
    ApiVersion = context.version,
    HttpMethod = context.method,
    ResourceType = "cloudaudit",
    ResourceName = context.track_id and response.digits(context.track_id) or "",
    RequestParameters = record_json.request_parameters(context),
    ResponseElements = elements_of(context, result.members),
    SessionContext = session_of(emulator, context),
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

--- Tests of a record for a value, by AttributeKey. OnlyRecordNotSeen and EventPlatform stand in Terraform's
-- documentation only; the last three keys belong to LookUpEvents.
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
  OnlyRecordNotSeen = equals("OnlyRecordNotSeen"),
  EventPlatform = equals("EventPlatform"),
  EventId = equals("EventId"),
  Username = equals("Username"),
  ReadOnly = function(record, value)
    return tostring(record.ActionType == "Read") == value
  end,
}

-- ---- conversion -------------------------------------------------------------------------------

--- EventTime in the form of DescribeEvents.
function event.epoch(seconds)
  return ("%.0f"):format(seconds)
end

--- The record in the shape Event. `format_time` converts epoch seconds to EventTime; `without` lists members of the
-- document that are left out.
function event.to_shape(record, location, format_time, without)
  return {
    EventId = record.EventId, Username = record.Username, EventTime = format_time(record.EventTime),
    CloudAuditEvent = record.CloudAuditEvent or record_json.document(record, without),
    ResourceTypeCn = record.ResourceTypeCn, ErrorCode = record.ErrorCode, EventName = record.EventName,
    SecretId = record.SecretId,
    EventSource = record.EventSource, RequestID = record.RequestID, ResourceRegion = record.ResourceRegion,
    AccountID = record.AccountID, SourceIPAddress = record.SourceIPAddress, EventNameCn = record.EventNameCn,
    EventRegion = record.EventRegion, Location = location and (record.Location or "未知") or nil,
    Resources = { ResourceType = record.ResourceType, ResourceName = record.ResourceName },
  }
end

return event
