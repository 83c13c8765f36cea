-- A log of events whose every attribute is known, for specs that compare what the command prints with what it should.
local audit_log = {}

local NAMES = { "RunInstances", "DeleteBucket", "ConsoleLogin", "DescribeInstances", "CreateAccessKey",
  "PutBucketPolicy", "AttachUserPolicy", "StopInstances", "GetBucket", "ListUsers", "DeleteUser", "CreateUser",
  "TerminateInstances" }
local PRODUCTS = { "cvm", "cos", "account", "cvm", "cam", "cos", "cam", "cvm", "cos", "cam", "cam", "cam", "cvm" }
local USERS = { "root", "ann", "bob", "审计员" }
local ADDRESSES = { "203.0.113.10", "203.0.113.77", "198.51.100.9", "10.0.4.20", "2001:db8::5" }
local ERRORS = { [3] = "UnauthorizedOperation.CamNoAuth", [5] = "ResourceNotFound", [8] = "AuthFailure" }

--- An event of the log; `index` decides everything about it, `time` when it was.
function audit_log.event(index, time)
  local kind = index % #NAMES + 1
  return {
    EventId = ("id-%06d"):format(index), EventTime = time, EventName = NAMES[kind], ResourceType = PRODUCTS[kind],
    ActionType = (kind == 4 or kind == 9 or kind == 10) and "Read" or "Write", Username = USERS[index % 4 + 1],
    PrincipalId = ("1000000000%02d"):format(index % 4 + 1), SourceIPAddress = ADDRESSES[index % 5 + 1],
    SecretId = ("AKID%028d"):format(index % 3), ResourceName = "res-" .. index % 7, ResourceId = "rid-" .. index % 6,
    SensitiveAction = index % 11 == 0 and "1" or "0", ApiErrorCode = ERRORS[index % 17],
    CamErrorCode = index % 17 == 9 and "4" or nil, RequestID = ("request-%06d"):format(index),
    EventRegion = index % 2 == 0 and "ap-guangzhou" or "ap-beijing", ErrorCode = index % 17 == 11 and 4 or 0,
  }
end

--- The result that the row of an event has.
function audit_log.result(event)
  local code = event.ApiErrorCode or event.CamErrorCode
  if event.CamErrorCode or code and (code:find("^UnauthorizedOperation") or code:find("^AuthFailure")) then
    return "denied"
  end
  return (code or event.ErrorCode ~= 0) and "failed" or "ok"
end

--- Options of FILTER, and which events of a log they select. Those that are `alone` replace each other's condition.
audit_log.FILTERS = {
  { { "--event", "RunInstances,deletebucket" }, function(e)
    return e.EventName == "RunInstances" or e.EventName == "DeleteBucket"
  end },
  { { "--write" }, function(e) return e.ActionType == "Write" end },
  { { "--product", "CVM" }, function(e) return e.ResourceType == "cvm" end },
  { { "--resource", "res-3" }, function(e) return e.ResourceName == "res-3" end },
  { { "--key", ("AKID%028d"):format(1) }, function(e) return e.SecretId == ("AKID%028d"):format(1) end },
  { { "--user", "审计员" }, function(e) return e.Username == "审计员" end },
  { { "--ip", "203.0.113.0/24,10.0.4.20" }, function(e)
    return e.SourceIPAddress:find("^203%.") or e.SourceIPAddress == "10.0.4.20"
  end },
  { { "--failed" }, function(e) return audit_log.result(e) ~= "ok" end },
  { { "--denied" }, function(e) return audit_log.result(e) == "denied" end },
  { { "--sensitive" }, function(e) return e.SensitiveAction == "1" end },
  { { "--request-id", "request-000006" }, function(e) return e.RequestID == "request-000006" end },
  { { "--where", "region=ap-beijing" }, function(e) return e.EventRegion == "ap-beijing" end },
  -- These replace each other's condition, so that they are not paired.
  { { "--read" }, function(e) return e.ActionType == "Read" end, alone = true },
  { { "--user", "100000000002" }, function(e) return e.PrincipalId == "100000000002" end, alone = true },
  { { "--ip", "2001:db8::5" }, function(e) return e.SourceIPAddress == "2001:db8::5" end, alone = true },
  { { "--resource", "rid-4" }, function(e) return e.ResourceId == "rid-4" end, alone = true },
  { { "--where", "ApiErrorCode=ResourceNotFound" }, function(e) return e.ApiErrorCode == "ResourceNotFound" end,
    alone = true },
}

--- Adds `count` events to a served emulator, the newest at `newest`, `step` seconds apart, or on `days` days that are
-- six days apart. Returns the list, newest first.
function audit_log.fill(served, count, newest, step, days)
  local list, batch = {}, {}
  local a_day = math.ceil(count / (days or 1))
  for index = 1, count do
    local ago = (index - 1) * step
    if days then
      ago = math.floor((index - 1) / a_day) * 6 * 86400 + (index - 1) % a_day * step
    end
    list[index] = audit_log.event(index, math.floor(newest - ago))
    batch[#batch + 1] = list[index]
    if #batch == 200 or index == count then
      served:admin("events", { events = batch })
      batch = {}
    end
  end
  return list
end

--- The ids of the events for which test(event) holds, newest first, as one text.
function audit_log.ids(list, test)
  local ids = {}
  for _, event in ipairs(list) do
    if not test or test(event) then
      ids[#ids + 1] = event.EventId
    end
  end
  return table.concat(ids, " ")
end

--- The members `name` of JSON lines, as one text.
function audit_log.members(text, name)
  local found = {}
  for value in text:gmatch('[{,\n]"' .. name .. '":"([^"]*)"[^\n]*\n') do
    found[#found + 1] = value
  end
  return table.concat(found, " ")
end

return audit_log
