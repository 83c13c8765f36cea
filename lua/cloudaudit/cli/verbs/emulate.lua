-- cloudaudit emulate: serves the emulator until it is stopped. SIGTERM, SIGINT and SIGHUP end it after it has removed
-- its CA.
local announce = require "cloudaudit.emulator.announce"
local status = require "cloudaudit.cli.status"

local emulate = {}

emulate.summary = "Serve the CloudAudit emulator on loopback, for any client"
emulate.examples = {
  'eval "$(cloudaudit emulate --background --scenario workday --print-env)"',
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
  { name = "max-body", value = "BYTES", type = "number", doc = "longest body of a request (default: 10.1 MiB)" },
  { name = "idle-timeout", value = "SECONDS", type = "number", doc = "until a silent connection ends (default: 60)" },
  { name = "print-env", doc = "print shell exports for clients when listening" },
  { name = "ready-file", value = "FILE", doc = "write the same exports to a file when listening" },
  { name = "background", doc = "continue in the background when listening" },
  { name = "until-stdin-closes", doc = "stop when standard input ends" },
  { name = "seed", value = "N", type = "number", doc = "seed of ids and random choices (default: 1)" },
  { name = "now", value = "SECONDS", type = "number", doc = "fixed time of the clock (default: the system clock)" },
  { name = "secret", value = "ID=KEY", list = true, doc = "key to accept (default: the documentation's placeholder)" },
  { name = "token", value = "ID=TOKEN", list = true, doc = "token that a secret id needs (may be repeated)" },
  { name = "no-verify", doc = "do not verify signatures" },
  { name = "debug-signature", doc = "show the expected canonical request for a wrong signature" },
  { name = "no-require-region", doc = "accept requests without X-TC-Region" },
  { name = "any-region", doc = "accept an X-TC-Region that does not exist" },
  { name = "no-validate", doc = "do not apply the documented rules on values" },
  { name = "duplicate-names", doc = "accept tracking sets with the same name" },
  { name = "quota", value = "N", type = "number", doc = "maximum number of tracking sets (default: 5)" },
  { name = "rate", value = "N", type = "number", doc = "requests per second and action (default: 20, 0: no limit)" },
  { name = "list-lag", value = "SECONDS", type = "number", doc = "delay until a list shows a change (default: 0)" },
  { name = "max-page-size", value = "N", type = "number", doc = "largest page of tracking sets (default: none)" },
  { name = "bucket", value = "NAME", list = true, doc = "COS bucket that exists (default: all; may be repeated)" },
  { name = "topic", value = "ID", list = true, doc = "CLS topic that exists (default: all; may be repeated)" },
  { name = "cos-region", value = "REGION", list = true, doc = "region that supports COS (default: all)" },
  { name = "compress", value = "N", choices = { "1", "2", "none" },
    doc = "Compress of a storage without one: 1 (default), 2 or none" },
  { name = "delivery-lag", value = "SECONDS", type = "number", doc = "delay until an event is found (default: 0)" },
  { name = "short-pages", value = "P", type = "number", doc = "probability of a short page, 0 to 1 (default: 0)" },
  { name = "page-tokens", value = "KIND", choices = { "ingest_time", "strict", "offset", "inclusive" },
    doc = "NextToken: ingest_time (default), strict, offset or inclusive" },
  { name = "edges", value = "KIND", choices = { "closed", "open", "left", "right" },
    doc = "inclusive ends of a range: closed (default), open, left or right" },
  { name = "order", value = "ORDER", choices = { "newest", "oldest" },
    doc = "events that come first: newest (default) or oldest" },
  { name = "no-record", doc = "do not record calls as events" },
  { name = "account-id", value = "N", type = "number", doc = "account of the events (default: 100000000001)" },
  { name = "app-id", value = "N", type = "number", doc = "APPID of the account (default: 1250000000)" },
  { name = "role", value = "NAME", doc = "role of the instance in the metadata service (default: none)" },
  { name = "role-arn", value = "ARN", list = true, doc = "role that STS knows (default: all; may be repeated)" },
  { name = "identity", value = "TOKEN", list = true, doc = "identity token that STS accepts (default: all)" },
  { name = "role-seconds", value = "N", type = "number", doc = "lifetime of temporary keys (default: 7200)" },
  { name = "journal-limit", value = "N", type = "number", doc = "number of journal entries kept (default: 10000)" },
  { name = "learned", value = "FILE", doc = "behave as a learned.json of `make live` says; other options win" },
  { name = "scenario", value = "NAME", list = true,
    choices = { "alarms", "console_logins", "disabled_track", "leaked_key", "workday" },
    doc = "add the events of a scenario: alarms, console_logins, disabled_track, leaked_key or workday (may be "
      .. "repeated)" },
  { name = "events", value = "N", type = "positive", doc = "add so many ordinary events of the last 30 days" },
}

