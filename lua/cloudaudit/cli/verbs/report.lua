-- cloudaudit report: one HTML page about the events of a time range.
local report = {}

report.summary = "Write one HTML page about the events of a time range"
report.examples = {
  "cloudaudit report week.html --since 7d",
  "cloudaudit report denied.html --since 30d --denied --title 'Denied calls of January'",
  "cloudaudit report - --since 1d | mail-it",
}
report.text = "Without --since: the last seven days. The page is one file that loads nothing: totals, events by hour, "
  .. "user, address and product, denied calls, and the 500 newest writes with a filter box. It appears when all events "
  .. "were read, and whole; a command whose reading fails leaves no file, or the one that was there."
report.filter = true
report.positionals = {
  { name = "file", value = "FILE.html", doc = "where the page goes; - is standard output, unless that is a terminal" },
}
report.options = {
  { name = "title", value = "T", doc = "title of the page; default Audit report" },
}

local TITLE, SINCE = "Audit report", "7d"

-- The results of check and what it cannot tell; nil without an account to look at: then the page has no such section.
local function findings(context, request)
  if context.values.from then
    return nil
  end
  local check = require "cloudaudit.check"
  local checked, _, err = check.check(context:client(), { since = request.since, ["until"] = request["until"] })
  if not checked then
    require("cloudaudit.cli.status").fail(err)
  end
  return checked.results, checked.blind
end

local function is_folder(path)
  local file = io.open(path .. "/.", "r")
  if file then
    file:close()
  end
  return file ~= nil
end

-- Ends the command now if the page could not be written later.
local function check_target(context, luv)
  local status, path = require "cloudaudit.cli.status", context.values.file
  if path == "-" then
    if context:is_terminal(1) then
      status.usage("FILE.html: standard output is a terminal", "name a file, or a pipe: cloudaudit report - | ...")
    end
    return
  end
  local _, problem = require("cloudaudit.core").read_file(path, 0)
  if path == "" or path:find("/$") or is_folder(path) then
    status.usage(("FILE.html: the name of a file expected, got %s"):format(status.quote(path)))
  elseif problem == "not a regular file" then
    status.usage(("FILE.html: %s is not a regular file"):format(path), "- writes to standard output")
  elseif context.values.no_redact and not luv then
    status.needs("report --no-redact", "luv") -- to make a file that others cannot read
  end
  local done, message = require("cloudaudit.cli.atomic_file").check(luv, path)
  if not done then
    status.raise(8, "FILE.html: " .. tostring(message))
  end
end

-- Reads all events: what was found, and whether --max left some out, for which one more is asked for.
local function read(context, request)
  local aggregate, shape = require "cloudaudit.cli.report.aggregate", require "cloudaudit.cli.event_shape"
  local times, utc, max = require "cloudaudit.cli.times", context.values.utc, request.max
  local sum = aggregate.new(request.since, request["until"], function(seconds)
    return utc and 0 or times.offset_at(seconds)
  end, request.order == "oldest")
  request.max = max and max + 1
  local count = 0
  require("cloudaudit.cli.reading").each(context, request, function(event, level)
    count = count + 1
    if not max or count <= max then
      sum:add(shape.row(event, level))
    end
  end)
  return sum:result(), max ~= nil and count > max
end

local function page_of(context, request, found, cut)
  local core, times = require "cloudaudit.core", require "cloudaudit.cli.times"
  local options, query = require "cloudaudit.cli.options", require "cloudaudit.cli.report.query"
  local utc, results, blind = context.values.utc, findings(context, request)
  return require("cloudaudit.cli.report.page").of{ title = context.values.title or TITLE, found = found, cut = cut,
    max = context.values.max, query = query.text(options.FILTER, context.values), made = context.now,
    version = core.version, zone = utc and "UTC" or "local, " .. os.date("%Z", found.to), findings = results,
    blind = blind, show = function(seconds)
      return times.show(seconds, utc)
    end }
end

--- Runs the verb; see verbs/init.lua.
function report.run(context)
  local filter, status = require "cloudaudit.cli.filter", require "cloudaudit.cli.status"
  local luv, path = require("cloudaudit.cli.terminal").luv(), context.values.file
  context.values.since = context.values.since or SINCE
  local request = filter.read(context)
  -- --max keeps the newest. Newest first, an export is read with a day in memory.
  request.order = request.from and not request.max and "oldest" or "newest"
  check_target(context, luv)
  require("cloudaudit.cli.progress").attach(context, request)
  local found, cut = read(context, request)
  local text = page_of(context, request, found, cut)
  if path == "-" then
    context.out:write(text)
  else
    local done, message = require("cloudaudit.cli.atomic_file").write(luv, path, text, context.values.no_redact)
    if not done then
      status.raise(8, "FILE.html: " .. message)
    end
  end
  if context:is_terminal(2) then
    context:note(("%s: %s events"):format(path == "-" and "standard output" or path,
      require("cloudaudit.cli.grouped")(found.totals.all)))
  end
  return 0
end

return report
