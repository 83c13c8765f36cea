-- The JSON endpoints under /_emulator/, by which another process controls a served emulator. They accept loopback peers
-- only, and never reveal a secret key.
local action_names = require "cloudaudit.emulator.action_names"
local ascii = require "cloudaudit.ascii"
local clock = require "cloudaudit.emulator.clock"
local core = require "cloudaudit.core"
local errors = require "cloudaudit.errors"
local events = require "cloudaudit.emulator.actions.events"

local admin = {}

local function hexadecimal(text)
  return (text:gsub(".", function(byte) return ("%02x"):format(byte:byte()) end))
end

-- A copy of a value for JSON: text that is not UTF-8 becomes hexadecimal, in `NAME_hex` for a member, and "hex:..." for
-- a name or an item. What JSON lacks is left out.
local function printable(value)
  if type(value) == "string" then
    return core.encode(value) and value or "hex:" .. hexadecimal(value)
  elseif type(value) ~= "table" then
    return core.encode(value) and value or nil
  end
  local out = {}
  for name, member in pairs(value) do
    if type(name) ~= "string" then
      out[name] = printable(member)
    elseif type(member) == "string" and not core.encode(member) then
      out[printable(name) .. "_hex"] = hexadecimal(member)
    else
      out[printable(name)] = printable(member)
    end
  end
  return setmetatable(out, getmetatable(value))
end

local function json_response(status, value)
  local text = core.encode(value) or assert(core.encode(printable(value)))
  return { status = status, headers = { ["Content-Type"] = "application/json" }, body = text .. "\n" }
end

local function error_response(status, message)
  return json_response(status, { error = message })
end

local function as_list(items)
  return setmetatable(items, core.list)
end

local endpoints = {}

function endpoints.state(server)
  local emulator = server.emulator
  return json_response(200, {
    now = emulator:now(), seed = emulator.options.seed, verify = emulator.options.verify,
    tracks = as_list(emulator:all_tracks()), counts = emulator.log.counts, events = #emulator.events.arrived,
    connections = server:connections(), version = core.version,
  })
end

function endpoints.journal(server, request)
  local log = server.emulator.log
  local action = request.query:match("^action=(.+)$")
  if action and not log.counts[action] then
    local ok, message = action_names.validate("action", action)
    if not ok then
      return error_response(400, message)
    end
  end
  return json_response(200, { entries = as_list(log:list(action)), counts = log.counts })
end

-- A fault from JSON, which holds other bytes than UTF-8 in hexadecimal: `raw_hex` and `body_hex`.
local function with_bytes(body)
  local fault = {}
  for name, value in pairs(body) do
    local bytes = (name == "raw_hex" or name == "body_hex") and type(value) == "string" and #value % 2 == 0 and
      not value:find("%X")
    if bytes then
      fault[name:sub(1, -5)] = value:gsub("%x%x", function(digits) return string.char(tonumber(digits, 16)) end)
    else
      fault[name] = value
    end
  end
  return fault
end

function endpoints.faults(server, request, body)
  local emulator = server.emulator
  if request.method == "POST" then
    local id, message = emulator.faults:add(with_bytes(body))
    return id and json_response(200, { id = id }) or error_response(400, message)
  elseif request.method == "DELETE" then
    emulator:clear_faults()
  end
  return json_response(200, { faults = as_list(emulator.faults:shown()) })
end

function endpoints.clock(server, request, body)
  local emulator = server.emulator
  if request.method == "POST" then
    local now, advance = tonumber(body.now), tonumber(body.advance)
    if not clock.is_time(now or advance and emulator:now() + advance) then
      return error_response(400, "now or advance: seconds expected, for a time in the years 1970 to 9999")
    elseif now then
      emulator:set_now(now)
    else
      emulator:advance(advance)
    end
  end
  return json_response(200, { now = emulator:now() })
end

function endpoints.events(server, request, body)
  local ids = as_list{}
  if request.method == "POST" then
    local list = body.events or { body }
    if type(list) ~= "table" then
      return error_response(400, "events: list expected")
    end
    for i, event in ipairs(list) do
      local id, message = events.add(server.emulator, event)
      if not id then
        return error_response(400, message)
      end
      ids[i] = id
    end
  end
  return json_response(200, { ids = ids, count = #server.emulator.events.arrived })
end

function endpoints.reset(server)
  server.emulator:reset()
  return json_response(200, {})
end

function endpoints.stop(server)
  server:stop()
  return json_response(200, {})
end

-- Endpoints with an effect even without a body.
local POST_ONLY = { reset = true, stop = true }

-- The body of a POST. The content type is required because a browser does not send it to another origin without a
-- preflight request: a web page cannot control the emulator.
local function read_body(request)
  if ascii.lower(request.headers["content-type"] or ""):match("^%s*([^;%s]*)") ~= "application/json" then
    return errors.failure{ message = "content-type: application/json expected" }
  end
  local value, problem = core.decode(request.body == "" and "{}" or request.body)
  if type(value) ~= "table" then
    return errors.failure{ message = "body: JSON object expected" .. (problem and ": " .. tostring(problem) or "") }
  end
  return value
end

--- The response to a request under /_emulator/. `allowed`: it comes from loopback, and not from a foreign web page.
function admin.handle(server, request, allowed)
  local name = request.path:match("^/_emulator/([A-Za-z0-9]+)$")
  local endpoint = name and endpoints[name]
  if not allowed then
    return error_response(403, "/_emulator/ is available to loopback peers only, with the server's own Host")
  elseif request.too_large then
    return error_response(413, "the body is too large")
  elseif not endpoint then
    return error_response(404, "unknown endpoint; clock, events, faults, journal, reset, state or stop expected")
  elseif POST_ONLY[name] and request.method ~= "POST" then
    return error_response(405, "POST expected")
  end
  local body
  if request.method == "POST" then
    local message
    body, message = read_body(request)
    if not body then
      return error_response(400, message)
    end
  end
  return endpoint(server, request, body)
end

return admin
