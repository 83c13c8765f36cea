-- Actions that spec/hosts/nginx.sh requests from nginx: functions of the query's arguments and the settings.
local cloudaudit = require "cloudaudit"
local cosockets = require "cloudaudit.driver.nginx"
local replay = require "hosts.nginx.replay"
local runner = require "hosts.nginx.runner"

local actions = {}

local function client_of(endpoint, given)
  return cloudaudit.new{ endpoint = endpoint, secret_id = given.secret_id, secret_key = given.secret_key, rate = 1000,
    timeout = 20, retries = 0 }
end

--- Runs the specs in `files`, separated by commas; their prepared responses go over `scheme`.
function actions.busted(args)
  local files = {}
  for path in args.files:gmatch("[^,]+") do
    files[#files + 1] = path
  end
  replay.scheme, replay.exchanges = args.scheme or "http", 0
  if args.scheme then
    replay.wrap(require "support.wire", "driver")
    replay.wrap(require "cloudaudit.emulator.driver", "new")
  end
  if not runner.run(files, ngx.say) then
    ngx.say("[  FAILED  ] 1 test(s): busted inside nginx")
  end
  ngx.say(replay.exchanges, " exchanges over cosockets, ", replay.scheme)
end

--- A call of the client that all requests share.
function actions.shared()
  ngx.say(require("hosts.nginx.shared").call())
end

--- The id of the process.
function actions.pid()
  ngx.say(ngx.worker.pid())
end

--- Starts `n` timers that make a call each and log the result.
function actions.timers(args, given)
  local client = client_of(given.endpoint, given)
  for _ = 1, tonumber(args.n) do
    assert(ngx.timer.at(0, function()
      local response, message = client:ListAudits()
      ngx.log(ngx.NOTICE, "timer call: ", response and "ok" or message)
    end))
  end
end

local rated = ngx.shared.audit_rate

--- Every worker makes `n` calls at once through the shared rate limit; responds when all are done.
function actions.rated(args)
  rated:set("spec go", tonumber(args.n))
  local all = ngx.worker.count() * tonumber(args.n)
  while (rated:get("spec done") or 0) < all do
    ngx.sleep(0.02)
  end
  ngx.say("ok ", all)
end

local began = false

--- The part of each worker's timer.
function actions.rated_worker(premature)
  local count = rated:get("spec go")
  if premature or not count or began then
    return
  end
  began = true
  local given = require("hosts.nginx.site").settings
  local client = cloudaudit.new{ endpoint = given.endpoint, secret_id = given.secret_id, secret_key = given.secret_key,
    rate = 20, rate_dict = "audit_rate", timeout = 30, retries = 0 }
  for _ = 1, count do
    ngx.thread.spawn(function()
      if client:ListAudits() then
        rated:incr("spec done", 1, 0)
      end
    end)
  end
end

--- The result of a call in each phase.
function actions.seen()
  local seen = require("hosts.nginx.phases").seen
  local names = {}
  for phase in pairs(seen) do
    names[#names + 1] = phase
  end
  table.sort(names)
  for _, phase in ipairs(names) do
    ngx.say(phase, " ", seen[phase])
  end
end

--- One exchange with `url`: its status, or the message and the kind.
function actions.exchange(args)
  local request = { method = "POST", url = args.url, headers = {}, body = "{}" }
  local response, message, info = cosockets.new{}.exchange(request, 5)
  ngx.say(response and response.status or ("%s %s %s"):format(info.kind, tostring(info.sent), message))
end

--- Kills the light thread of an exchange with `url` while it waits.
function actions.killed(args)
  local thread = ngx.thread.spawn(function()
    cosockets.new{}.exchange({ method = "POST", url = args.url, headers = {}, body = "{}" }, 1)
  end)
  ngx.say(ngx.thread.kill(thread) and "killed" or "over")
end

--- `n` concurrent calls of one client: the count of each result.
function actions.calls(args, given)
  local client = client_of(args.endpoint or given.endpoint, given)
  local threads, counts = {}, {}
  for index = 1, tonumber(args.n) do
    threads[index] = ngx.thread.spawn(function()
      local result, message = client:ListAudits()
      local word = result and "ok" or message
      counts[word] = (counts[word] or 0) + 1
    end)
  end
  for _, thread in ipairs(threads) do
    ngx.thread.wait(thread)
  end
  for word, count in pairs(counts) do
    ngx.say(word, " ", count)
  end
end

return actions
