-- Serves a list of the account's tracking sets from HAProxy (whose Lua `haproxy -vv` names). One task steps the client
-- and sleeps with core.msleep between two steps, so that no request waits for a call. haproxy.cfg says how to run it.
local cloudaudit = require "cloudaudit"

local INTERVAL = 10 -- seconds between two reads
local shown = "nothing read yet\n"

local function read(client)
  local lines = {}
  for track in client:tracks() do
    lines[#lines + 1] = ("%s %s %s\n"):format(track.id, track.name, track.enabled and "on" or "off")
  end
  return table.concat(lines)
end

core.register_task(function()
  local client, message = cloudaudit.new()
  if not client then
    return core.Alert("cloudaudit: " .. message)
  end
  while true do
    client:task(read, client):on_done(function(text, problem)
      shown = text or "cannot read the tracking sets: " .. problem .. "\n"
      if problem then
        core.Warning("cloudaudit: " .. problem)
      end
    end)
    while client:step(0) > 0 do
      core.msleep(5)
    end
    core.sleep(INTERVAL)
  end
end)

core.register_service("tracks", "http", function(applet)
  applet:set_status(200)
  applet:add_header("content-type", "text/plain")
  applet:add_header("content-length", tostring(#shown))
  applet:start_response()
  applet:send(shown)
end)
