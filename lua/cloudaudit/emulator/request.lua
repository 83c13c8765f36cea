-- Reads a request and validates everything that the actions have in common, before their own parameters. A rule returns
-- a code and a message if the request breaks it, nothing otherwise.
local core = require "cloudaudit.core"
local query_string = require "cloudaudit.emulator.query_string"

local request = {}

-- The service of an API version: STS is served at the same address.
local SERVICES = { ["2019-03-19"] = "cloudaudit", ["2018-08-13"] = "sts" }

local actions = core.actions()

local MAX_POST = 10 * 1024 * 1024
local MAX_GET = 32 * 1024

local function lower_names(headers)
  local lower = {}
  for name, value in pairs(headers or {}) do
    lower[name:lower()] = value
  end
  return lower
end

--- The context of an HTTP request {method, path, query, headers, body, peer, connection}: a table to which each stage
-- of its handling adds.
function request.context(emulator, http_request)
  local headers = lower_names(http_request.headers)
  return {
    method = http_request.method, path = http_request.path or "/", query = http_request.query or "",
    headers = headers, body = http_request.body or "", peer = http_request.peer or "127.0.0.1",
    connection = http_request.connection, action = headers["x-tc-action"], now = emulator.clock:now(),
    request_id = emulator.random:uuid(), signed = false,
  }
end

local function check_size(context)
  local size = context.method == "GET" and #context.query or #context.body
  if size > (context.method == "GET" and MAX_GET or MAX_POST) then
    return "RequestSizeLimitExceeded", "The request is larger than the service accepts."
  end
end

local REQUIRED = {
  { "x-tc-action", "Action" }, { "x-tc-version", "Version" }, { "x-tc-timestamp", "Timestamp" },
}

local function check_common(context, options)
  for _, row in ipairs(REQUIRED) do
    if (context.headers[row[1]] or "") == "" then
      return "MissingParameter", ("The request is missing the common parameter `%s`."):format(row[2])
    end
  end
  if options.require_region and (context.headers["x-tc-region"] or "") == "" then
    return "MissingParameter", "The request is missing the common parameter `Region`."
  end
  local digits = context.headers["x-tc-timestamp"]:match("^%d+$")
  if not digits or #digits > 12 then
    return "InvalidParameterValue", "X-TC-Timestamp: Unix seconds expected."
  end
  context.timestamp = tonumber(digits)
end

local function check_action(context)
  local version = context.headers["x-tc-version"]
  local service, action = SERVICES[version], actions[context.action]
  if not service then
    return "NoSuchVersion", ("The service has no version %s."):format(version)
  elseif not action or action.service ~= service then
    return "InvalidAction", ("The service has no action %s in version %s."):format(context.action, version)
  end
  context.service, context.unsigned = service, action.unsigned
end

--- Applies the rules that involve neither a key nor parameters. Sets context.timestamp, service and unsigned.
function request.validate(context, options)
  if context.method ~= "POST" and context.method ~= "GET" then
    return "UnsupportedProtocol", "Only GET and POST are supported."
  end
  local code, message = check_size(context)
  if not code then
    code, message = check_common(context, options)
  end
  if not code then
    code, message = check_action(context)
  end
  return code, message
end

local function read_post(context)
  local content_type = (context.headers["content-type"] or ""):lower():match("^%s*([^;%s]*)")
  if content_type ~= "application/json" then
    return nil, "UnsupportedProtocol", "A POST with the content type application/json expected."
  end
  local params, problem = core.decode(context.body)
  if type(params) ~= "table" or getmetatable(params) == core.list or #params > 0 then
    problem = problem and ": " .. tostring(problem) or ""
    return nil, "InvalidParameter", ("The body is not a JSON object%s."):format(problem)
  end
  return params
end

--- The parameters, validated against the model; nil, a code and a message for invalid ones.
function request.params(context, options)
  local shape = context.action .. "Request"
  local params, code, message
  if context.method == "GET" then
    params, code, message = query_string.parse(context.query, shape)
  else
    params, code, message = read_post(context)
  end
  if not params then
    return nil, code, message
  end
  context.params = params
  local ok, fields = core.check(shape, params, context.action, options.validate, true)
  if not ok then
    return nil, fields.code, fields.message
  end
  return params
end

return request
