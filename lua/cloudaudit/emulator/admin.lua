-- The JSON endpoints under /_emulator/, by which another process controls a served emulator. They accept loopback peers
-- only, and never reveal a secret key.
local clock = require "cloudaudit.emulator.clock"
local core = require "cloudaudit.core"
local errors = require "cloudaudit.errors"
local events = require "cloudaudit.emulator.actions.events"

local admin = {}

local function json_response(status, value)
  local text = core.encode(value)
  return { status = status, headers = { ["Content-Type"] = "application/json" }, body = text .. "\n" }
end

local function error_response(status, message)
  return json_response(status, { error = message })
end

local function as_list(items)
  return setmetatable(items, core.list)
end

-- A copy of a journal entry for JSON: text that is not UTF-8 becomes hexadecimal, in `NAME_hex`.
local function printable(entry)
  local out = {}
  for name, value in pairs(entry) do
    if core.encode(value) then
      out[name] = value
    elseif type(value) == "string" then
      out[name .. "_hex"] = value:gsub(".", function(byte) return ("%02x"):format(byte:byte()) end)
    end
  end
  return out
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
  local action = request.query:match("^action=(%w+)$")
  local entries = as_list{}
  for i, entry in ipairs(server.emulator:journal(action)) do
    entries[i] = printable(entry)
  end
  return json_response(200, { entries = entries, counts = server.emulator.log.counts })
end

function endpoints.faults(server, request, body)
  local emulator = server.emulator
  if request.method == "POST" then
    local id, message = emulator.faults:add(body)
    return id and json_response(200, { id = id }) or error_response(400, message)
  elseif request.method == "DELETE" then
    emulator:clear_faults()
  end
  return json_response(200, { faults = as_list(emulator.faults.list) })
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
  if (request.headers["content-type"] or ""):lower():match("^%s*([^;%s]*)") ~= "application/json" then
    return errors.failure{ message = "content-type: application/json expected" }
  end
  local value, problem = core.decode(request.body == "" and "{}" or request.body)
  if type(value) ~= "table" then
    return errors.failure{ message = "body: JSON object expected" .. (problem and ": " .. tostring(problem) or "") }
  end
  return value
end

--- The response to a request under /_emulator/.
function admin.handle(server, request, from_loopback)
  local name = request.path:match("^/_emulator/(%w+)$")
  local endpoint = name and endpoints[name]
  if not from_loopback then
    return error_response(403, "/_emulator/ is available to loopback peers only")
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
