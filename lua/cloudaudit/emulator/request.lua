-- Reads a request and validates everything that the actions have in common, before their own parameters. A rule returns
-- a code and a message if the request breaks it, nothing otherwise.
local ascii = require "cloudaudit.ascii"
local core = require "cloudaudit.core"
local query_string = require "cloudaudit.emulator.query_string"
local refusals = require "cloudaudit.emulator.refusals"
local regions = require "cloudaudit.emulator.regions"
local signature_v1 = require "cloudaudit.emulator.signature_v1"

local request = {}

-- The service of an API version: STS is served at the same address.
local SERVICES = { ["2019-03-19"] = "cloudaudit", ["2018-08-13"] = "sts" }

local actions = core.actions()

local MAX_POST = 10 * 1024 * 1024
local MAX_FORM = 1024 * 1024
local MAX_GET = 32 * 1024

local function lower_names(headers)
  local lower = {}
  for name, value in pairs(headers or {}) do
    lower[ascii.lower(name)] = value
  end
  return lower
end

--- The context of an HTTP request {method, path, query, headers, body, too_large, peer, connection}: a table to which
-- each stage of its handling adds. The common parameters come from headers, or from the parameters themselves with a
-- signature of version 1.
function request.context(emulator, http_request)
  local headers = lower_names(http_request.headers)
  local token = headers["x-tc-token"]
  local context = {
    method = http_request.method, path = http_request.path or "/", query = http_request.query or "",
    headers = headers, body = http_request.body or "", peer = http_request.peer or "127.0.0.1",
    too_large = http_request.too_large, connection = http_request.connection, now = emulator.clock:now(),
    request_id = emulator.random:uuid(), signed = false, action = headers["x-tc-action"],
    version = headers["x-tc-version"], region = headers["x-tc-region"], timestamp_text = headers["x-tc-timestamp"],
    language = headers["x-tc-language"], token = token ~= "" and token or nil,
  }
  signature_v1.read(context)
  return context
end

local function check_size(context)
  local size, most = #context.body, context.v1 and MAX_FORM or MAX_POST
  if context.method == "GET" then
    size, most = #context.query, MAX_GET
  end
  if context.too_large or size > most then
    return "RequestSizeLimitExceeded", "The request is larger than the service accepts."
  end
end

local REQUIRED = { { "action", "Action" }, { "version", "Version" }, { "timestamp_text", "Timestamp" } }

local function missing(name)
  return "MissingParameter", ("The request is missing a required parameter `%s`."):format(name)
end

local function check_common(context, options)
  for _, row in ipairs(REQUIRED) do
    if (context[row[1]] or "") == "" then
      return missing(row[2])
    end
  end
  if options.require_region and (context.region or "") == "" then
    return refusals.of(options, "region.missing")
  end
  local digits = context.timestamp_text:match("^%d+$")
  if not digits or #digits > 12 then
    return "InvalidParameterValue", "The value of `X-TC-Timestamp` is not valid: Unix seconds expected."
  end
  context.timestamp = tonumber(digits)
end

-- STS has regions of its own.
local function check_region(context, options)
  local region = context.region or ""
  if region ~= "" and context.service == "cloudaudit" and not options.any_region and not regions.exists(region) then
    return refusals.of(options, "region.unknown")
  end
end

local function check_action(context, options)
  local version = context.version
  local service, action = SERVICES[version], actions[context.action]
  if not service then
    return refusals.of(options, "version.unknown", version)
  elseif not action or action.service ~= service then
    return refusals.of(options, "action.unknown", context.action, version)
  elseif options.offline[context.action] then
    return options.offline[context.action], ("The action `%s` is not offered."):format(context.action)
  end
  context.service, context.unsigned = service, action.unsigned
end

--- Applies the rules that involve neither a key nor parameters. Sets context.timestamp, service and unsigned.
function request.validate(context, options)
  if context.method ~= "POST" and context.method ~= "GET" then
    return "UnsupportedProtocol", "Only GET and POST are supported."
  elseif context.v1 and not options.signature_v1 then
    return "AuthFailure.InvalidAuthorization", "Signatures of version 1 are not accepted."
  end
  local code, message = check_size(context)
  if not code then
    code, message = check_common(context, options)
  end
  if not code then
    code, message = check_action(context, options)
  end
  if not code then
    code, message = check_region(context, options)
  end
  return code, message
end

local function read_post(context, options)
  local content_type = ascii.lower(context.headers["content-type"] or ""):match("^%s*([^;%s]*)")
  if content_type ~= "application/json" then
    return nil, "UnsupportedProtocol", "A POST with the content type application/json expected."
  end
  local params, problem = core.decode(context.body)
  if params == core.null and options.null_body then
    return {} -- the official Ruby SDK sends null for no parameters
  end
  if type(params) ~= "table" or getmetatable(params) == core.list or #params > 0 then
    problem = problem and ": " .. tostring(problem) or ""
    local code, message = refusals.of(options, "body.syntax", problem)
    return code == nil and {} or nil, code, message
  end
  return params
end

-- The decoded names and values of a query or form that belong to the action.
local function own_parameters(context)
  local all, out = context.v1 and context.v1.parameters or query_string.pairs(context.query), {}
  for name, value in pairs(all) do
    if not (context.v1 and signature_v1.is_common(name)) then
      out[name] = value
    end
  end
  return out
end

--- The parameters, validated against the model; nil, a code and a message for invalid ones.
function request.params(context, options)
  local shape = context.action .. "Request"
  local params, code, message
  if context.v1 or context.method == "GET" then
    params, code, message = query_string.parse(own_parameters(context), shape)
  else
    params, code, message = read_post(context, options)
  end
  if not params then
    return nil, code, message
  end
  context.params = params
  local ok
  ok, code, message = refusals.check(options, shape, params, context.action, true)
  return ok and params or nil, code, message
end

return request