-- The options of emulator.new among these: those of the same name, lists, and those that are false here.
local SETTINGS = { "seed", "now", "debug_signature", "any_region", "quota", "rate", "list_lag", "max_page_size",
  "delivery_lag", "short_pages", "page_tokens", "edges", "order", "account_id", "app_id", "role", "role_seconds",
  "journal_limit", "learned" }
local LISTS = { bucket = "buckets", topic = "topics", cos_region = "cos_regions", identity = "identities" }
local SWITCHED_OFF = { no_verify = "verify", duplicate_names = "unique_names", no_record = "record",
  no_validate = "validate", no_require_region = "require_region" }

-- A table of "NAME=VALUE" texts; a text without "=" maps to true.
local function map_of(list)
  local out
  for _, text in ipairs(list or {}) do
    local name, value = text:match("^([^=]+)=(.*)$")
    out = out or {}
    out[name or text] = value or true
  end
  return out
end

local function settings_of(values)
  local settings = { secrets = map_of(values.secret), tokens = map_of(values.token), roles = map_of(values.role_arn) }
  for _, name in ipairs(SETTINGS) do
    settings[name] = values[name]
  end
  for given, name in pairs(LISTS) do
    settings[name] = values[given]
  end
  for given, name in pairs(SWITCHED_OFF) do
    if values[given] then
      settings[name] = false -- otherwise the default, or as learned
    end
  end
  if values.compress then
    settings.compress = values.compress ~= "none" and tonumber(values.compress)
  end
  return settings
end

-- A value that the emulator raises for is wrong usage; without the place in the program.
local function checked(fn, ...)
  local done, result, failure = pcall(fn, ...)
  if not done then
    if status.is_interrupt(result) then
      error(result, 0)
    end
    local message = tostring(result):gsub("^[^\n]-:%d+: ", ""):gsub("^emulator%.new%.", "serve.")
    status.usage("emulate: " .. message:gsub("^serve%.([a-z_]+)", function(name)
      return "--" .. name:gsub("_", "-")
    end))
  end
  return result, failure
end

-- Says what there is to find in a scenario.
local function describe(context, name, facts)
  local found = {}
  for _, key in ipairs{ "access_key_id", "user", "source_ip", "resource" } do
    found[#found + 1] = facts[key] and ("%s %s"):format(key:gsub("_", " "), facts[key]) or nil
  end
  context:note(("scenario %s: %d events%s%s"):format(name, #facts.events, #found > 0 and "; look at " or "",
    table.concat(found, ", ")))
end

-- Announces the server and serves until it is stopped, or a signal ends the process.
local function serve(context, emu, server)
  local values = context.values
  local ok, message = announce.catch_signals(server)
  context.err:write(("cloudaudit emulator on %s, signature verification: %s\n"):format(server.endpoint,
    emu.options.verify and "ON" or "OFF"))
  if ok then
    ok, message = announce.run(emu, server, values, context.out)
  end
  if not ok then
    status.raise(8, "emulate: " .. message)
  end
  announce.serve(server)
end

--- Runs the verb; see verbs/init.lua.
function emulate.run(context)
  announce.prepare()
  local values = context.values
  local emu, problem = checked(require("cloudaudit").emulator.new, settings_of(values))
  if not emu then
    status.raise(1, "emulate: " .. problem)
  end
  for _, name in ipairs(values.scenario or {}) do
    describe(context, name, emu:scenario(name))
  end
  if values.events then
    require("cloudaudit.emulator.scenarios").fill(emu, values.events)
  end
  local server, message = checked(emu.serve, emu, {
    port = values.port, address = values.address, allow_remote = values.allow_remote, tls = values.tls,
    names = values.name, ca_file = values.ca_file, max_body = values.max_body, idle_timeout = values.idle_timeout,
    watch_stdin = values.until_stdin_closes, log = function(line) context.err:write(line, "\n") end,
  })
  if not server then
    status.raise(1, "emulate: " .. message)
  end
  -- However it ends, the file of the CA goes.
  local done
  done, problem = pcall(serve, context, emu, server)
  server:close()
  if not done then
    error(problem, 0)
  end
  return 0
end

return emulate
