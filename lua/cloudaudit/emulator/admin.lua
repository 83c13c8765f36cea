-- The endpoints under /_emulator/, in JSON, with which another process steers a served emulator. Only
-- loopback peers reach them, and no secret key is told.
local clock = require "cloudaudit.emulator.clock"
local core = require "cloudaudit.core"
local errors = require "cloudaudit.errors"
local events = require "cloudaudit.emulator.actions.events"

local admin = {}

local function reply(status, value)
  local text = core.encode(value)
  return { status = status, headers = { ["Content-Type"] = "application/json" }, body = text .. "\n" }
end

local function refuse(status, message)
  return reply(status, { error = message })
end

local function as_list(items)
  return setmetatable(items, core.list)
end

-- A copy of a journal entry that has a JSON form: text that is not UTF-8 is told in hexadecimal.
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
  return reply(200, {
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
  return reply(200, { entries = entries, counts = server.emulator.log.counts })
end

function endpoints.faults(server, request, given)
  local emulator = server.emulator
  if request.method == "POST" then
    local id, message = emulator.faults:add(given)
    return id and reply(200, { id = id }) or refuse(400, message)
  elseif request.method == "DELETE" then
    emulator:clear_faults()
  end
  return reply(200, { faults = as_list(emulator.faults.list) })
end

function endpoints.clock(server, request, given)
  local emulator = server.emulator
  if request.method == "POST" then
    local now, advance = tonumber(given.now), tonumber(given.advance)
    if not clock.is_time(now or advance and emulator:now() + advance) then
      return refuse(400, "now or advance expected, in seconds, for a time in the years 1970 to 9999")
    elseif now then
      emulator:set_now(now)
    else
      emulator:advance(advance)
    end
  end
  return reply(200, { now = emulator:now() })
end

function endpoints.events(server, request, given)
  local ids = as_list{}
  if request.method == "POST" then
    local list = given.events or { given }
    if type(list) ~= "table" then
      return refuse(400, "events: list expected")
    end
    for i, event in ipairs(list) do
      local id, message = events.add(server.emulator, event)
      if not id then
        return refuse(400, message)
      end
      ids[i] = id
    end
  end
  return reply(200, { ids = ids, count = #server.emulator.events.arrived })
end

function endpoints.reset(server)
  server.emulator:reset()
  return reply(200, {})
end

function endpoints.stop(server)
  server:stop()
  return reply(200, {})
end

-- Those that change something even without a body.
local POST_ONLY = { reset = true, stop = true }

-- The body of a POST. A web page in a browser cannot send this content type to another origin unasked,
-- so it cannot steer the emulator.
local function read_body(request)
  if (request.headers["content-type"] or ""):lower():match("^%s*([^;%s]*)") ~= "application/json" then
    return errors.failure{ message = "content-type: application/json expected" }
  end
  local value, problem = core.decode(request.body == "" and "{}" or request.body)
  if type(value) ~= "table" then
    return errors.failure{ message = "a JSON object expected" .. (problem and ": " .. tostring(problem) or "") }
  end
  return value
end

--- Answers a request under /_emulator/.
function admin.handle(server, request, from_loopback)
  local name = request.path:match("^/_emulator/(%w+)$")
  local endpoint = name and endpoints[name]
  if not from_loopback then
    return refuse(403, "only for loopback")
  elseif not endpoint then
    return refuse(404, "no such endpoint; there are clock, events, faults, journal, reset, state and stop")
  elseif POST_ONLY[name] and request.method ~= "POST" then
    return refuse(405, "POST expected")
  end
  local given
  if request.method == "POST" then
    local message
    given, message = read_body(request)
    if not given then
      return refuse(400, message)
    end
  end
  return endpoint(server, request, given)
end

return admin
