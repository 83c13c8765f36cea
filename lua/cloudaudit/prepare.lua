-- Requests for whoever moves the bytes alone: signed without being sent, and responses read that somebody else
-- fetched. Sends nothing of its own but what fetching keys takes.
local actions = require "cloudaudit.actions"
local core = require "cloudaudit.core"
local errors = require "cloudaudit.errors"
local exchange = require "cloudaudit.call"
local keepers = require "cloudaudit.credentials.refresher"
local session = require "cloudaudit.session"

local prepared = {}

local function fail(fields, action)
  fields.action = action
  return errors.failure(fields)
end

local function timestamp_of(self, given)
  if given ~= nil and type(given) ~= "table" then
    return errors.misuse("prepare: table of options expected, got " .. type(given))
  end
  for key in pairs(given or {}) do
    if key ~= "timestamp" then
      return errors.misuse(("prepare.%s: unknown option, did you mean timestamp?"):format(tostring(key)), tostring(key))
    end
  end
  local timestamp = given and given.timestamp
  if timestamp ~= nil and type(timestamp) ~= "number" then
    return errors.misuse("prepare.timestamp: unix seconds expected, got " .. type(timestamp), "timestamp")
  end
  return math.floor(timestamp or self.clock())
end

--- One signed request without sending it: {action, method, url, host, headers, body, timestamp}. `given`
-- may hold timestamp (unix seconds; default now). params may be JSON text for an unknown action.
--: Client:prepare(action: string, params?: table|string, options?: {timestamp?: integer}) -> Request | failure
function prepared.prepare(self, action, params, given)
  local raw = type(params) == "string" and not actions.get(action)
  local ok, message, err = session.check_call("prepare", action, raw and {} or params)
  local timestamp, client
  if ok then
    timestamp, message, err = timestamp_of(self, given)
  end
  if timestamp then
    client, message, err = session.open(self)
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
      return fail(fields, action)
    end
  end
  ok, message, err = keepers.supply(self.keeper, client)
  if not ok then
    return nil, message, err
  end
  local request
  request, fields = client:prepare(action, params, timestamp, self.settings.validate ~= false)
  if not request then
    return fail(fields, action)
  end
  return request
end

--- Reads the HTTP response of a prepared request: the response table, or nil, message, err.
--: Client:parse(action: string, status: integer, headers?: table<string, string>, body: string) -> table | failure
function prepared.parse(self, action, status, headers, body)
  local ok, message, err = session.check_call("parse", action)
  if not ok then
    return nil, message, err
  elseif self.closed then
    return session.open(self)
  elseif type(status) ~= "number" then
    return errors.misuse("parse.status: number expected, got " .. type(status), "status")
  elseif not exchange.is_status(status) then
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

return prepared
