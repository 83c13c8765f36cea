-- cloudaudit emulate: serves the emulator until it is stopped. It installs no signal handler: SIGTERM and SIGINT end
-- the process, and the kernel closes its sockets.
local emulator = require "cloudaudit.emulator"

local emulate = {}

emulate.summary = "Serve the CloudAudit emulator on loopback, for any client"
emulate.usage = "[OPTION...]"

emulate.options = {
  { name = "port", value = "N", type = "number", doc = "port to listen on (default: a free one)" },
  { name = "address", value = "ADDRESS", doc = "address to listen on (default: 127.0.0.1)" },
  { name = "allow-remote", doc = "listen on an address that is not loopback" },
  { name = "tls", doc = "serve HTTPS, with a throwaway CA" },
  { name = "name", value = "NAME", list = true, doc = "additional name for the certificate (may be repeated)" },
  { name = "ca-file", value = "FILE", doc = "file to write the CA to (default: a temporary file)" },
  { name = "print-env", doc = "print shell exports for clients when listening" },
  { name = "ready-file", value = "FILE", doc = "write the same exports to a file when listening" },
  { name = "background", doc = "continue in the background when listening" },
  { name = "until-stdin-closes", doc = "stop when standard input ends" },
  { name = "seed", value = "N", type = "number", doc = "seed of ids and random choices (default: 1)" },
  { name = "now", value = "SECONDS", type = "number", doc = "fixed time of the clock (default: the system clock)" },
  { name = "no-verify", doc = "do not verify signatures" },
  { name = "debug-signature", doc = "show the expected canonical request for a wrong signature" },
  { name = "duplicate-names", doc = "accept tracking sets with the same name" },
  { name = "quota", value = "N", type = "number", doc = "maximum number of tracking sets (default: 5)" },
  { name = "rate", value = "N", type = "number", doc = "requests per second and action (default: 20, 0: no limit)" },
  { name = "list-lag", value = "SECONDS", type = "number", doc = "delay until a list shows a change (default: 0)" },
  { name = "delivery-lag", value = "SECONDS", type = "number", doc = "delay until an event is found (default: 0)" },
  { name = "short-pages", value = "P", type = "number", doc = "probability of a short page, 0 to 1 (default: 0)" },
  { name = "role", value = "NAME", doc = "role of the instance in the metadata service (default: none)" },
  { name = "order", value = "ORDER", doc = "events that come first: newest (default) or oldest" },
}

-- Options of emulator.new by command-line name.
local SETTINGS = { seed = "seed", now = "now", ["debug-signature"] = "debug_signature", quota = "quota", rate = "rate",
  ["list-lag"] = "list_lag", ["delivery-lag"] = "delivery_lag", ["short-pages"] = "short_pages", order = "order",
  role = "role" }

local function settings_of(values)
  local settings = {}
  for argument, name in pairs(SETTINGS) do
    settings[name] = values[argument]
  end
  settings.verify = not values["no-verify"]
  settings.unique_names = not values["duplicate-names"]
  return settings
end

local function quote(text)
  return "'" .. text:gsub("'", "'\\''") .. "'"
end

local TOKENS = { "TENCENTCLOUD_TOKEN", "TENCENTCLOUD_SESSION_TOKEN", "TENCENTCLOUD_SECURITY_TOKEN" }

-- Shell code that directs clients to the emulator. It unsets tokens of a real account, which would not match the key.
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

-- Renamed into place, so that a process that waits for the file never reads a part of it.
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

--- Runs the verb with the parsed arguments; returns the exit code of cli.main.
function emulate.run(values, rest, streams)
  local function fail(message, code)
    streams.err:write("cloudaudit emulate: ", message, "\n")
    return code
  end
  if rest[1] then
    return fail("unexpected argument " .. rest[1], 2)
  elseif values.order and values.order ~= "newest" and values.order ~= "oldest" then
    return fail("--order: newest or oldest expected, got " .. values.order, 2)
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
