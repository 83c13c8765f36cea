-- --from: the events of an export in place of the service's. Every condition of FILTER is tested here, as the service
-- and the library would; one that a row does not answer is refused.
local ascii = require "cloudaudit.ascii"
local core = require "cloudaudit.core"
local conditions = require "cloudaudit.events.where"
local reader = require "cloudaudit.reader"
local record = require "cloudaudit.export.record"
local status = require "cloudaudit.cli.status"

local stored = {}

-- ---- conditions --------------------------------------------------------------------------------

local function record_of(event)
  return (reader.object(event.detail)) or {}
end

local function of_event(member)
  return function(event)
    return event[member]
  end
end

local function of_row(member)
  return function(event)
    return event:row()[member]
  end
end

local function of_record(member)
  return function(event)
    return reader.id(record_of(event)[member])
  end
end

-- Whether one of the resources of a record is called `id` in its last part.
local function names_resource(value, id)
  if type(value) == "table" then
    for _, item in pairs(value) do
      if names_resource(item, id) then
        return true
      end
    end
    return false
  end
  return type(value) == "string" and (value == id or value:match("[^:/]*$") == id)
end

local function has_resource_id(event, id)
  local detail = record_of(event)
  return reader.id(detail.resourceId) == id or names_resource(detail.resources, id)
    or names_resource(detail.resourceSet, id)
end

-- The service's keys: what an event of a row has for them, as text.
local VALUES = {
  RequestId = of_event("request_id"), EventName = of_event("name"), PrincipalId = of_row("principal_id"),
  ResourceType = of_event("resource_type"), ResourceName = of_event("resource_name"),
  AccessKeyId = of_event("access_key_id"), SourceIPAddress = of_event("source_ip"), EventId = of_event("id"),
  Username = of_event("user"),
  ActionType = of_row("action"), ApiErrorCode = of_record("apiErrorCode"), CamErrorCode = of_record("camErrorCode"),
}

-- Keys whose values are written in several ways.
local LOWER = { ResourceType = true, ActionType = true }

local TESTS = {
  ResourceId = has_resource_id,
  SensitiveAction = function(event, value)
    return event:row().sensitive == (value == "1")
  end,
}

local function attribute_test(key, values)
  local read, test, set = VALUES[key], TESTS[key], {}
  if not read and not test then
    status.usage(("--where: %s cannot be tested on an export"):format(key))
  end
  for _, value in ipairs(values) do
    set[LOWER[key] and ascii.lower(value) or value] = true
  end
  if read then
    return function(event)
      local value = read(event)
      return value ~= nil and value ~= core.null and set[value] == true
    end
  end
  return function(event)
    for value in pairs(set) do
      if test(event, value) then
        return true
      end
    end
    return false
  end
end

-- What the library tests on members that a row does not have, or has in another form.
local function complete(event)
  local detail = record_of(event)
  local copy = { source = reader.id(detail.eventSource), error_code = reader.id(detail.errorCode) or event.error_code }
  return setmetatable(copy, { __index = event })
end

local function library_test(read)
  for _, test in ipairs(read.tests) do
    for index, value in ipairs(test[1] == "resource_type" and test[2] or {}) do
      test[2][index] = ascii.lower(value)
    end
  end
  local test = conditions.tester(read)
  return test and function(event)
    return test(complete(event))
  end
end

-- The test of one `where`.
local function where_test(where)
  local read, message = conditions.read("events.where", where)
  if not read then
    status.usage((message:gsub("^events%.where%.", "--where: ")))
  end
  local keys, tests = {}, { library_test(read) }
  for _, pair in ipairs(read.attributes) do
    keys[pair[1]] = keys[pair[1]] or {}
    table.insert(keys[pair[1]], pair[2])
  end
  for key, values in pairs(keys) do
    tests[#tests + 1] = attribute_test(key, values)
  end
  return function(event)
    for _, test in ipairs(tests) do
      if not test(event) then
        return false
      end
    end
    return true
  end
end

--- A function that tells whether an event satisfies one of the queries of a request, and its filter.
function stored.test(request)
  local tests, filter = {}, request.filter
  for index, where in ipairs(request.queries) do
    tests[index] = where_test(where)
  end
  return function(event)
    for _, test in ipairs(tests) do
      if test(event) then
        return not filter or filter(event)
      end
    end
    return false
  end
end

-- ---- reading -----------------------------------------------------------------------------------

--- A source of the events of a request with `from`: a function that returns the next event, or nil and an error. Sets
-- `redacted` of the request when the events are redacted already. Ends the command when there is nothing to read.
function stored.open(context, request)
  local query = { since = request.since, ["until"] = request["until"], ends = context.values["until"] ~= nil,
    oldest = request.order == "oldest", wanted = stored.test(request) }
  local next_event, message, module = require("cloudaudit.export.reader").open(request.from, query)
  request.redacted = query.redacted
  if module then
    status.needs(context.name, module)
  elseif not next_event then
    status.usage("--from: " .. message)
  end
  return function()
    local event, problem, missing = next_event()
    if missing then
      status.needs(context.name, missing)
    end
    local kind = problem and problem:find(record.OCSF, 1, true) and "validation" or "export"
    return event, problem and { kind = kind, message = problem } or nil
  end
end

return stored
