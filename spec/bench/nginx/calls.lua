-- Runs inside an nginx worker: 16 concurrent calls through the client, or hand-written exchanges over cosockets, of the
-- same bytes each time or signed and decoded. Responds with the worker's CPU time for one, in nanoseconds.
local cloudaudit = require "cloudaudit"
local core = require "cloudaudit.core"
local example = require "bench.example"

local IN_FLIGHT = 16

local calls = {}

-- Like bench.client: nginx's driver with a clock that runs a hundred times faster.
local function client_of(upstream)
  local nginx, driver = require("cloudaudit.driver.nginx").new({}, {}), {}
  for name, member in pairs(nginx) do driver[name] = member end
  function driver.now() return core.monotonic() * 100 end
  return assert(cloudaudit.new{
    secret_id = example.id, secret_key = example.key, endpoint = upstream, driver = driver, rate = 1000,
    timeout = 86400,
  })
end

function calls.client(upstream)
  local client = client_of(upstream)
  return function()
    assert(assert(client:CreateAuditTrack(example.params)).TrackId == 1)
  end
end

local function request_text(request)
  local lines = { "POST / HTTP/1.1\r\n" }
  for name, value in pairs(request.headers) do lines[#lines + 1] = name .. ": " .. value .. "\r\n" end
  lines[#lines + 1] = "Content-Length: " .. #request.body .. "\r\n\r\n" .. request.body
  return table.concat(lines)
end

-- Sends a text over a kept connection; returns the body of the response.
local function exchange(upstream, text)
  local host, port = upstream:match("^http://([^:]+):(%d+)$")
  local socket = ngx.socket.tcp()
  assert(socket:connect(host, tonumber(port)))
  assert(socket:send(text))
  local length
  repeat
    local line = assert(socket:receive("*l"))
    length = tonumber(line:match("^[Cc]ontent%-[Ll]ength: (%d+)")) or length
  until line == ""
  local body = assert(socket:receive(length))
  socket:setkeepalive(60000, IN_FLIGHT)
  return body
end

function calls.bare(upstream)
  local text = request_text(assert(client_of(upstream):prepare("CreateAuditTrack", example.params)))
  return function()
    assert(#exchange(upstream, text) > 0)
  end
end

function calls.signed(upstream)
  local client = client_of(upstream)
  return function()
    local body = exchange(upstream, request_text(assert(client:prepare("CreateAuditTrack", example.params))))
    assert(core.decode(body).Response.TrackId == 1)
  end
end

--- /client, /bare or /signed with ?count=: runs it and responds with the cost of one.
function calls.answer(upstream)
  local work, count = calls[ngx.var.uri:sub(2)](upstream), tonumber(ngx.var.arg_count)
  local function repeated(times)
    local threads = {}
    for i = 1, IN_FLIGHT do
      threads[i] = ngx.thread.spawn(function()
        for _ = 1, times / IN_FLIGHT do work() end
      end)
    end
    for i = 1, IN_FLIGHT do assert(ngx.thread.wait(threads[i])) end
  end
  repeated(10 * IN_FLIGHT)
  local wall, cpu = core.monotonic(), os.clock()
  repeated(count)
  ngx.say(("%.0f %.0f"):format((core.monotonic() - wall) * 1e9, (os.clock() - cpu) * 1e9))
end

return calls
