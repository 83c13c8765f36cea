-- Sans-I/O calls: prepares a signed request without sending it, and parses a response that the caller received. Sends
-- nothing except what fetching credentials takes.
local actions = require "cloudaudit.actions"
local calls = require "cloudaudit.call"
local core = require "cloudaudit.core"
local errors = require "cloudaudit.errors"
local sessions = require "cloudaudit.session"

local prepare = {}

local function timestamp_of(self, options)
  if options ~= nil and type(options) ~= "table" then
    return errors.misuse("prepare: table of options expected, got " .. type(options))
  end
  for key in pairs(options or {}) do
    if key ~= "timestamp" then
      return errors.misuse(("prepare.%s: unknown option, did you mean timestamp?"):format(tostring(key)), tostring(key))
    end
  end
  local timestamp = options and options.timestamp
  if timestamp ~= nil and type(timestamp) ~= "number" then
    return errors.misuse("prepare.timestamp: unix seconds expected, got " .. type(timestamp), "timestamp")
  end
  return math.floor(timestamp or self.clock())
end

--- Signs a request without sending it: {action, method, url, host, headers, body, timestamp}. options.timestamp is in
-- unix seconds (default: now). For an action that the model does not know, params may be JSON text.
--: Client:prepare(action: string, params?: table|string, options?: {timestamp?: integer}) -> Request | failure
function prepare.prepare(self, action, params, options)
  local raw = type(params) == "string" and not actions.get(action)
  local ok, message, err = sessions.check_call("prepare", action, raw and {} or params)
  local timestamp, client
  if ok then
    timestamp, message, err = timestamp_of(self, options)
  end
  if timestamp then
    client, message, err = sessions.open(self)
  end
  if not client then
    return nil, message, err
  end
  if params == nil then
    params = {}
  end
  local fields
  if type(params) == "table" and not actions.get(action) then
    params, fields = core.encode(params)
    if not params then
      return errors.of_action(fields, action)
    end
  end
  ok, message, err = self.refresher:ensure_fresh(client)
  if not ok then
    return nil, message, err
  end
  local request
  request, fields = client:prepare(action, params, timestamp, self.settings.validate ~= false)
  if not request then
    return errors.of_action(fields, action)
  end
  return request
end

--- Parses the HTTP response to a prepared request: the response table, or nil, message, err.
--: Client:parse(action: string, status: integer, headers?: table<string, string>, body: string) -> table | failure
function prepare.parse(self, action, status, headers, body)
  local ok, message, err = sessions.check_call("parse", action)
  if not ok then
    return nil, message, err
  elseif self.closed then
    return sessions.open(self)
  elseif type(status) ~= "number" then
    return errors.misuse("parse.status: number expected, got " .. type(status), "status")
  elseif not calls.is_status(status) then
    return errors.misuse(("parse.status: 100 to 999 expected, got %s"):format(tostring(status)), "status")
  elseif headers ~= nil and type(headers) ~= "table" then
    return errors.misuse("parse.headers: table expected, got " .. type(headers), "headers")
  elseif type(body) ~= "string" then
    return errors.misuse("parse.body: string expected, got " .. type(body), "body")
  end
  local response, fields = core.parse(action, status, headers, body)
  if not response then
    return errors.of_call(fields, action)
  end
  return response
end

return prepare
