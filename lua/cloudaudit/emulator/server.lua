-- The emulator over HTTP and HTTPS: pulls requests from cloudaudit.httpd, answers them and carries
-- out what a fault ordered for the wire. One thread; nothing waits but `step`.
local admin = require "cloudaudit.emulator.admin"
local core = require "cloudaudit.core"
local errors = require "cloudaudit.errors"

local server = {}

--: class EmulatorServer  an emulator on loopback
--:   url string
--:   endpoint string
--:   address string
--:   port integer
--:   ca string?
--:   ca_file string?
local Server = {}
Server.__index = Server

-- A name that begins with the service's, for clients that take the service from the host; RFC 6761
-- keeps .localhost from resolving to anything but loopback.
local NAMES = { "localhost", "cloudaudit.localhost", "127.0.0.1", "::1" }

--: class ServeOptions  what emulator:serve takes
local OPTIONS = {
  port = "number", address = "string", tls = "boolean", names = "table", ca_file = "string",
  allow_remote = "boolean", max_body = "number", watch_stdin = "boolean", log = "function",
}

local function check_options(given)
  if type(given) ~= "table" then
    return errors.misuse("serve: table expected, got " .. type(given))
  end
  for name, value in pairs(given) do
    local expected = OPTIONS[name]
    if not expected then
      return errors.misuse("serve: unknown option " .. tostring(name))
    elseif type(value) ~= expected then
      return errors.misuse(("serve: %s: %s expected, got %s"):format(name, expected, type(value)))
    end
  end
  local port = given.port or 0
  if port < 0 or port > 65535 or port % 1 ~= 0 then
    return errors.failure{ kind = "config", message = "port: 0 to 65535 expected" }
  end
  return true
end

local function is_loopback(address)
  return address:find("^127%.") ~= nil or address == "::1" or address:find("^::ffff:127%.") ~= nil
end

local function failure(message)
  return errors.failure{ kind = "config", message = message }
end

local function write_file(path, text)
  local file, message = io.open(path, "wb")
  if not file then
    return failure("cannot write the CA: " .. message)
  end
  file:write(text)
  file:close()
  return true
end

