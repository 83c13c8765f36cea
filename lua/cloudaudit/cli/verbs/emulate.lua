-- cloudaudit emulate: serves the emulator until it is stopped. It installs no signal handler.
local status = require "cloudaudit.cli.status"

local emulate = {}

emulate.summary = "Serve the CloudAudit emulator on loopback, for any client"
emulate.examples = {
  'eval "$(cloudaudit emulate --background --print-env)"',
  "cloudaudit emulate --tls --port 8443 --ca-file ca.pem",
}
emulate.common = false

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
  { name = "no-record", doc = "do not record calls as events" },
  { name = "order", value = "ORDER", choices = { "newest", "oldest" },
    doc = "events that come first: newest (default) or oldest" },
  { name = "scenario", value = "NAME", list = true,
    doc = "add the events of a scenario: console_logins, leaked_key or disabled_track" },
}

-- Options of emulator.new among these.
local SETTINGS = { "seed", "now", "debug_signature", "quota", "rate", "list_lag", "delivery_lag", "short_pages",
  "order", "role" }

local function settings_of(values)
  local settings = {}
  for _, name in ipairs(SETTINGS) do
    settings[name] = values[name]
  end
  settings.record = not values.no_record
  settings.verify = not values.no_verify
  settings.unique_names = not values.duplicate_names
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

local function announce(context, emu, server)
  local values, process = context.values, require("cloudaudit.httpd").process
  context.err:write(("cloudaudit emulator on %s, signature verification: %s\n"):format(server.endpoint,
    emu.options.verify and "ON" or "OFF"))
  if values.background then
    process.background()
  end
  local text = environment(emu, server, process.pid())
  if values.ready_file then
    local ok, message = write_ready_file(values.ready_file, text)
    if not ok then
      status.raise(8, message)
    end
  end
  if values.print_env then
    context.out:write(text):flush()
  end
  if values.background then
    process.release_output()
  end
end

-- A value that the emulator raises for is wrong usage; without the place in the program.
local function checked(fn, ...)
  local done, result = pcall(fn, ...)
  if not done then
    if status.is_interrupt(result) then
      error(result, 0)
    end
    local message = tostring(result):gsub("^[^\n]-:%d+: ", ""):gsub("^emulator%.new%.([%w_]+)", function(name)
      return "--" .. name:gsub("_", "-")
    end)
    status.usage("emulate: " .. message)
  end
  return result
end

--- Runs the verb; see verbs/init.lua.
function emulate.run(context)
  local values = context.values
  local emu = checked(require("cloudaudit").emulator.new, settings_of(values))
  for _, name in ipairs(values.scenario or {}) do
    checked(emu.scenario, emu, name)
  end
  local server, message = emu:serve{
    port = values.port, address = values.address, allow_remote = values.allow_remote, tls = values.tls,
    names = values.name, ca_file = values.ca_file, watch_stdin = values.until_stdin_closes,
    log = function(line) context.err:write(line, "\n") end,
  }
  if not server then
    status.raise(1, "emulate: " .. message)
  end
  -- However it ends, the file of the CA goes.
  local done, problem = pcall(function()
    announce(context, emu, server)
    server:run()
  end)
  server:close()
  if not done then
    error(problem, 0)
  end
  return 0
end

return emulate
