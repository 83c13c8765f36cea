-- Maps an event to OCSF 1.8.0, class 6003 (API Activity), profile cloud. Pure; the same event gives the same object in
-- every run.
local ascii = require "cloudaudit.ascii"
local cidr = require "cloudaudit.events.cidr"
local core = require "cloudaudit.core"
local reader = require "cloudaudit.reader"

local ocsf = {}

local VERSION = "1.8.0"
local CLASS = 6003
local REDACTED = "[redacted]"

local ACTIVITIES = { [0] = "Unknown", "Create", "Read", "Update", "Delete", [99] = "Other" }
local READ, OTHER, UNKNOWN = 2, 99, 0

-- What the first word of a write's name makes of it.
local WORDS = {}
for activity, words in pairs{
  [1] = "Create Add Run Allocate Apply Import Generate Copy Register",
  [3] = "Modify Update Set Put Attach Detach Bind Unbind Associate Disassociate Enable Disable Start Stop Reset "
    .. "Replace Assign Unassign Renew Resize",
  [4] = "Delete Remove Terminate Release Purge Destroy Revoke",
} do
  for word in words:gmatch("%S+") do
    WORDS[word] = activity
  end
end

local METHODS = {}
for method in ("CONNECT DELETE GET HEAD OPTIONS PATCH POST PUT TRACE"):gmatch("%S+") do
  METHODS[method] = true
end

local USER_TYPES = { root = 2, user = 1, camuser = 1 }

-- Members of the record without a place in the class.
local UNMAPPED = { "eventType", "sensitiveAction", "tags", "resources", "resourceSet" }

-- A text that is not empty, or nil.
local text = reader.id

local function object(value)
  return (reader.object(value)) or {}
end

-- A value that says something, or nil.
local function value_of(value)
  if value == nil or value == core.null or value == "" or type(value) == "table" and next(value) == nil then
    return nil
  end
  return value
end

-- A table, or nil when it has no members.
local function filled(value)
  return next(value) ~= nil and value or nil
end

local function some(value)
  if value == core.null then
    return nil
  end
  return value
end

local function activity_of(event, row, record)
  if next(record) == nil then
    return UNKNOWN
  elseif row.action == "read" then
    return READ
  end
  local word = text(event.name) and event.name:match("^[A-Za-z][a-z]*")
  return row.action == "write" and word and WORDS[word] or OTHER
end

local function account_of(event, identity)
  local uid = text(identity.accountId) or some(event:row().account_id)
  return uid and { uid = uid, type_id = 99, type = "Tencent Cloud Account" } or nil
end

local function actor_of(event, row, identity)
  local kind = text(identity.type)
  local user = { name = text(event.user), uid = text(identity.principalId), type = kind,
    type_id = kind and (USER_TYPES[ascii.lower(kind)] or 99) or nil, account = account_of(event, identity) }
  if not (user.name or user.uid or user.account) then
    user.name = "unknown" -- the class needs an actor, and an actor one of the three
  end
  local key = some(row.access_key_id)
  user.credential_uid = key ~= REDACTED and key or nil
  local mfa = some(row.mfa)
  return { user = user, session = mfa ~= nil and { is_mfa = mfa } or nil }
end

local function api_of(event, row, record)
  local id = text(event.request_id)
  local service = text(event.resource_type)
  return {
    operation = text(event.name) or "unknown", version = text(record.apiVersion),
    service = service and { name = service } or nil,
    request = id and { uid = id, data = value_of(record.requestParameters) } or nil,
    response = filled{ error = some(row.error_code), error_message = some(row.error_message),
      data = value_of(record.responseElements) },
  }
end

local function metadata_of(event, record)
  return {
    version = VERSION, profiles = { "cloud" }, product = { name = "CloudAudit", vendor_name = "Tencent Cloud" },
    uid = text(event.id), event_code = text(event.name),
    original_time = event.time and ("%.0f"):format(event.time) or text(record.eventTime),
    log_name = "cloudaudit", log_provider = "Tencent Cloud", log_version = text(record.eventVersion),
  }
end

local function source_of(event)
  local address = text(event.source_ip)
  if address and cidr.address(address) then
    return { ip = address }
  end
  return { name = address or "unknown" }
end

local function resources_of(event, row)
  local name = some(row.resource)
  return name and { { name = name, type = text(event.resource_type), region = text(event.resource_region),
    role_id = 1 } } or nil
end

local function unmapped_of(event, record)
  local out = { EventNameCn = text(event.name_cn), ResourceTypeCn = text(event.resource_type_cn),
    Location = text(event.location) }
  for _, name in ipairs(UNMAPPED) do
    out[name] = value_of(record[name])
  end
  local method = text(record.httpMethod)
  out.httpMethod = method and not METHODS[method] and method or nil
  return filled(out)
end

local STATUSES = { ok = { 1, "Success" }, denied = { 2, "Failure" }, failed = { 2, "Failure" },
  unknown = { 0, "Unknown" } }

--- The OCSF object of an event; `with_raw`: with its record as raw_data.
function ocsf.of(event, with_raw)
  local row, record = event:row(), object(event.detail)
  local identity = object(record.userIdentity)
  local activity, status = activity_of(event, row, record), STATUSES[row.result]
  local failed = status[1] == 2
  local method = text(record.httpMethod)
  return {
    activity_id = activity, activity_name = ACTIVITIES[activity],
    category_uid = 6, category_name = "Application Activity", class_uid = CLASS, class_name = "API Activity",
    type_uid = CLASS * 100 + activity, type_name = "API Activity: " .. ACTIVITIES[activity],
    severity_id = 1, severity = "Informational",
    time = event.time and event.time * 1000 or 0,
    status_id = status[1], status = status[2], status_code = failed and some(row.error_code) or nil,
    status_detail = failed and some(row.error_message) or nil,
    message = tostring(event), metadata = metadata_of(event, record), actor = actor_of(event, row, identity),
    api = api_of(event, row, record),
    cloud = { provider = "Tencent Cloud", region = text(event.region), account = account_of(event, identity) },
    src_endpoint = source_of(event), dst_endpoint = text(event.source) and { svc_name = text(event.source) } or nil,
    http_request = filled{ user_agent = text(record.userAgent), http_method = METHODS[method] and method or nil },
    resources = resources_of(event, row), unmapped = unmapped_of(event, record),
    raw_data = with_raw and text(event.raw) or nil,
  }
end

return ocsf
