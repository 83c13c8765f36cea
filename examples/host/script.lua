-- Runs in host.c: creates a tracking set on an emulator in the same process and returns its id. A script for
-- the real service passes credentials to cloudaudit.new, and a custom driver if the host has its own HTTP.
local cloudaudit = require "cloudaudit"

local emulator = cloudaudit.emulator.new { now = host.clock }
local client = emulator:client { env = false, clock = host.clock }

local track = assert(client:create_track {
  name = "from-the-host",
  action = "write",
  storage = cloudaudit.storage.cos { region = "ap-guangzhou", bucket = "audit-logs", prefix = "host" },
})
assert(client:get_track(track.id).name == "from-the-host")
client:close()
return track.id
