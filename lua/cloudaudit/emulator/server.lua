-- The emulator over HTTP and HTTPS: takes requests from cloudaudit.httpd, sends the responses and carries out the parts
-- of a fault that concern the connection. Single-threaded; only `step` blocks.
local ascii = require "cloudaudit.ascii"
local admin = require "cloudaudit.emulator.admin"
local core = require "cloudaudit.core"
local errors = require "cloudaudit.errors"
local validate = require "cloudaudit.validate"

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

-- Names of the certificate. One begins with the service's name, for clients that derive the service from the host; RFC
-- 6761 reserves .localhost for loopback.
local NAMES = { "localhost", "cloudaudit.localhost", "127.0.0.1", "::1" }

--: class ServeOptions  options of emulator:serve
local ROWS = {
  { name = "port", type = "number" }, -- port to listen on; 0 (the default): a free one
  { name = "address", type = "string" }, -- address to listen on; 127.0.0.1 by default
  { name = "tls", type = "boolean" }, -- HTTPS, with a throwaway CA
  { name = "names", type = "table", lua = "string[]" }, -- more names for the certificate
  { name = "ca_file", type = "string" }, -- where to write the CA; a temporary file by default
  { name = "allow_remote", type = "boolean" }, -- permit an address that is not loopback
  { name = "max_body", type = "number", min = 0, max = 1024 * 1024 * 1024 }, -- largest request body in bytes
  { name = "idle_timeout", type = "number", min = 0, max = 86400 }, -- seconds until a silent connection is closed; 60
  { name = "watch_stdin", type = "boolean" }, -- stop when standard input ends
  { name = "log", type = "function", lua = "fun(line: string)" }, -- gets a line for each unexpected failure
}

local function failure(message)
  return errors.failure{ kind = "config", message = message }
end

local function validate_options(options)
  local ok, message, err = validate.fields("serve", options, ROWS, "option")
  if not ok then
    return nil, message, err
  end
  local port = options.port or 0
  if port < 0 or port > 65535 or port % 1 ~= 0 then
    return failure("port: integer from 0 to 65535 expected")
  end
  return true
end

-- 127.0.0.999 is a name, which DNS may resolve to anything.
local function is_loopback(address)
  local found = address:gsub("^::ffff:", ""):find("^127%.%d+%.%d+%.%d+$") ~= nil
  for number in address:gmatch("%d+") do
    found = found and tonumber(number) <= 255
  end
  return found or address == "::1"
end

-- Writes the CA: its path, or a failure.
local function write_ca(httpd, path, text)
  local done, message
  if path then
    done, message = httpd.process.write_file(path, text)
  else
    path, message = httpd.process.temporary_file(text)
    done = path
  end
  if not done then
    return failure("cannot write the CA: " .. message)
  end
  return path
end

