-- Ensures one track in its own process, for specs that run several at once, and prints the outcome and its details.
-- usage: lua ensure_worker.lua ENDPOINT ID KEY [intent]; with `intent` it prints its process id first, and the
-- intent of a create before the create is sent.
local cloudaudit = require "cloudaudit"
local core = require "cloudaudit.core"

local endpoint, id, key, mode = (table.unpack or unpack)(arg)

if mode == "intent" then
  print(("%d"):format(require("cloudaudit.httpd").process.pid()))
  io.flush()
end

local client = assert(cloudaudit.new{ endpoint = endpoint, secret_id = id, secret_key = key, env = false, timeout = 30,
  on_request = mode == "intent" and function(info)
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
