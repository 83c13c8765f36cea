-- One event: reading what a test gives, making one of a call, matching it, and showing it in the
-- shape of the service. A stored event is a flat table; its JSON text is made when it is shown.
local actions = require "cloudaudit.actions"
local core = require "cloudaudit.core"
local errors = require "cloudaudit.errors"
local wire = require "cloudaudit.emulator.response"

local record = {}

-- What an event may be given beside the members of the shape Event: what it can be searched by, and
-- the inner JSON texts of CloudAuditEvent.
local EXTRA = {
  ActionType = "string", PrincipalId = "string", ResourceType = "string", ResourceId = "string",
  ResourceName = "string", SensitiveAction = "string", ApiErrorCode = "string", CamErrorCode = "string",
  Tags = "table", RequestParameters = "string", ResponseElements = "string", SessionContext = "string",
  UserAgent = "string",
}
local LUA_TYPES = { string = "string", int64 = "number", uint64 = "number", object = "table" }

local known_members

local function members()
  if not known_members then
    known_members = {}
    for name, kind in pairs(EXTRA) do
      known_members[name] = kind
    end
    for _, field in ipairs(core.shapes().Event) do
      known_members[field.name] = LUA_TYPES[field.type]
    end
    known_members.EventTime = "number"
  end
  return known_members
end

