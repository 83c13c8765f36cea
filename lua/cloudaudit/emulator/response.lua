-- Writes responses: the service's envelope, and JSON with members in a fixed order, so that the same seed gives the
-- same bytes. Never decides the outcome of a call.
local core = require "cloudaudit.core"
local clock = require "cloudaudit.emulator.clock"

local response = {}

--- The text itself if it is UTF-8, otherwise with "?" for every byte that is not ASCII.
function response.printable(text)
  return core.encode(text) and text or (text:gsub("[\128-\255]", "?"))
end

--- A JSON object from a list of {name, value}; nil values are omitted. A value {json=} is inserted verbatim.
function response.object(members)
  local out = {}
  for _, member in ipairs(members) do
    local name, value = member[1], member[2]
    if value ~= nil then
      local text = type(value) == "table" and value.json or core.encode(value)
      out[#out + 1] = core.encode(name) .. ":" .. text
    end
  end
  return "{" .. table.concat(out, ",") .. "}"
end

--- An integer as decimal digits, from a number or a string of digits, on every Lua.
function response.digits(value)
  if type(value) == "string" then
    return value
  end
  return (math.type and math.type(value) == "integer" and "%d" or "%.0f"):format(value)
end

--- The HTTP response with an envelope (JSON text). `now` is for its Date header; `trace_id`, the request's
-- X-TC-TraceId, is returned if it is a valid header value.
function response.http(envelope, now, trace_id)
  if trace_id and not trace_id:find("^[\33-\126]+$") then
    trace_id = nil
  end
  return {
    status = 200,
    headers = {
      ["Content-Type"] = "application/json",
      ["Date"] = clock.http_date(now),
      ["X-TC-TraceId"] = trace_id,
    },
    body = '{"Response":' .. envelope .. "}",
  }
end

--- Applies the options on status and headers to a response.
function response.dress(answer, options, context)
  if context.code then
    answer.status = options.error_status
  end
  if context.throttled and options.retry_after then
    answer.headers["Retry-After"] = ("%d"):format(options.retry_after)
  end
  if not options.date_header then
    answer.headers.Date = nil
  end
  if not options.keep_alive then
    answer.headers.Connection = "close"
  end
  return answer
end

--- The envelope of an error.
function response.error_envelope(code, message, request_id)
  local detail = response.object{ { "Code", code }, { "Message", response.printable(message) } }
  return response.object{ { "Error", { json = detail } }, { "RequestId", request_id } }
end

--- The envelope of a success, encoded by the model: integers exactly, empty lists as lists.
function response.success_envelope(action, members, request_id)
  members.RequestId = request_id
  local envelope, fields = core.encode(members, action .. "Response")
  if not envelope then
    error("the emulator built an invalid " .. action .. " response: " .. tostring(fields.message))
  end
  return envelope
end

return response