-- Makes a certificate and writes its CA to a file; an empty table without TLS.
local function prepare_tls(self, httpd, options)
  if not options.tls then
    return {}
  end
  local names = {}
  for _, list in ipairs{ NAMES, options.names or {} } do
    for _, name in ipairs(list) do
      names[#names + 1] = name
    end
  end
  local certificate, message = httpd.certificate{ names = names, days = 30 }
  if not certificate then
    return failure(message)
  end
  local path, text, err = write_ca(httpd, options.ca_file, certificate.ca)
  if not path then
    return nil, text, err
  end
  self.ca, self.ca_file = certificate.ca, path
  return certificate
end

-- Another server may have written its CA there meanwhile.
local function remove_ca(self)
  if self.ca_file and core.read_file(self.ca_file, #self.ca) == self.ca then
    os.remove(self.ca_file)
  end
end

-- The names and addresses, besides loopback, under which the server may be called.
local function hosts_of(address, names)
  local hosts = { [ascii.lower(address)] = true }
  for _, name in ipairs(names or {}) do
    hosts[ascii.lower(name)] = true
  end
  return hosts
end

-- Whether a Host header (or the authority of an Origin) names this server. A page in a browser can have its own name
-- resolved to loopback, but not change the Host that it sends then.
local function is_own(self, authority)
  local host = ascii.lower((authority:gsub(":%d+$", ""):gsub("^%[(.*)%]$", "%1")))
  return is_loopback(host) or host == "localhost" or host:find("%.localhost$") ~= nil or self.hosts[host] == true
end

-- The admin endpoints answer loopback only, and no page of another site.
local function may_control(self, request)
  local origin = request.headers.origin
  local page = origin and (origin:match("^[A-Za-z]+://([^/]*)$") or "")
  return is_loopback(request.peer) and is_own(self, request.headers.host or "") and (not page or is_own(self, page))
end

-- Opens the listening socket; true, or a failure that leaves no file behind.
local function listen(self, httpd, options)
  local certificate, text, err = prepare_tls(self, httpd, options)
  if not certificate then
    return nil, text, err
  end
  local handle, message = httpd.new{ address = self.address, port = options.port, max_body = options.max_body,
    queue_large = true, idle_timeout = options.idle_timeout, cert = certificate.cert, key = certificate.key }
  if not handle then
    remove_ca(self)
    return failure(message)
  end
  self.httpd, self.port = handle, handle:port()
  self.endpoint = ("%s://%s:%d"):format(options.tls and "https" or "http",
    self.address:find(":", 1, true) and "[" .. self.address .. "]" or self.address, self.port)
  self.url = self.endpoint .. "/"
  self.hosts = hosts_of(self.address, options.names)
  return true
end

--- Serves `emulator`; the options are the rows above. Returns {url, endpoint, address, port, ca, ca_file} with the
-- methods below; nil, message, err when it cannot listen.
function server.new(emulator, options)
  options = options == nil and {} or options
  local ok, message, err = validate_options(options)
  if not ok then
    return nil, message, err
  end
  local loaded, httpd = pcall(require, "cloudaudit.httpd")
  if not loaded then
    return failure("serving requires the module cloudaudit.httpd, which is built only with libmicrohttpd: " .. httpd)
  end
  local self = setmetatable({ emulator = emulator, address = options.address or "127.0.0.1", delayed = {},
    log = options.log or function() end }, Server)
  if not options.allow_remote and not is_loopback(self.address) then
    return failure(("address: %s is not a loopback address; set allow_remote to serve on it"):format(self.address))
  end
  ok, message, err = listen(self, httpd, options)
  if not ok then
    return nil, message, err
  end
  if options.watch_stdin then
    self.watching = true
    self.httpd:watch_stdin()
  end
  return self
end

-- ---- responses -----------------------------------------------------------------------------

-- Without a response the client would wait indefinitely: the connection of one that cannot be sent is closed.
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
    self.log("a response could not be sent: " .. message)
  end
end

local function internal_error(self, problem)
  self.log("the emulator failed: " .. problem)
  return { status = 500, headers = { ["Content-Type"] = "text/plain" }, body = problem .. "\n" }
end

-- A failure of the emulator itself, with its traceback where the host program has the `debug` library.
local function trace(problem)
  return type(debug) == "table" and debug.traceback(tostring(problem)) or tostring(problem)
end

local function serve_request(self, request)
  local ok, response
  if request.path:find("^/_emulator/") then
    ok, response = xpcall(function()
      return admin.handle(self, request, may_control(self, request))
    end, trace)
  else
    ok, response = xpcall(function()
      return self.emulator:handle(request)
    end, trace)
  end
  if not ok then
    response = internal_error(self, response)
  end
  if response.delay then
    self.delayed[#self.delayed + 1] = { due = core.monotonic() + response.delay, id = request.id, response = response }
  else
    send(self, request.id, response)
  end
end

-- Sends the delayed responses that are due; returns the seconds until the next one, nil if there is none.
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

--- Serves pending requests and waits at most `seconds` for more (nil: without limit). Returns false after a request to
-- stop, and once it is closed.
--: EmulatorServer:step(seconds?: number) -> boolean
function Server:step(seconds)
  if not self.httpd then
    return false
  end
  local soonest = send_delayed(self)
  if soonest and (not seconds or soonest < seconds) then
    seconds = soonest
  end
  self.httpd:step(seconds)
  local request = self.httpd:next()
  while request do
    serve_request(self, request)
    request = self.httpd:next()
  end
  send_delayed(self)
  self.httpd:step(0)
  if self.watching and self.httpd:stdin_closed() or self.httpd:woken() then
    self.stopped = true
  end
  return not self.stopped
end

--- Serves until stop(), POST /_emulator/stop or, with watch_stdin, the end of standard input. Closes the server.
--: EmulatorServer:run()
function Server:run()
  while self:step() do
    -- `step` does the work.
  end
  self:close()
end

--- Also stops when a descriptor becomes readable: that of process.catch_signals.
function Server:wake_by(fd)
  self.httpd:wake_by(fd)
end

--- Makes run() return after the current step.
--: EmulatorServer:stop()
function Server:stop()
  self.stopped = true
end

--- Number of TCP connections accepted so far.
--: EmulatorServer:connections() -> integer
function Server:connections()
  return self.httpd and self.httpd:connections() or self.accepted
end

--- Closes every connection and removes the CA file. Idempotent.
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
