-- The event of a row that this command wrote: the inverse of event:row(), as far as a row goes. Its record is the row's
-- `raw` (export), else its `detail` (events, who, tail), else what the other members of the row tell.
local core = require "cloudaudit.core"
local events = require "cloudaudit.events.event"

local record = {}

--- What is wrong with an export that has no rows.
record.OCSF = "it is OCSF, which has no rows: export without --format ocsf, or read it with other tools"

local USER_TYPES = { root = "root", user = "user", role = "AssumedRole" }
local VIA = { console = "ConsoleCall", api = "ApiCall", miniprogram = "MiniProgramCall" }
local ACTIONS = { read = "Read", write = "Write" }

local function given(value)
  if value == core.null then
    return nil
  end
  return value
end

local function bit(value)
  if value == nil then
    return nil
  end
  return (value == true or value == 1) and 1 or 0
end

-- A record that gives the same row; nil when the row knows of none.
local function record_of(row)
  local result, code = given(row.result), given(row.error_code)
  if result == "unknown" then
    return nil
  end
  local mfa = bit(given(row.mfa))
  return core.encode{
    userIdentity = { type = USER_TYPES[row.user_type], principalId = given(row.principal_id),
      sessionContext = mfa and { mfa = mfa } or nil },
    actionType = ACTIONS[row.action], eventType = VIA[row.via], sensitiveAction = bit(given(row.sensitive)),
    errorCode = result == "ok" and "0" or code, camErrorCode = result == "denied" and code or nil,
    apiErrorMessage = given(row.error_message), userAgent = given(row.user_agent),
  }
end

-- The text of the record in a line whose last member it is. Taken from there because a Lua without integers reads large
-- ones as text. A quote within a text is escaped, so the first `,"detail":` is a member, and rows before it are flat.
local function detail_in(line)
  local _, last = line:find(',"detail":', 1, true)
  local text = last and line:sub(last + 1):match("^(.*)}[ \t\r\n]*$")
  return text and core.decode(text) ~= nil and text or nil
end

local function raw_of(row, line)
  local raw, detail = given(row.raw), given(row.detail)
  if raw ~= nil then
    return raw
  elseif type(detail) == "table" then
    return line and detail_in(line) or core.encode(detail)
  end
  return detail or record_of(row)
end

--- The event of a row: a decoded line and that line, or a row of a database. nil and what is wrong.
function record.event(row, line)
  if type(row) ~= "table" then
    return nil, "a JSON object expected"
  elseif row.class_uid ~= nil then
    return nil, record.OCSF
  elseif type(row.result) ~= "string" or type(row.user_type) ~= "string" then
    return nil, "it is not a row of this command"
  end
  local time, raw = given(row.time), raw_of(row, line)
  if time ~= nil and type(time) ~= "number" then
    return nil, "time: epoch seconds expected"
  elseif raw ~= nil and type(raw) ~= "string" then
    return nil, "raw: text expected"
  end
  return events.new{ id = given(row.id), time = time, name = given(row.name), region = given(row.region),
    resource_region = given(row.resource_region), user = given(row.user), account_id = given(row.account_id),
    access_key_id = given(row.access_key_id), source_ip = given(row.source_ip), request_id = given(row.request_id),
    error_code = given(row.error_code), resource_type = given(row.product), resource_name = given(row.resource),
    location = given(row.location), raw = raw }
end

return record
