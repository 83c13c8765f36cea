-- cloudaudit emulate: serves the emulator until it is stopped. Changes no signal handler, so SIGTERM
-- and SIGINT end it as they end any process; the kernel closes its sockets.
local emulator = require "cloudaudit.emulator"

local emulate = {}

emulate.summary = "Serve the emulator on loopback, for any client of CloudAudit"
emulate.usage = "[OPTION...]"

emulate.options = {
  { name = "port", value = "N", type = "number", doc = "port to listen on (default: a free one)" },
  { name = "address", value = "ADDRESS", doc = "address to listen on (default: 127.0.0.1)" },
  { name = "allow-remote", doc = "listen on an address that is not loopback" },
  { name = "tls", doc = "HTTPS, with a throwaway CA" },
  { name = "name", value = "NAME", list = true, doc = "one more name for the certificate" },
  { name = "ca-file", value = "FILE", doc = "where to write the CA (default: a temporary file)" },
  { name = "print-env", doc = "print shell exports for clients once it listens" },
  { name = "ready-file", value = "FILE", doc = "write the same exports to a file once it listens" },
  { name = "background", doc = "go on in the background once it listens" },
  { name = "until-stdin-closes", doc = "stop when standard input ends" },
  { name = "seed", value = "N", type = "number", doc = "what ids and chances follow from (default: 1)" },
  { name = "now", value = "SECONDS", type = "number", doc = "stand the clock still at this Unix time" },
  { name = "no-verify", doc = "do not check signatures" },
  { name = "debug-signature", doc = "tell the canonical request when a signature is wrong" },
  { name = "duplicate-names", doc = "let several tracking sets have one name" },
  { name = "quota", value = "N", type = "number", doc = "tracking sets at the most (default: 5)" },
  { name = "rate", value = "N", type = "number", doc = "requests a second and action (default: 20, 0: no limit)" },
  { name = "list-lag", value = "SECONDS", type = "number", doc = "until a list shows a change (default: 0)" },
  { name = "delivery-lag", value = "SECONDS", type = "number", doc = "until an event is found (default: 0)" },
  { name = "short-pages", value = "CHANCE", type = "number", doc = "chance of a short page, 0 to 1 (default: 0)" },
  { name = "role", value = "NAME", doc = "role that the instance's metadata service gives keys of (default: none)" },
  { name = "order", value = "ORDER", doc = "newest (default) or oldest events first" },
}

-- Command-line names of the emulator's own options.
local SETTINGS = { seed = "seed", now = "now", ["debug-signature"] = "debug_signature", quota = "quota", rate = "rate",
  ["list-lag"] = "list_lag", ["delivery-lag"] = "delivery_lag", ["short-pages"] = "short_pages", order = "order",
  role = "role" }

local function settings_of(values)
  local settings = {}
  for given, name in pairs(SETTINGS) do
    settings[name] = values[given]
  end
  settings.verify = not values["no-verify"]
  settings.unique_names = not values["duplicate-names"]
  return settings
end

local function quote(text)
  return "'" .. text:gsub("'", "'\\''") .. "'"
end

local TOKENS = { "TENCENTCLOUD_TOKEN", "TENCENTCLOUD_SESSION_TOKEN", "TENCENTCLOUD_SECURITY_TOKEN" }

-- What a shell evaluates to talk to the emulator. Tokens of a real account are unset, since they would
-- not fit the key.
local function environment(emu, server, pid)
  local id, key = emu:credential()
  local lines = { "unset " .. table.concat(TOKENS, " ") }
  local function export(name, value)
    lines[#lines + 1] = ("export %s=%s"):format(name, quote(value))
  end
  export("TENCENTCLOUD_SECRET_ID", id)
  export("TENCENTCLOUD_SECRET_KEY", key)
  export("CLOUDAUDIT_ENDPOINT", server.endpoint)
  if server.ca_file then
    export("CLOUDAUDIT_CA_FILE", server.ca_file)
  end
  export("CLOUDAUDIT_EMULATOR_PID", ("%d"):format(pid))
  return table.concat(lines, "\n") .. "\n"
end

-- Through another name, so that whoever waits for the file never reads half of it.
local function write_ready_file(path, text)
  local file, message = io.open(path .. ".part", "wb")
  if not file then
    return nil, message
  end
  file:write(text)
  file:close()
  return os.rename(path .. ".part", path)
end

local function announce(values, emu, server, streams)
  local process = require("cloudaudit.httpd").process
  streams.err:write(("cloudaudit emulator on %s, signature verification: %s\n"):format(server.endpoint,
    emu.options.verify and "ON" or "OFF"))
  if values.background then
    process.background()
  end
  local text = environment(emu, server, process.pid())
  if values["ready-file"] then
    local ok, message = write_ready_file(values["ready-file"], text)
    if not ok then
      return nil, message
    end
  end
  if values["print-env"] then
    streams.out:write(text)
    streams.out:flush()
  end
  if values.background then
    process.release_output()
  end
  return true
end

--- Runs the verb; see cli.main.
function emulate.run(values, rest, streams)
  local function fail(message, code)
    streams.err:write("cloudaudit emulate: ", message, "\n")
    return code
  end
  if rest[1] then
    return fail("unexpected argument " .. rest[1], 2)
  elseif values.order and values.order ~= "newest" and values.order ~= "oldest" then
    return fail("--order: newest or oldest expected", 2)
  end
  local emu = emulator.new(settings_of(values))
  local server, message = emu:serve{
    port = values.port, address = values.address, allow_remote = values["allow-remote"], tls = values.tls,
    names = values.name, ca_file = values["ca-file"], watch_stdin = values["until-stdin-closes"],
    log = function(line) streams.err:write(line, "\n") end,
  }
  if not server then
    return fail(message, 1)
  end
  local ok
  ok, message = announce(values, emu, server, streams)
  if not ok then
    server:close()
    return fail(message, 1)
  end
  server:run()
  return 0
end

return emulate