-- The certificate for a server with TLS, its CA in a file; nil for one without.
local function prepare_tls(self, httpd, given)
  if not given.tls then
    return true
  end
  local names = {}
  for _, list in ipairs{ NAMES, given.names or {} } do
    for _, name in ipairs(list) do
      names[#names + 1] = name
    end
  end
  local made, message = httpd.certificate{ names = names, days = 30 }
  if not made then
    return failure(message)
  end
  self.ca, self.certificate = made.ca, made
  self.ca_file = given.ca_file or os.tmpname()
  return write_file(self.ca_file, made.ca)
end

local function remove_ca(self)
  if self.ca_file then
    os.remove(self.ca_file)
  end
end

--- Serves `emulator`. Options: port (0: a free one), address ("127.0.0.1"), tls, names (of the
-- certificate, beside localhost and loopback), ca_file (where the throwaway CA is written; a temporary
-- file when absent), allow_remote (for an address that is not loopback), max_body, watch_stdin (stop
-- when standard input ends), log (gets a line when something unforeseen happens). Returns {url, endpoint,
-- address, port, ca, ca_file} with the methods below; nil, message, err when it cannot listen.
function server.new(emulator, given)
  given = given or {}
  local ok, message, err = check_options(given)
  if not ok then
    return nil, message, err
  end
  local loaded, httpd = pcall(require, "cloudaudit.httpd")
  if not loaded then
    return failure("serving needs the module cloudaudit.httpd, which is built where libmicrohttpd is: " .. httpd)
  end
  local self = setmetatable({ emulator = emulator, address = given.address or "127.0.0.1", delayed = {},
    log = given.log or function() end }, Server)
  if not given.allow_remote and not is_loopback(self.address) then
    return failure(("%s is not a loopback address; allow_remote serves it all the same"):format(self.address))
  end
  ok, message, err = prepare_tls(self, httpd, given)
  if not ok then
    return nil, message, err
  end
  local certificate = self.certificate or {}
  self.certificate = nil
  self.httpd, message = httpd.new{ address = self.address, port = given.port, max_body = given.max_body,
    cert = certificate.cert, key = certificate.key }
  if not self.httpd then
    remove_ca(self)
    return failure(message)
  end
  if given.watch_stdin then
    self.watching = true
    self.httpd:watch_stdin()
  end
  self.port = self.httpd:port()
  self.endpoint = ("%s://%s:%d"):format(given.tls and "https" or "http",
    self.address:find(":", 1, true) and "[" .. self.address .. "]" or self.address, self.port)
  self.url = self.endpoint .. "/"
  return self
end

-- ---- answering -----------------------------------------------------------------------------

-- A request that gets no answer would wait for ever: what cannot be sent is cut.
local function send(self, id, response)
  local ok, message = true, nil
  if response.truncated then
    ok, message = self.httpd:reply_truncated(id, response.status, response.headers, response.body, response.truncated)
  elseif not response.cut then
    ok, message = self.httpd:reply(id, response.status, response.headers, response.body)
  end
  if response.cut or not ok then
    self.httpd:cut(id)
  end
  if not ok then
    self.log("an answer could not be sent: " .. message)
  end
end

local function failed(self, problem)
  self.log("the emulator failed: " .. problem)
  return { status = 500, headers = { ["Content-Type"] = "text/plain" }, body = problem .. "\n" }
end

-- A failure of the emulator itself, with the place where it happened when the host has `debug`.
local function trace(problem)
  return type(debug) == "table" and debug.traceback(tostring(problem)) or tostring(problem)
end

local function answer(self, request)
  local ok, response
  if request.path:find("^/_emulator/") then
    ok, response = xpcall(function()
      return admin.handle(self, request, is_loopback(request.peer))
    end, trace)
  else
    ok, response = xpcall(function()
      return self.emulator:handle(request)
    end, trace)
  end
  if not ok then
    response = failed(self, response)
  end
  if response.delay then
    self.delayed[#self.delayed + 1] = { due = core.monotonic() + response.delay, id = request.id, response = response }
  else
    send(self, request.id, response)
  end
end

-- Sends what is due; returns the seconds until the next one, nil when none waits.
local function send_delayed(self)
  local now, waiting, soonest = core.monotonic(), {}, nil
  for _, delayed in ipairs(self.delayed) do
    if delayed.due <= now then
      send(self, delayed.id, delayed.response)
    else
      waiting[#waiting + 1] = delayed
      soonest = math.min(soonest or math.huge, delayed.due - now)
    end
  end
  self.delayed = waiting
  return soonest
end

--- Moves everything on and waits at most `seconds` for something to happen (nil: as long as it takes).
-- False once the server was asked to stop.
--: EmulatorServer:step(seconds?: number) -> boolean
function Server:step(seconds)
  local soonest = send_delayed(self)
  if soonest and (not seconds or soonest < seconds) then
    seconds = soonest
  end
  self.httpd:step(seconds)
  local request = self.httpd:next()
  while request do
    answer(self, request)
    request = self.httpd:next()
  end
  send_delayed(self)
  self.httpd:step(0)
  if self.watching and self.httpd:stdin_closed() then
    self.stopped = true
  end
  return not self.stopped
end

--- Serves until it is asked to stop: by stop(), by POST /_emulator/stop, or by the end of standard
-- input when that is watched. Closes the server.
--: EmulatorServer:run()
function Server:run()
  while self:step() do
    -- step does it all
  end
  self:close()
end

--- Makes run() return after the step that is under way.
--: EmulatorServer:stop()
function Server:stop()
  self.stopped = true
end

--- How many TCP connections were accepted so far.
--: EmulatorServer:connections() -> integer
function Server:connections()
  return self.httpd and self.httpd:connections() or self.accepted
end

--- Closes every connection and removes the CA's file. May be called again.
--: EmulatorServer:close()
function Server:close()
  if not self.httpd then
    return
  end
  self.stopped = true
  self.accepted = self.httpd:connections()
  self.httpd:close()
  self.httpd = nil
  remove_ca(self)
end

Server.__close = Server.close

return server
