-- A served emulator for specs, in a separate process. It is ready when `start` returns, and ends with stop() or with
-- the process that started it.
local cloudaudit = require "cloudaudit"
local core = require "cloudaudit.core"
local curl = require "cloudaudit.curl"

local support = {}

local Served = {}
Served.__index = Served

local function quote(text)
  return "'" .. text:gsub("'", "'\\''") .. "'"
end

-- "lua5.4" for a build "5.4-asan".
local function interpreter()
  local build = os.getenv("CLOUDAUDIT_BUILD") or "5.4"
  return build:find("^luajit") and "luajit" or "lua" .. build:match("^[%d.]+")
end

local function root()
  return (debug.getinfo(1, "S").source:match("^@(.*)/spec/support/[^/]*$")) or "."
end

local function make_fifo()
  local path = os.tmpname()
  os.remove(path)
  local done = os.execute("LD_PRELOAD= mkfifo -m 600 " .. quote(path))
  assert(done == 0 or done == true, "mkfifo failed")
  return path
end

-- Opening a FIFO blocks until both ends are open, and the shell opens it before it starts the emulator: this reads the
-- exports, or the end of the file if the emulator could not start.
local function read_exports(path)
  local values, all = {}, {}
  local fifo = assert(io.open(path, "r"))
  for line in fifo:lines() do
    local name, value = line:match("^export ([%w_]+)='(.*)'$")
    all[#all + 1] = line
    if name then
      values[name] = value
    end
    if name == "CLOUDAUDIT_EMULATOR_PID" then
      break
    end
  end
  assert(values.CLOUDAUDIT_EMULATOR_PID, "the emulator did not start: " .. table.concat(all, "\n"))
  return values, fifo
end

--- The shell command of `cloudaudit emulate` with a list of arguments, for the build under test.
function support.command(arguments)
  local words = { interpreter(), quote(root() .. "/bin/cloudaudit"), "emulate" }
  for _, word in ipairs(arguments or {}) do
    words[#words + 1] = quote(word)
  end
  return table.concat(words, " ")
end

--- Starts `cloudaudit emulate` with a list of arguments such as {"--tls", "--seed", "7"}. Returns {endpoint, ca_file,
-- pid, secret_id, secret_key} with the methods below.
function support.start(arguments)
  local fifo = make_fifo()
  -- Closing the pipe to its standard input ends the emulator.
  local command = ("exec %s --print-env --until-stdin-closes >%s 2>&1"):format(support.command(arguments), quote(fifo))
  local pipe = assert(io.popen(command, "w"))
  local values, output = read_exports(fifo)
  os.remove(fifo)
  -- The output stays open: otherwise a later message would kill the emulator with SIGPIPE.
  return setmetatable({
    pipe = pipe, output = output, endpoint = values.CLOUDAUDIT_ENDPOINT, ca_file = values.CLOUDAUDIT_CA_FILE,
    pid = tonumber(values.CLOUDAUDIT_EMULATOR_PID), secret_id = values.TENCENTCLOUD_SECRET_ID,
    secret_key = values.TENCENTCLOUD_SECRET_KEY,
  }, Served)
end

--- An emulator that is running already, for its admin endpoints.
function support.attach(endpoint)
  return setmetatable({ endpoint = endpoint }, Served)
end

--- A client over libcurl; `overrides` are more options of cloudaudit.new.
function Served:client(overrides)
  local options = { endpoint = self.endpoint, ca_file = self.ca_file, secret_id = self.secret_id,
    secret_key = self.secret_key, env = false }
  for name, value in pairs(overrides or {}) do
    options[name] = value
  end
  return cloudaudit.new(options)
end

--- Calls an admin endpoint, with POST if there is a value to send, otherwise with GET. Returns the decoded response.
function Served:admin(path, value)
  self.transport = self.transport or assert(curl.new{ ca_file = self.ca_file })
  local transfer = assert(self.transport:start({
    action = path, method = value and "POST" or "GET", url = self.endpoint .. "/_emulator/" .. path,
    host = self.endpoint:match("//(.*)$"), headers = { ["Content-Type"] = "application/json" },
    body = value and core.encode(value) or "",
  }, 10))
  while not transfer:done() do
    self.transport:step(10)
  end
  local response, message = transfer:result()
  transfer:close()
  assert(response, message)
  assert(response.status == 200, response.body)
  return core.decode(response.body)
end

--- The entries of the journal: all, or those of one action.
function Served:journal(action)
  return self:admin("journal" .. (action and "?action=" .. action or "")).entries
end

--- Removes all faults. Through curl: the library's transport has no DELETE.
function Served:clear_faults()
  local done = os.execute(("LD_PRELOAD= curl -sf -X DELETE %s %s/_emulator/faults >/dev/null"):format(
    self.ca_file and "--cacert " .. quote(self.ca_file) or "", quote(self.endpoint)))
  assert(done == 0 or done == true, "the faults could not be removed")
end

--- Adds a fault, like emulator:fault.
function Served:fault(spec)
  return self:admin("faults", spec).id
end

--- Ends the process and waits for it. Idempotent.
function Served:stop()
  if self.transport then
    self.transport:close()
    self.transport = nil
  end
  if self.pipe then
    local _, how, code = self.pipe:close()
    local output = self.output:read("*a")
    self.output:close()
    self.pipe, self.output = nil, nil
    assert(how ~= "exit" or code == 0, "the emulator ended with an error: " .. tostring(output))
  end
end

return support
