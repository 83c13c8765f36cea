-- client:warm(): what the first call would wait for, done before it.
local calls = require "cloudaudit.call"
local errors = require "cloudaudit.errors"
local sessions = require "cloudaudit.session"

local warm = {}

-- Not a request of the API: without an action, credentials or a signature. Only a connection that a response came over
-- is kept by libcurl, and the session tickets of TLS 1.3 are read with the response.
local function greeting(core_client)
  local url, host, direct = core_client:endpoint()
  return { action = "warm", method = "GET", url = url, host = host, headers = { Host = host }, body = "",
    direct = direct }
end

local function failure(context, message, info)
  local stop = context.task and context.task.stop
  local kind = type(info.kind) == "string" and info.kind or "transport"
  local _, text, err = errors.failure{ kind = stop or kind, message = "warm: " .. tostring(message),
    hint = type(info.hint) == "string" and info.hint or nil,
    field = type(info.field) == "string" and info.field or nil }
  if stop then
    context.task.note_failure(context.task, err)
  end
  return nil, text, err
end

--- Loads the driver's library and the trust store, connects to the endpoint and keeps the connection for the first
-- call. Sends `GET /` without credentials to it, and nothing to a custom driver unless that has `warms`. Once, without
-- retries, within `timeout`. Any response will do.
--: Client:warm() -> true | failure
function warm.warm(self)
  if self.awaits then
    self = self.session
  end
  local core_client, message, err = sessions.open(self)
  if not core_client then
    return nil, message, err
  end
  local context
  context, message, err = sessions.context(self, "warm")
  if not context then
    return nil, message, err
  elseif not context.driver.warms then
    return true
  end
  local response, info
  response, message, info = context.exchange(greeting(core_client), self.values.timeout, context.wait)
  if type(response) == "table" and calls.is_status(response.status) then
    return true
  elseif response ~= nil then
    return failure(context, "the driver returned no response", { kind = "protocol" })
  end
  return failure(context, message or "the driver gave no reason", type(info) == "table" and info or {})
end

return warm
