-- cloudaudit doctor: why does it not work. Reads only; each check runs where it can.
local doctor = {}

doctor.summary = "Find out why it does not work"
doctor.examples = { "cloudaudit doctor --profile prod", "cloudaudit doctor -o json > bug.json" }
doctor.text = "Looks at the installation, the credentials and their source, the connection, the clock and the "
  .. "permissions, and changes nothing. No format shows a secret."
doctor.formats = { "table", "jsonl", "json", "csv" }
doctor.options = {}
doctor.statuses = { { 4, "a check failed that has no status of its own" } }

-- A clock that is further off than this is warned of; the service refuses 300 s.
local SKEW = 30

-- Credentials that expire sooner are warned of.
local SOON = 300

local function padded(text)
  return ("%-19s"):format(text)
end

local COLUMNS = { { key = "state", name = "STATE", color = function(text)
  return text == "fail" and "red" or text == "warn" and "yellow" or text == "ok" and "green" or nil
end }, { key = "check", name = "CHECK", show = padded }, { key = "found", name = "FOUND", free = true },
  { key = "hint", name = "HINT", free = true } }

local OPTIONAL = {
  { "luv", "export, color, progress and the width of the terminal" },
  { "zlib", "compressed exports" },
  { "luasql.sqlite3", "exports to a database" },
}

-- The row of an error of the library.
local function failed(check, err)
  local status = require "cloudaudit.cli.status"
  return { state = "fail", check = check, found = status.message(err), hint = err.hint, status = status.of(err) }
end

local function installation(add)
  local core, modules = require "cloudaudit.core", require "cloudaudit.optional"
  local found, curl = pcall(require, "cloudaudit.curl")
  local jit = rawget(_G, "jit")
  add{ state = "ok", check = "lua", found = jit and jit.version or _VERSION }
  add{ state = "ok", check = "cloudaudit", found = ("%s, OpenSSL %s"):format(core.version,
    core.openssl_version:match("%d[0-9A-Za-z.]*") or core.openssl_version) }
  add{ state = found and "ok" or "fail", check = "libcurl", found = found and curl.version or tostring(curl),
    hint = not found and "build with CLOUDAUDIT_CURL=ON" or nil }
  for _, optional in ipairs(OPTIONAL) do
    local there = modules.module(optional[1]) ~= nil
    add{ state = there and "ok" or "warn", check = "module " .. optional[1], found = there and "installed" or "missing",
      hint = not there and ("for %s: Debian %s, LuaRocks %s"):format(optional[2],
        require("cloudaudit.cli.status").packages(optional[1])) or nil }
  end
end

local SETTINGS = { "region", "endpoint", "proxy", "ca_file", "ca_path", "profile" }

-- Settings and their sources; returns the client, nil when there is none. A malformed one is a failed check, too.
local function settings(context, add)
  local status = require "cloudaudit.cli.status"
  local done, client = pcall(context.client, context)
  if not done then
    if not status.is_problem(client) then
      error(client, 0)
    end
    add{ state = "fail", check = "configuration", found = client.message, hint = client.hint, status = client.status }
    return nil
  end
  local config, _, err = client:config()
  if not config then
    add(failed("configuration", err))
    return nil
  end
  for _, name in ipairs(SETTINGS) do
    local item = config[name]
    if item and item.value ~= nil and item.value ~= "" then
      add{ state = "ok", check = name, found = ("%s (%s)"):format(tostring(item.value), item.source) }
    end
  end
  return client
end

-- Source, masked id and expiry; true when a request can be signed.
local function credentials(context, client, add)
  local _, _, err = client:prepare("DescribeAuditTracks", { PageNumber = 1, PageSize = 1 })
  if err then
    add(failed("credentials", err))
    return false
  end
  local config = client:config()
  local left = config.token.expires_at and config.token.expires_at - context.now
  add{ state = left and left < SOON and "warn" or "ok", check = "credentials", found = ("%s%s (%s)%s"):format(
    tostring(config.secret_id.value), config.token.value and ", with a session token" or "", config.secret_id.source,
    left and (", valid for %d min"):format(math.floor(left / 60)) or ""),
    hint = left and left < SOON and "they expire soon" or nil }
  return true
end

local MONTHS = { Jan = 1, Feb = 2, Mar = 3, Apr = 4, May = 5, Jun = 6, Jul = 7, Aug = 8, Sep = 9, Oct = 10, Nov = 11,
  Dec = 12 }