local function check_member(name, value)
  local expected = members()[name]
  if not expected then
    local names = {}
    for known in pairs(members()) do
      names[#names + 1] = known
    end
    table.sort(names)
    local near = core.nearest(tostring(name), names)
    return errors.misuse(("add_event: unknown member %s%s"):format(tostring(name),
      near and (", did you mean %s?"):format(near) or ""))
  elseif type(value) ~= expected then
    return errors.misuse(("add_event.%s: %s expected, got %s"):format(name, expected, type(value)))
  end
  return true
end

local function default(event, name, value)
  if event[name] == nil then
    event[name] = value
  end
end

local function complete(emulator, event)
  local account = wire.digits(emulator.options.account_id)
  default(event, "EventId", emulator.random:uuid())
  default(event, "EventTime", emulator.clock:now())
  event.EventTime = math.floor(event.EventTime)
  default(event, "EventName", "DescribeInstances")
  default(event, "EventNameCn", event.EventName)
  default(event, "EventSource", "cvm.tencentcloudapi.com")
  default(event, "EventRegion", "ap-guangzhou")
  default(event, "ResourceRegion", event.EventRegion)
  default(event, "Username", "root")
  default(event, "AccountID", emulator.options.account_id)
  default(event, "PrincipalId", account)
  default(event, "SourceIPAddress", "127.0.0.1")
  default(event, "ErrorCode", 0)
  default(event, "ActionType", "Read")
  local resource = event.Resources or {}
  default(event, "ResourceType", resource.ResourceType or "cvm")
  default(event, "ResourceName", resource.ResourceName or "")
  return event
end

--- A complete event of what a test gave; a failure of kind misuse for a wrong member.
function record.read(emulator, given)
  if type(given) ~= "table" then
    return errors.misuse("add_event: table expected, got " .. type(given))
  end
  local event = {}
  for name, value in pairs(given) do
    local ok, message, err = check_member(name, value)
    if not ok then
      return nil, message, err
    end
    event[name] = value
  end
  default(event, "RequestID", emulator.random:uuid())
  return complete(emulator, event)
end

--- The event of a call made to the emulator. Its session context holds the caller's token, as the
-- service's own events do.
function record.of_call(emulator, context, code)
  local action = actions.get(context.action)
  local token = context.headers["x-tc-token"]
  return complete(emulator, {
    EventId = emulator.random:uuid(),
    EventTime = emulator.clock:now(),
    EventName = context.action,
    EventSource = wire.printable((context.headers.host or ""):gsub(":%d+$", "")),
    EventRegion = wire.printable(context.headers["x-tc-region"] or ""),
    RequestID = context.request_id,
    SecretId = wire.printable(context.secret_id or ""),
    SourceIPAddress = context.peer,
    UserAgent = context.headers["user-agent"],
    ActionType = action.writes and "Write" or "Read",
    SensitiveAction = context.action:find("^Delete") and "1" or "0",
    ApiErrorCode = code,
    ResourceType = "cloudaudit",
    ResourceTypeCn = "操作审计",
    ResourceName = context.track_id and wire.digits(context.track_id) or "",
    RequestParameters = context.body,
    SessionContext = token and wire.object{ { "sessionToken", wire.printable(token) } } or nil,
  })
end

-- ---- searching -----------------------------------------------------------------------------

local function equals(name)
  return function(event, value)
    return (event[name] or "") == value
  end
end

-- `value` is JSON text of a list of {key, value}; the event must have all of them.
local function has_tags(event, value)
  local wanted = core.decode(value)
  if type(wanted) ~= "table" then
    return false
  end
  for _, tag in ipairs(wanted) do
    local found = false
    for _, own in ipairs(event.Tags or {}) do
      found = found or (own.key == tag.key and own.value == tag.value)
    end
    if not found then
      return false
    end
  end
  return true
end

--- By AttributeKey: whether an event has a value. The last three are those of LookUpEvents.
record.MATCHERS = {
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
  ReadOnly = function(event, value)
    return tostring(event.ActionType == "Read") == value
  end,
}

-- ---- showing -------------------------------------------------------------------------------

--- EventTime as DescribeEvents gives it.
function record.epoch(seconds)
  return ("%d"):format(seconds)
end

-- Valid JSON text inside JSON, or nothing: a body that is no UTF-8 cannot be told.
local function text_or_nil(text)
  return text and core.encode(text) and text or nil
end

local function identity(event)
  return wire.object{
    { "type", event.Username == "root" and "Root" or "CAMUser" },
    { "accountId", wire.digits(event.AccountID) },
    { "principalId", event.PrincipalId },
    { "userName", event.Username },
    { "secretId", event.SecretId },
    { "sessionContext", event.SessionContext },
  }
end

local function document(event)
  return wire.object{
    { "eventVersion", "3.0" },
    { "eventID", event.EventId },
    { "requestID", event.RequestID },
    { "eventTime", event.EventTime },
    { "eventType", "ApiCall" },
    { "eventName", event.EventName },
    { "eventSource", event.EventSource },
    { "eventRegion", event.EventRegion },
    { "actionType", event.ActionType },
    { "sensitiveAction", event.SensitiveAction },
    { "userAgent", text_or_nil(event.UserAgent) },
    { "sourceIPAddress", event.SourceIPAddress },
    { "resourceType", event.ResourceType },
    { "resourceName", event.ResourceName },
    { "resourceId", event.ResourceId },
    { "apiErrorCode", event.ApiErrorCode },
    { "camErrorCode", event.CamErrorCode },
    { "userIdentity", { json = identity(event) } },
    { "requestParameters", text_or_nil(event.RequestParameters) },
    { "responseElements", text_or_nil(event.ResponseElements) },
  }
end

--- The event in the shape Event. `format_time` makes EventTime of epoch seconds.
function record.show(event, location, format_time)
  return {
    EventId = event.EventId, Username = event.Username, EventTime = format_time(event.EventTime),
    CloudAuditEvent = event.CloudAuditEvent or document(event), ResourceTypeCn = event.ResourceTypeCn,
    ErrorCode = event.ErrorCode, EventName = event.EventName, SecretId = event.SecretId,
    EventSource = event.EventSource, RequestID = event.RequestID, ResourceRegion = event.ResourceRegion,
    AccountID = event.AccountID, SourceIPAddress = event.SourceIPAddress, EventNameCn = event.EventNameCn,
    EventRegion = event.EventRegion, Location = location and (event.Location or "-") or nil,
    Resources = { ResourceType = event.ResourceType, ResourceName = event.ResourceName },
  }
end

return record
