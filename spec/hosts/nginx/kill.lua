-- Ends connections after every byte of a create's request and of its answer, by FIN, RST and silence, on fresh and on
-- kept-alive connections, and compares what the client says with what the server saw. Run inside nginx.
local cloudaudit = require "cloudaudit"
local misbehave = require "support.misbehave"
local trusted = require "hosts.nginx.trusted"
local wire = require "support.wire"

local kill = {}

local FIRST = misbehave.response(200, wire.success('"Tracks":[],"TotalCount":0'))
local ANSWER = misbehave.response(200, wire.success('"TrackId":77'), { "Connection: close" })
local SPEC = { name = "kill-point", action = "all", storage = "cos://audit-logs@ap-guangzhou/cloudaudit" }

local function client_of(listener, timeout)
  return cloudaudit.new{ endpoint = (trusted.named(listener, "localhost"):gsub("/$", "")), timeout = timeout,
    secret_id = wire.SECRET_ID, secret_key = wire.SECRET_KEY, env = false, connect_timeout = timeout }
end

-- One run: `point` is {read= bytes of the request} or {send= bytes of the answer}, and how= "fin", "rst" or "stall".
local function script_of(point, kept, tls)
  local script = {}
  if tls then
    script[1] = "tls"
  end
  if kept then
    script[#script + 1] = "request"
    script[#script + 1] = { "send", FIRST }
  end
  if point.read then
    script[#script + 1] = { "read", point.read }
  else
    script[#script + 1] = "request"
    script[#script + 1] = { "send", ANSWER:sub(1, point.send) }
  end
  script[#script + 1] = point.how
  return script
end

-- What is false in what the client says, or nil.
local function lie_of(track, err, creates, received, point)
  local whole = point.send == #ANSWER
  if track then
    return not (whole and track.id == 77 and creates == 1) and "success without an answer"
  elseif creates > 1 then
    return "a second create"
  elseif err.outcome == "not_sent" then
    return received > 0 and "not_sent, and bytes had arrived"
  elseif err.outcome ~= "unknown" then
    return "outcome " .. err.outcome
  elseif whole and point.how ~= "rst" then
    return "the answer was there" -- a reset may take it away again
  end
end

local function run(server, sums, point, kept, tls)
  local listener = server:listen{ script_of(point, kept, tls), again = true, tls = tls and trusted.pair("cert") or nil }
  local client = client_of(listener, point.how == "stall" and 0.4 or 5)
  local skip, first = 0, 0
  if kept then
    assert(client:ListAudits() or point.how == "stall")
    skip, first = listener:journal().connections[1].received, 1
  end
  local track, _, err = client:create_track(SPEC)
  local journal = listener:journal()
  listener:close()
  local received = -skip
  for _, connection in ipairs(journal.connections) do
    received = received + connection.received
  end
  local creates = journal.requests - first
  local lie = lie_of(track, err, creates, received, point)
  sums.runs = sums.runs + 1
  sums.creates = sums.creates + creates
  sums.second = sums.second + (creates > 1 and 1 or 0)
  local outcome = track and "success" or err.outcome
  sums[outcome] = (sums[outcome] or 0) + 1
  if lie then
    sums.lies[#sums.lies + 1] = ("%s: %s by %s, %s, %s"):format(lie, point.read and point.read .. " bytes read" or
      point.send .. " bytes sent", point.how, kept and "kept" or "fresh", err and err.message or "success")
  end
end

local function request_length(server, tls)
  local listener = server:listen{ { tls and "tls" or "request", "request", { "send", ANSWER } },
    tls = tls and trusted.pair("cert") or nil }
  local client = client_of(listener, 5)
  client:create_track(SPEC)
  local received = listener:journal().connections[1].received
  listener:close()
  return received
end

-- Every point, `step` bytes apart, with the ends of both messages among them.
local function points_of(length, how, step)
  local points = {}
  for count = 0, length - 1, step do
    points[#points + 1] = { read = count, how = how }
  end
  points[#points + 1] = { read = length, how = how }
  for count = 0, #ANSWER - 1, step do
    points[#points + 1] = { send = count, how = how }
  end
  points[#points + 1] = { send = #ANSWER, how = how }
  return points
end

-- Runs them `width` at a time.
local function run_all(points, width, each)
  local threads, at = {}, 0
  for index = 1, width do
    threads[index] = ngx.thread.spawn(function()
      while at < #points do
        at = at + 1
        each(points[at])
      end
    end)
  end
  for _, thread in ipairs(threads) do
    assert(ngx.thread.wait(thread))
  end
end

--- `step` bytes between two points; `tls`: over TLS. Says the sums; raises when there is a lie or a second create.
function kill.run(args)
  local tls, step = args.tls == "yes", tonumber(args.step)
  local server = misbehave.start()
  local length = request_length(server, tls)
  local sums = { runs = 0, creates = 0, second = 0, lies = {} }
  for _, how in ipairs{ "fin", "rst", "stall" } do
    for _, kept in ipairs{ false, true } do
      run_all(points_of(length, how, step), how == "stall" and 64 or 1, function(point)
        run(server, sums, point, kept, tls)
      end)
    end
  end
  server:stop()
  ngx.say(("kill points%s: %d runs over %d bytes of request and %d of answer, %d creates arrived whole,"):format(
    tls and " over TLS" or "", sums.runs, length, #ANSWER, sums.creates))
  ngx.say(("  %d second creates, %d false outcomes; %d successes, %d unknown, %d not_sent, %d rejected"):format(
    sums.second, #sums.lies, sums.success or 0, sums.unknown or 0, sums.not_sent or 0, sums.rejected or 0))
  for index = 1, math.min(#sums.lies, 10) do
    ngx.say("[  FAILED  ] 1 test(s): ", sums.lies[index])
  end
  assert(sums.second == 0 and #sums.lies == 0 and (sums.success or 0) > 0 and (sums.unknown or 0) > 0)
end

return kill
