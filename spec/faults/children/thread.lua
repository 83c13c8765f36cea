-- The script of each thread of c/threads.c.
local number, calls, endpoint, ca_file, secret_id, secret_key = ...
local cloudaudit = require "cloudaudit"

local client = cloudaudit.new{ endpoint = endpoint, ca_file = ca_file, secret_id = secret_id, secret_key = secret_key,
  env = false, rate = 1000, timeout = 60 }
for turn = 1, tonumber(calls) / 5 do
  local name = ("thread-%d-%d"):format(number, turn)
  local track = assert(client:create_track{ name = name, action = "write", event_names = { "*" },
    storage = "cos://audit-logs@ap-guangzhou/cloudaudit" })
  assert(assert(client:get_track(track.id)).name == name)
  assert(client:disable_track(track.id))
  assert(not client:get_track(424242424242))
  assert(client:delete_track(track.id))
end
client:close()