-- Epoch seconds of a Date header; nil when it is not one.
local function seconds_of(date)
  local day, month, year, clock = tostring(date):match(
    "^[A-Za-z]+, (%d%d) ([A-Za-z]+) (%d%d%d%d) (%d%d:%d%d:%d%d) GMT$")
  if not MONTHS[month] then
    return nil
  end
  return (require("cloudaudit").time.parse(("%s-%02d-%sT%sZ"):format(year, MONTHS[month], day, clock)))
end

local PARTS = { dns = "name", tls = "TLS" }

-- What the failure or success of one request says about name, connection and TLS.
local function reach(add, request, problem)
  local parts = { "name", "connection", "TLS" }
  local found = { name = request.host, connection = "open", TLS = request.url:find("^https:") and "verified"
    or "none: the endpoint is http" }
  local broken = problem and (PARTS[problem.kind] or "connection")
  for _, part in ipairs(parts) do
    if part == broken then
      add(failed(part, problem))
      return false
    end
    add{ state = "ok", check = part, found = found[part] }
  end
  return true
end

local function clock(add, date, at)
  local seconds = seconds_of(date)
  if not seconds then
    add{ state = "warn", check = "clock", found = "the service told no time" }
    return
  end
  local off = at - seconds
  local wrong = math.abs(off) > SKEW
  add{ state = wrong and "warn" or "ok", check = "clock", found = ("%+d s from the service's"):format(
    math.floor(off + 1 / 2)), hint = wrong and "set this machine's clock; the client corrects it meanwhile" or nil }
end

-- A read, signed by keys that nobody has when there are none: name, connection, TLS and clock can be looked at.
local function any_request(client)
  local params, config = { PageNumber = 1, PageSize = 1 }, client:config()
  return client:prepare("DescribeAuditTracks", params) or require("cloudaudit").new{ env = false,
    endpoint = config.endpoint.value, region = config.region.value, secret_id = "AKIDdoctor",
    secret_key = "none" }:prepare("DescribeAuditTracks", params)
end

-- One request without retries: what the connection and the clock are like. True when the service answered.
local function connection(context, client, add)
  local core, errors = require "cloudaudit.core", require "cloudaudit.errors"
  local config, request = client:config(), any_request(client)
  local driver = require("cloudaudit.driver.curl").new{ ca_file = config.ca_file.value,
    ca_path = config.ca_path.value, proxy = context.values.proxy or config.proxy.value, connect_timeout = 5 }
  local before = core.time()
  local response, message, info = driver.exchange(request, context.values.call_timeout or 10)
  local after = core.time()
  driver.close()
  local _, problem
  if not response then
    info = info or {}
    _, problem = errors.new{ kind = info.kind or "transport", message = message, hint = info.hint }
  end
  if not reach(add, request, problem) then
    return false
  end
  clock(add, response.headers.date or response.headers.Date, (before + after) / 2)
  return true
end

local function calls(client, add)
  local response, _, err = client:DescribeAuditTracks{ PageNumber = 1, PageSize = 1 }
  add(response and { state = "ok", check = "DescribeAuditTracks", found = ("%s tracking sets"):format(
    tostring(response.TotalCount)) } or failed("DescribeAuditTracks", err))
  local page
  page, _, err = client:lookup{ since = "-1m", page_size = 1 }
  add(page and { state = "ok", check = "DescribeEvents", found = "the last minute can be read" }
    or failed("DescribeEvents", err))
  local quota
  quota, _, err = client:quota()
  if quota then
    add{ state = "ok", check = "quota", found = ("%s tracking sets can be created"):format(tostring(quota.remaining)) }
  else
    local row = failed("quota", err)
    row.state, row.hint = "warn", row.hint or "a legacy action; nothing else needs it"
    add(row)
  end
end

--- Runs the verb; see verbs/init.lua.
function doctor.run(context)
  local format, terminal = require "cloudaudit.cli.format", require "cloudaudit.cli.terminal"
  local writer = format.new(context, { members = { "state", "check", "found", "hint" }, columns = COLUMNS,
    table_columns = COLUMNS, csv_columns = COLUMNS })
  local first
  local function add(row)
    if row.state == "fail" and not first then
      first = row.status or 4
    end
    writer:add(row)
  end
  installation(add)
  add{ state = "ok", check = "terminal", found = context:is_terminal(1) and ("%d columns"):format(terminal.width())
    or "none" }
  local client = settings(context, add)
  if client then
    local signs = credentials(context, client, add)
    writer:flush()
    if connection(context, client, add) and signs then
      calls(client, add)
    end
  end
  writer:finish()
  return first or 0
end

return doctor
