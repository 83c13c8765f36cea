-- Starts misbehave.js (a scripted server) and controls it over a pair of pipes. The server exits with this process,
-- since its standard input ends.
local cjson = require "cjson"

local misbehave = {}

local function hex(text)
  return (text:gsub(".", function(byte)
    return ("%02x"):format(byte:byte())
  end))
end

local function unhex(text)
  return (text:gsub("%x%x", function(pair)
    return string.char(tonumber(pair, 16))
  end))
end

-- A step in the form of misbehave.js: a list, with binary text in hex.
local function plain(step)
  if type(step) == "string" then
    return { step }
  elseif step[1] == "send" or step[1] == "flood" or step[1] == "drip" then
    return { step[1], hex(step[2]), step[3] }
  end
  return step
end

local function ask(self, order)
  self.input:write(cjson.encode(order), "\n")
  self.input:flush()
  local line = self.output:read("*l")
  local answer = line and cjson.decode(line) or { error = "misbehave.js has ended" }
  if answer.error then
    error(answer.error, 3)
  end
  return answer
end

local Listener = {}
Listener.__index = Listener

--- {requests= (complete ones, over all connections), unexpected=, connections={{requests=, received= (bytes), sent=,
-- end=, protocol=, application= (by ALPN), bytes= (only when asked for)}, ...}}
function Listener:journal(with_bytes)
  local journal = ask(self.server, { op = "journal", id = self.id, bytes = with_bytes or false })
  for _, connection in ipairs(journal.connections) do
    connection.bytes = connection.bytes and unhex(connection.bytes)
  end
  return journal
end

--- The number of complete requests, over all connections, with each text that the pattern's group matches:
-- {text = count}. The pattern is a regular expression of JavaScript.
function Listener:count(pattern)
  return ask(self.server, { op = "count", id = self.id, pattern = pattern }).counts
end

function Listener:close()
  if not self.closed then
    self.closed = true
    ask(self.server, { op = "close", id = self.id })
  end
end

local Server = {}
Server.__index = Server

--- Listens on a free port of 127.0.0.1. `order` holds a script per connection in its list part (steps: see
-- misbehave.js, but with plain text for hex), again=true when the last script serves all further connections, and
-- tls={cert=PEM, key=PEM, min=, max=}. Returns a listener: id, port, url, journal, close.
function Server:listen(order)
  local scripts = {}
  for i, script in ipairs(order) do
    scripts[i] = {}
    for j, step in ipairs(script) do
      scripts[i][j] = plain(step)
    end
  end
  local answer = ask(self, { op = "listen", scripts = scripts, again = order.again or false, tls = order.tls })
  answer.server = self
  answer.url = ("%s://127.0.0.1:%d/"):format(order.tls and "https" or "http", answer.port)
  return setmetatable(answer, Listener)
end

--- Opens `count` relays to a listener that cut their connections on demand: {id=, port=}; see relay.js.
function Server:relays(listener, count)
  return ask(self, { op = "relays", target = listener.port, count = count }).relays
end

--- Sets where relays cut: {id=, up= or down= (bytes), how="fin" | "rst" | "stall", fresh=} each; see relay.js.
function Server:arm(plans)
  ask(self, { op = "arm", plans = plans })
end

--- The counts of relays since they were armed: {cut=, up= (bytes received), down=, connections=} each.
function Server:relayed(ids)
  return ask(self, { op = "relayed", ids = ids }).relays
end

function Server:stop()
  self.input:close()
  self.output:close()
  os.remove(self.pipe)
end

--- Starts one server process: {listen, stop}. It serves as many listeners as asked for.
function misbehave.start()
  local folder = debug.getinfo(1, "S").source:match("^@(.*)[^/]*%.lua$"):match("^(.*/)") or "./"
  local pipe = os.tmpname()
  os.remove(pipe)
  assert(os.execute(("mkfifo -m 600 '%s'"):format(pipe)), "mkfifo failed")
  -- node must not load the sanitizers of a sanitized build.
  local input = assert(io.popen(("env -u LD_PRELOAD node '%smisbehave.js' > '%s'"):format(folder, pipe), "w"))
  local output = assert(io.open(pipe, "r"))
  return setmetatable({ input = input, output = output, pipe = pipe }, Server)
end

--- A plain HTTP/1.1 response.
function misbehave.response(status, body, headers)
  local lines = { ("HTTP/1.1 %d Status"):format(status), "Content-Length: " .. #body }
  for _, line in ipairs(headers or {}) do
    lines[#lines + 1] = line
  end
  return table.concat(lines, "\r\n") .. "\r\n\r\n" .. body
end

return misbehave
