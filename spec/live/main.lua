-- The program behind `make live`: reads the environment, runs live/learn.lua and writes the results.
--   LIVE_OUT      the file to write (learned.json); a page to read is written beside it, with the ending .md
--   LIVE_WRITE=1  also ask what needs tracking sets; then LIVE_STORAGE=cos://BUCKET@REGION/PREFIX must be given
--   LIVE_DRY=1    print every request, and send none: they are answered by the emulator in this process
--   LIVE_ONLY     ask only questions whose ids begin with one of these, separated by commas
--   LIVE_INTL     an international endpoint to ask as well
--   LIVE_PATIENCE seconds to wait for an event to appear (900); LIVE_SETTLE: seconds after which a list shows every
--                 tracking set (60)
--   LIVE_DEBUG=1  print the errors of experiments, which may hold private values
-- Credentials, region, endpoint and CA come from where the library takes them. Exit status: 0; 1 when tracking sets are
-- left or nothing could be written; 2 for a wrong setting; 130 after Ctrl-C.
local cloudaudit = require "cloudaudit"
local core = require "cloudaudit.core"
local curl_driver = require "cloudaudit.driver.curl"
local learn = require "live.learn"
local report = require "live.report"

local main = {}

local function seconds(getenv, name, default)
  local text = getenv(name)
  local value = tonumber(text or default)
  if not value or value < 0 or value > 86400 then
    return nil, name .. ": a number of seconds expected"
  end
  return value
end

local function storage_of(text)
  if not text then
    return nil, "LIVE_WRITE needs LIVE_STORAGE=cos://BUCKET@REGION/PREFIX: an existing bucket"
  end
  local parsed, message = cloudaudit.storage.parse(text)
  if not parsed then
    return nil, "LIVE_STORAGE: " .. tostring(message)
  end
  return parsed
end

--- The settings of a run from the environment; nil and a message for wrong ones.
function main.settings(getenv)
  local settings = { out = getenv("LIVE_OUT") or "learned.json", only = getenv("LIVE_ONLY"),
    write = getenv("LIVE_WRITE") == "1", dry = getenv("LIVE_DRY") == "1", debug = getenv("LIVE_DEBUG") == "1",
    intl = getenv("LIVE_INTL") }
  settings.state = settings.out .. ".state"
  local message
  for name, default in pairs{ patience = 900, settle = 60 } do
    settings[name], message = seconds(getenv, "LIVE_" .. name:upper(), default)
    if message then
      return nil, message
    end
  end
  if settings.write then
    settings.storage, message = storage_of(getenv("LIVE_STORAGE"))
    if not settings.storage then
      return nil, message
    end
  end
  return settings
end

local function driver_of(client)
  local config = client:config()
  local function value(name)
    return config[name] and config[name].value
  end
  return curl_driver.new{ ca_file = value("ca_file"), ca_path = value("ca_path"),
    connect_timeout = value("connect_timeout") }
end

-- A client and its driver for the service, at another endpoint if one is given.
local function reach(endpoint)
  local client, message = cloudaudit.new{ endpoint = endpoint }
  if not client then
    return nil, message
  end
  local request, problem = client:prepare("CloudauditLive", "{}")
  if not request then
    return nil, problem
  end
  return { client = client, driver = driver_of(client) }
end

-- The same run against the emulator in this process, with a few events of its own.
local function rehearse()
  local emulator = cloudaudit.emulator.new()
  for index = 1, 120 do
    emulator:add_event{ EventTime = emulator:now() - 100 * index,
      EventName = index % 2 == 0 and "RunInstances" or "StopInstances" }
  end
  return { client = emulator:client{ endpoint = "cloudaudit.tencentcloudapi.com" }, driver = emulator:driver(),
    time = function() return emulator:now() end }
end

local function printer(out)
  return function(request, count)
    out:write(("%s %s %s%s\n  region %s, body %s\n"):format(request.method, request.host, request.action,
      count and (" (%d times at once)"):format(count) or "", tostring(request.headers["X-TC-Region"] or "none"),
      request.body == "" and "none" or request.body))
  end
end

local function write_results(settings, document, streams)
  local page = settings.out:gsub("%.json$", "") .. ".md"
  local ok, message = report.write(settings.out, report.json(document))
  if ok then
    ok, message = report.write(page, report.page(document))
  end
  if not ok then
    streams.err:write("live: ", tostring(message), "\n")
    return false
  end
  streams.out:write(("%d questions; wrote %s and %s\n"):format(#document.answers, settings.out, page))
  return true
end

-- Cleaning may meet a Ctrl-C as well; the next run goes on then.
local function clean(run, streams)
  local ok, removed, left = pcall(learn.clean, run)
  if not ok then
    streams.err:write("live: cleaning up ", learn.is_interrupt(removed) and "was interrupted" or "failed",
      "; the next run continues\n")
    return false
  end
  if removed > 0 then
    streams.out:write(("removed %d tracking sets of this program\n"):format(removed))
  end
  for _, text in ipairs(left) do
    streams.err:write("live: left: ", text, "\n")
  end
  return #left == 0
end

local function execute(settings, target, streams)
  local run = learn.new{
    client = target.client, driver = target.driver, time = target.time or core.time, write = settings.write,
    storage = settings.storage, state = settings.state, settle = settings.settle, patience = settings.patience,
    international = target.international, only = settings.only,
    show = settings.dry and printer(streams.out) or nil,
    progress = function(row)
      streams.err:write(row.id, "\n")
    end,
    problem = function(row, message)
      streams.err:write("live: ", row.id, ": the experiment failed",
        settings.debug and ": " .. tostring(message) or "", "\n")
    end,
  }
  if not clean(run, streams) then -- of an earlier run
    return 1
  end
  local document, stopped = learn.ask(run)
  local cleaned = clean(run, streams)
  local written = settings.dry or write_results(settings, document, streams)
  if stopped then
    streams.err:write(learn.is_interrupt(stopped) and "live: interrupted\n" or "live: stopped by an error\n")
    return learn.is_interrupt(stopped) and 130 or 1
  end
  return cleaned and written and 0 or 1
end

--- Runs the program; the exit status.
function main.run(getenv, streams)
  local settings, message = main.settings(getenv)
  if not settings then
    streams.err:write("live: ", message, "\n")
    return 2
  end
  local target
  if settings.dry then
    target = rehearse()
    settings.state = os.tmpname()
    os.remove(settings.state)
  else
    target, message = reach()
    if target and settings.intl then
      target.international, message = reach(settings.intl)
    end
    if not target or settings.intl and not target.international then
      streams.err:write("live: ", tostring(message), "\n")
      return 2
    end
  end
  return execute(settings, target, streams)
end

-- Required as a module by its spec, run as a program by `make live`.
if ... ~= "live.main" then
  os.exit(main.run(os.getenv, { out = io.stdout, err = io.stderr }), true)
end

return main
