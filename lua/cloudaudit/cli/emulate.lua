-- cloudaudit emulate: serves the emulator until it is stopped. SIGTERM, SIGINT and SIGHUP end it after it has removed
-- its CA.
local announce = require "cloudaudit.emulator.announce"
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
  { name = "compress", value = "N", doc = "Compress of a storage without one: 1, 2 or none (default: 1)" },
  { name = "delivery-lag", value = "SECONDS", type = "number", doc = "delay until an event is found (default: 0)" },
  { name = "short-pages", value = "P", type = "number", doc = "probability of a short page, 0 to 1 (default: 0)" },
  { name = "page-tokens", value = "KIND", doc = "ingest_time (default), strict, offset or inclusive" },
  { name = "edges", value = "KIND", doc = "inclusive ends of a range: closed (default), open, left or right" },
  { name = "order", value = "ORDER", doc = "events that come first: newest (default) or oldest" },
  { name = "no-record", doc = "do not record calls as events" },
  { name = "account-id", value = "N", type = "number", doc = "account of the events (default: 100000000001)" },
  { name = "app-id", value = "N", type = "number", doc = "APPID of the account (default: 1250000000)" },
  { name = "role", value = "NAME", doc = "role of the instance in the metadata service (default: none)" },
  { name = "role-arn", value = "ARN", list = true, doc = "role that STS knows (default: all; may be repeated)" },
  { name = "identity", value = "TOKEN", list = true, doc = "identity token that STS accepts (default: all)" },
  { name = "role-seconds", value = "N", type = "number", doc = "lifetime of temporary keys (default: 7200)" },
  { name = "journal-limit", value = "N", type = "number", doc = "number of journal entries kept (default: 10000)" },
}

-- The options of emulator.new, by their names here.
local SETTINGS = { seed = "seed", now = "now", ["debug-signature"] = "debug_signature", ["any-region"] = "any_region",
  quota = "quota", rate = "rate", ["list-lag"] = "list_lag", ["max-page-size"] = "max_page_size", bucket = "buckets",
  topic = "topics", ["cos-region"] = "cos_regions", ["delivery-lag"] = "delivery_lag",
  ["short-pages"] = "short_pages", ["page-tokens"] = "page_tokens", edges = "edges", order = "order",
  ["account-id"] = "account_id", ["app-id"] = "app_id", role = "role", identity = "identities",
  ["role-seconds"] = "role_seconds", ["journal-limit"] = "journal_limit" }
local SWITCHED_OFF = { ["no-verify"] = "verify", ["duplicate-names"] = "unique_names", ["no-record"] = "record",
  ["no-validate"] = "validate", ["no-require-region"] = "require_region" }

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
  local settings = {}
  for given, name in pairs(SETTINGS) do
    settings[name] = values[given]
  end
  for given, name in pairs(SWITCHED_OFF) do
    settings[name] = not values[given]
  end
  settings.secrets, settings.tokens = map_of(values.secret), map_of(values.token)
  settings.roles = map_of(values["role-arn"])
  if values.compress then
    settings.compress = values.compress ~= "none" and (tonumber(values.compress) or values.compress)
  end
  return settings
end

-- What emulator.new refuses, in the names of this command.
local function usage_of(message)
  return (tostring(message):gsub("^[^\n]-:%d+: ", ""):gsub("^emulator%.new%.([%w_]+)", function(name)
    return "--" .. name:gsub("_", "-")
  end))
end

--- Runs the verb with the parsed arguments; returns the exit code of cli.main.
function emulate.run(values, rest, streams)
  local function fail(message, code)
    streams.err:write("cloudaudit emulate: ", message, "\n")
    return code
  end
  if rest[1] then
    return fail("unexpected argument " .. rest[1], 2)
  end
  announce.prepare()
  local made, emu = pcall(emulator.new, settings_of(values))
  if not made then
    return fail(usage_of(emu), 2)
  end
  local server, message = emu:serve{
    port = values.port, address = values.address, allow_remote = values["allow-remote"], tls = values.tls,
    names = values.name, ca_file = values["ca-file"], max_body = values["max-body"],
    idle_timeout = values["idle-timeout"], watch_stdin = values["until-stdin-closes"],
    log = function(line) streams.err:write(line, "\n") end,
  }
  if not server then
    return fail(message, 1)
  end
  local ok
  ok, message = announce.catch_signals(server)
  streams.err:write(("cloudaudit emulator on %s, signature verification: %s\n"):format(server.endpoint,
    emu.options.verify and "ON" or "OFF"))
  if ok then
    ok, message = announce.run(emu, server, { background = values.background, ready_file = values["ready-file"],
      print_env = values["print-env"] }, streams.out)
  end
  if not ok then
    server:close()
    return fail(message, 1)
  end
  announce.serve(server)
  return 0
end

return emulate
