-- cloudaudit.check and cloudaudit.watch: is the trail sound, and did anything alarming happen? For hosts without a
-- shell; the command's verb `check` and `tail --check` work with the same parts.
local catalog = require "cloudaudit.check.catalog"
local client = require "cloudaudit.client"
local engines = require "cloudaudit.check.engine"
local errors = require "cloudaudit.errors"
local events = require "cloudaudit.events.event"
local limits = require "cloudaudit.events.limits"
local run = require "cloudaudit.check.run"
local time = require "cloudaudit.time"
local validate = require "cloudaudit.validate"
local worlds = require "cloudaudit.check.world"

local check = {}

--: class CheckOptions  options of check
local OPTIONS = {
  { name = "checks", type = "table", lua = "string[]" }, -- ids and groups ("trail", "activity"); default: all
  { name = "skip", type = "table", lua = "string[]" }, -- ids and groups to leave out
  { name = "since", type = "string|number" }, -- activity: the first second; default "-24h"
  { name = "until", type = "string|number" }, -- activity: the last second; default "now"
  { name = "baseline", type = "string|number" }, -- activity: how far before `since` to learn what is not new: "30d"
  { name = "organization", type = "boolean" }, -- expect a set for all members of an organization
  { name = "against", type = "table", lua = "TrackSpec[]" }, -- specs of tracking sets to compare the account with
}
--: class WatchOptions  options of watch
local WATCH = {
  { name = "checks", type = "table", lua = "string[]" }, -- ids of activity rules; default: all that need no baseline
  { name = "skip", type = "table", lua = "string[]" }, -- ids to leave out
}

local DAY = 86400
local UNITS = { s = 1, m = 60, h = 3600, d = DAY, w = 7 * DAY }

-- Seconds of "30d" or a number; nil when it is neither.
local function duration(value)
  if type(value) == "number" then
    return value > 0 and value < math.huge and value or nil
  end
  local count, unit = value:match("^(%d+)([smhdw])$")
  return count and #count < 9 and tonumber(count) * UNITS[unit] or nil
end

-- The times of options in epoch seconds: {since, to, baseline}. nil, message, err when one is wrong.
local function read_times(options, now)
  local out = {}
  local message, err
  out.since, message, err = time.read(options.since == nil and "-24h" or options.since, now, "check.since")
  if out.since then
    out.to, message, err = time.read(options["until"] == nil and "now" or options["until"], now, "check.until")
  end
  if not out.to then
    return nil, message, err
  elseif out.to < out.since then
    return errors.failure{ kind = "validation", field = "until", message = "check.until: before check.since" }
  end
  if options.baseline ~= nil then
    out.baseline = duration(options.baseline)
    if not out.baseline then
      return errors.misuse('check.baseline: a duration such as "30d" or seconds expected', "baseline")
    end
  end
  return out
end

-- The options as run.all takes them; nil, message, err.
local function prepare(options, now)
  local out, message, err = read_times(options, now)
  if not out then
    return nil, message, err
  end
  out.organization, out.against = options.organization, options.against
  return out
end

-- The chosen rows; a place in a message begins with the method.
local function choose(method, checks, skip)
  local items, message, err = catalog.choose(checks, skip)
  if not items then
    return errors.misuse(("%s.%s"):format(method, message), err.field)
  end
  return items
end

local function only_activity(items)
  local list = {}
  for _, item in ipairs(items) do
    list[#list + 1] = item.group == "activity" and item or nil
  end
  return list
end

-- Events of a caller: `next_event` gives them one by one. A time range is told only by `since`.
local function check_stream(items, next_event, options)
  local prepared, message, err = prepare(options, require("cloudaudit.core").time())
  if not prepared then
    return nil, message, err
  end
  prepared.since = options.since ~= nil and prepared.since or nil
  prepared.baseline = prepared.since
  return run.all(only_activity(items), { stream = next_event }, prepared)
end

local function check_event(items, event, options)
  local given = false
  return check_stream(items, function()
    local first = not given and event or nil
    given = true
    return first
  end, options)
end

local function check_account(items, session, options)
  if session.closed then
    return errors.closed()
  end
  local world = worlds.new(session)
  local now = world.now()
  local prepared, message, err = prepare(options, now)
  local old = prepared and run.too_old(prepared.since, now)
  if old then
    return nil, old.message, old
  elseif not prepared then
    return nil, message, err
  end
  prepared.earliest = math.floor(now) - limits.RETENTION
  return run.all(items, world, prepared)
end

local WHAT = "check: a client, an event or a function that returns the next event expected, got "

--- Checks the account of a client: its tracking sets and the events of `since` to `until`. Or one event, or a stream of
-- events: a function that returns the next one (nil after the last, or nil, message, err), oldest first; those before
-- `since` are what others are compared with. Nothing is changed. What could not be read is "unknown" in the report,
-- with its err; nil, message, err only for options and specs that are wrong and for a closed client.
--: cloudaudit.check(what: Client|Event|function, options?: CheckOptions) -> CheckReport | failure
check.check = errors.public(function(what, options)
  options = options == nil and {} or options
  local items = nil
  local ok, message, err = validate.fields("check", options, OPTIONS, "option")
  if ok then
    items, message, err = choose("check", options.checks, options.skip)
  end
  if not items then
    return nil, message, err
  end
  local session = client.session_of(what)
  if session then
    return check_account(items, session, options)
  elseif events.is(what) then
    return check_event(items, what, options)
  elseif type(what) == "function" then
    return check_stream(items, what, options)
  end
  return errors.misuse(WHAT .. type(what))
end)

local Watch = { __name = "cloudaudit.Watch" }
Watch.__index = Watch

--: class Watch  follows events with the activity rules
--- Takes an event; returns the findings that begin with it, as a list of results. Later events of the same actor,
-- address and hour begin no new one.
--: Watch:add(event: Event) -> CheckResult[]
Watch.add = errors.public(function(self, event)
  if not events.is(event) then
    return errors.misuse("add: event expected, got " .. type(event))
  end
  local out = {}
  for index, finding in ipairs(self._engine:add(event)) do
    out[index] = run.of_finding(self._items[finding.id], finding)
  end
  return out
end)

--- Makes a watch: the activity rules for a stream that does not end, such as a tail's. Rules that compare with earlier
-- days are left out.
--: cloudaudit.watch(options?: WatchOptions) -> Watch
check.watch = errors.public(function(options)
  options = options == nil and {} or options
  local items = nil
  local ok, message, err = validate.fields("watch", options, WATCH, "option")
  if ok then
    items, message, err = choose("watch", options.checks or { "activity" }, options.skip)
  end
  if not items then
    return nil, message, err
  end
  local rules, by_id = {}, {}
  for _, item in ipairs(items) do
    if item.group ~= "activity" then
      return errors.misuse(("watch.checks: %s is not an activity rule"):format(item.row.id), "checks")
    end
    by_id[item.row.id] = item
    for _, name in ipairs(item.row.compares == true and options.checks or {}) do
      if name == item.row.id then
        return errors.misuse(("watch.checks: %s compares with earlier days, which a stream does not have"):format(name),
          "checks")
      end
    end
    rules[#rules + 1] = item.row.compares ~= true and item.row or nil
  end
  return setmetatable({ _engine = engines.new(rules, { following = true }), _items = by_id }, Watch)
end)

return check
