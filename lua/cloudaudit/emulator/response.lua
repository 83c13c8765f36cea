-- What goes over the wire: the service's envelope, and JSON whose members keep their order, so that
-- the same seed gives the same bytes. Never decides what an answer says.
local core = require "cloudaudit.core"
local clock = require "cloudaudit.emulator.clock"

local wire = {}

--- The text itself when it is UTF-8; else with what is not ASCII replaced.
function wire.printable(text)
  return core.encode(text) and text or (text:gsub("[\128-\255]", "?"))
end

--- JSON of a list of {name, value}; a nil value is left out. A value that is a table with `json` is
-- that text as it is.
function wire.object(members)
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

--- An integer as decimal digits, from a number of any Lua or from digits.
function wire.digits(value)
  if type(value) == "string" then
    return value
  end
  return (math.type and math.type(value) == "integer" and "%d" or "%.0f"):format(value)
end

--- The HTTP response around the text of "Response". `now` is the time that its Date header tells;
-- `trace_id` is what the request's X-TC-TraceId says, which comes back when a header can hold it.
function wire.response(text, now, trace_id)
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
    body = '{"Response":' .. text .. "}",
  }
end

--- The text of "Response" for an error.
function wire.refusal(code, message, request_id)
  local detail = wire.object{ { "Code", code }, { "Message", wire.printable(message) } }
  return wire.object{ { "Error", { json = detail } }, { "RequestId", request_id } }
end

--- The text of "Response" for a success, written by the model: integers exact, lists as lists.
function wire.success(action, response, request_id)
  response.RequestId = request_id
  local text, fields = core.encode(response, action .. "Response")
  if not text then
    error("the emulator made a wrong " .. action .. " answer: " .. tostring(fields.message))
  end
  return text
end

return wire
