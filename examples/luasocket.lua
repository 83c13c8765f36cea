-- A driver of one's own: luasocket has the sockets, cloudaudit.http1 speaks HTTP. For plain HTTP; for the service
-- itself wrap the connected socket with luasec. Run it from a clone (needs luasocket: Debian's lua-socket):
--   eval "$(spec/with 5.4 lua bin/cloudaudit emulate --background --print-env)"
--   spec/with 5.4 lua examples/luasocket.lua
local cloudaudit = require "cloudaudit"
local socket = require "socket"

local kept -- the connection that the last exchange left open

local function connect(url, seconds)
  local tcp = kept
  kept = nil
  -- One that can be read was closed, or brings bytes that answer nothing.
  if tcp and not socket.select({ tcp }, nil, 0)[1] then
    return tcp
  end
  tcp = assert(socket.tcp())
  tcp:settimeout(seconds)
  local ok, message = tcp:connect(url.host, url.port)
  return ok and tcp, message
end

local function receive(tcp, exchange, ends)
  tcp:settimeout(0)
  while socket.select({ tcp }, nil, math.max(ends - socket.gettime(), 0))[1] do
    local data, problem, rest = tcp:receive(16384)
    local response, message, err = exchange:feed(data or rest)
    if response == false and problem == "closed" then
      response, message, err = exchange:closed()
    end
    if response ~= false or problem ~= "timeout" and problem then
      return response or nil, message or problem, err
    end
  end
  return nil, "timeout"
end

local function converse(request, timeout)
  local ends, url = socket.gettime() + timeout, cloudaudit.http1.url(request.url)
  local exchange = cloudaudit.http1.exchange(request)
  local tcp, message = connect(url, timeout)
  if not tcp then
    return nil, message, { kind = "connect", sent = false }
  end
  tcp:settimeout(math.max(ends - socket.gettime(), 0))
  local last, problem, cut = tcp:send(exchange:output())
  exchange:sent(last or cut)
  local response, err
  if last then response, problem, err = receive(tcp, exchange, ends) end
  kept = exchange:keep() and tcp or tcp:close() and nil
  local kind = err and err.kind or problem == "timeout" and "timeout" or "transport"
  return response, problem, { kind = kind, sent = exchange:may_have_left() }
end

local client = assert(cloudaudit.new{ driver = { exchange = converse, sleep = socket.sleep } })
local storage = "cos://audit-logs@ap-guangzhou/cloudaudit"
print("TrackId", assert(client:create_track{ name = "all", action = "write", storage = storage }).id)
for track in client:tracks() do print(track.id, track.name, track.action) end
