-- A worker process for specs with several of them: ensures one track and prints the result, a word with details.
-- usage: lua ensure_worker.lua ENDPOINT ID KEY [intent]; with the last word it first prints its process id, and the
-- intent of a create before it is sent.
local cloudaudit = require "cloudaudit"
local core = require "cloudaudit.core"

local endpoint, id, key, what = (table.unpack or unpack)(arg)

if what == "intent" then
  print(("%d"):format(require("cloudaudit.httpd").process.pid()))
  io.flush()
end

local client = assert(cloudaudit.new{ endpoint = endpoint, secret_id = id, secret_key = key, env = false, timeout = 30,
  on_request = what == "intent" and function(info)
    if info.intent then
      io.write(core.encode(info.intent), "\n")
      io.flush()
    end
  end or nil })

local track, outcome, err = client:ensure_track({ name = "shared", action = "all",
  storage = "cos://audit-logs@ap-guangzhou/cloudaudit" }, { wait = 20 })
if track then
  print(outcome, ("%d"):format(track.id))
else
  print(err.kind, err.ids and #err.ids or 0, err.code, outcome)
end
