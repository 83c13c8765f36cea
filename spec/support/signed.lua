-- Requests to an emulator object, signed here, so that a spec can send a request that differs from the signed one.
local core = require "cloudaudit.core"

local signed = {}

signed.NOW = 1551113065

--- The seed's example of CreateAuditTrack, changed by `changes` (false leaves a member out).
function signed.track(changes)
  local params = {
    Name = "audit", ActionType = "Read", ResourceType = "audit", Status = 1, TrackForAllMembers = 1,
    EventNames = { "LookUpEvents", "DeleteAudit" },
    Storage = { StorageType = "cos", StorageRegion = "ap-guangzhou", StorageName = "audit-cos",
      StoragePrefix = "test" },
  }
  for name, value in pairs(changes or {}) do
    params[name] = value
    if value == false then
      params[name] = nil
    end
  end
  return params
end

--- A signed request. `options`: method, host, content_type, query, body, timestamp, extra, secret_id,
-- secret_key, unsigned_payload; `headers` are added after signing (false removes one).
function signed.request(emu, action, params, options)
  options = options or {}
  local id, key = emu:credential()
  local body = options.body or (options.method == "GET" and "" or core.encode(params or {}))
  local timestamp = options.timestamp or math.floor(emu:now())
  local stages = assert(core.sign{
    method = options.method or "POST", content_type = options.content_type or "application/json",
    host = options.host or "cloudaudit.tencentcloudapi.com", query = options.query or "", payload = body,
    service = options.service or "cloudaudit", timestamp = timestamp, extra = options.extra,
    unsigned_payload = options.unsigned_payload,
    secret_id = options.secret_id or id, secret_key = options.secret_key or key,
  })
  local headers = {
    ["Content-Type"] = options.content_type or "application/json",
    ["Host"] = options.host or "cloudaudit.tencentcloudapi.com",
    ["X-TC-Action"] = action, ["X-TC-Version"] = "2019-03-19", ["X-TC-Region"] = "ap-guangzhou",
    ["X-TC-Timestamp"] = ("%d"):format(timestamp), ["Authorization"] = stages.authorization,
  }
  for name, value in pairs(options.headers or {}) do
    headers[name] = value or nil
  end
  return { method = options.method or "POST", path = "/", query = options.query or "", headers = headers, body = body }
end

--- Sends a signed request; returns the envelope, and the whole HTTP response.
function signed.send(emu, action, params, options)
  local response = emu:handle(signed.request(emu, action, params, options))
  local value = core.decode(response.body)
  return value and value.Response, response
end

--- The error code of a request's response, nil for a success, and the message.
function signed.code(emu, action, params, options)
  local response = signed.send(emu, action, params, options)
  if response.Error then
    return response.Error.Code, response.Error.Message
  end
end

return signed
