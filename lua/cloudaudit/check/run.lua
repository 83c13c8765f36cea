-- Runs checks over a world (see world.lua) and makes their results. What could not be read is "unknown", never "pass".
local catalog = require "cloudaudit.check.catalog"
local engines = require "cloudaudit.check.engine"
local errors = require "cloudaudit.errors"
local limits = require "cloudaudit.events.limits"
local state = require "cloudaudit.check.state"

local run = {}

--- What no API of the service tells, for the end of every report.
run.BLIND = "not checked, since this API does not tell: whether records are delivered, and errors of it; who can read"
  .. " the archive, its encryption, versions, WORM and lifecycle (COS); retention and alarms of topics (CLS); MFA of"
  .. " root and the age of keys (CAM); who administers the organization; whether records were altered (there are no"
  .. " digests)"

--: class CheckResult  the result of a check: one that failed has one for each subject
--:   id string
--:   group "trail"|"activity"
--:   severity "info"|"low"|"medium"|"high"|"critical"
--:   worst "info"|"low"|"medium"|"high"|"critical"
--:   result "pass"|"fail"|"unknown"|"skipped"
--:   subject string?
--:   detail string
--:   evidence string[]
--:   fix string?
--:   reads string[]
--:   count integer?
--:   time integer?
--:   err Error?

local function result(item, kind, fields)
  local row = item.row
  local made = { id = row.id, group = item.group, severity = row.severity, worst = row.worst or row.severity,
    result = kind, detail = row.passes or row.fails, evidence = {}, reads = catalog.actions(row) }
  for name, value in pairs(fields or {}) do
    made[name] = value
  end
  return made
end

-- ---- posture ---------------------------------------------------------------------------------------

-- The failure of specs that are wrong, which is found before anything is sent; nil when they are not, or not asked for.
local function wrong_specs(items, reads, options)
  local err
  for _, item in ipairs(items) do
    if options.against and item.row.only == "against" then
      err = select(3, reads:get("differences"))
    end
  end
  return err and (err.kind == "misuse" or err.kind == "validation" and err.outcome == "not_sent") and err or nil
end

-- Adds the results of a posture check.
local function posture(item, reads, options, add)
  local row, read = item.row, {}
  if row.only and not options[row.only] then
    return add(result(item, "skipped", { detail = row.only_text }))
  end
  for _, name in ipairs(row.reads) do
    local value, message, err = reads:get(name)
    if value == nil then
      return add(result(item, "unknown", { detail = message, err = err }))
    end
    read[name] = value
  end
  local failures, skipped, unknown = row.judge(read, options)
  if not failures then
    return add(result(item, unknown and "unknown" or "skipped", { detail = unknown or skipped }))
  end
  for _, failure in ipairs(failures) do
    add(result(item, "fail", failure))
  end
  if not failures[1] then
    add(result(item, "pass"))
  end
end

-- ---- activity --------------------------------------------------------------------------------------

-- The conditions of the one query that has all events of the rules: nil for every event.
local function conditions(rules)
  local names, known, writes, named = {}, {}, false, false
  for _, rule in ipairs(rules) do
    if rule.every == "any" then
      return nil
    end
    writes, named = writes or rule.every == "write", named or rule.events ~= nil
    for _, source in ipairs(rule.events or {}) do
      for name in source[2]:gmatch("%S+") do
        names[#names + 1], known[name] = not known[name] and name or nil, true
      end
    end
  end
  -- Events of some names are reads, so that both together are every event.
  if writes and named then
    return nil
  end
  return writes and { action = "write" } or { event_name = names }
end

local RANKS = { login = 1, write = 2, any = 3 }
local BEFORE = { { event_name = "ConsoleLogin" }, { action = "write" } }

-- Whether a rule compares with the days before, and the conditions of the query that has what they must know.
local function conditions_before(rules)
  local rank, differ = 0, false
  for _, rule in ipairs(rules) do
    local other = rule.before and RANKS[rule.before] or rank
    differ = differ or rank == 1 and other == 2 or rank == 2 and other == 1
    rank = math.max(rank, other)
  end
  return rank > 0, not differ and BEFORE[rank] or nil
end

-- Gives all events of a source to the engine: true; or nil, message, err.
local function feed(engine, source)
  while true do
    local event, message, err = source()
    if err then
      return nil, message, err
    elseif not event then
      return true
    end
    engine:add(event)
  end
end

-- Feeds the events of the world: those of the days before, if they are wanted, then those since.
local function read_events(engine, rules, world, options)
  local since, to = options.since, options.to
  local compares, where_before = conditions_before(rules)
  if options.baseline and compares then
    local first = math.max(since - options.baseline, options.earliest or since - options.baseline)
    if options.kept then
      return feed(engine, world.events{ since = first, ["until"] = to, order = "oldest" })
    elseif first < since then
      local ok, message, err = feed(engine, world.events{ since = first, ["until"] = since - 1, where = where_before })
      if not ok then
        return nil, message, err
      end
    end
  end
  return feed(engine, world.events{ since = since, ["until"] = to, where = conditions(rules), order = "oldest" })
end

local NEEDS_BASELINE = "needs earlier events to compare with: with --baseline or --from only"
local NO_HISTORY = "there are no earlier events to compare with"

-- Adds the results of the activity rules, in the order of the catalog.
local function report_activity(items, engine, options, failure, add)
  local by_id = {}
  for _, finding in ipairs(engine:findings()) do
    by_id[finding.id] = by_id[finding.id] or {}
    table.insert(by_id[finding.id], finding)
  end
  for _, item in ipairs(items) do
    for _, finding in ipairs(by_id[item.row.id] or {}) do
      add(run.of_finding(item, finding))
    end
    if by_id[item.row.id] == nil then
      local compares = item.row.compares == true
      if compares and not options.baseline then
        add(result(item, "skipped", { detail = NEEDS_BASELINE }))
      elseif failure then
        add(result(item, "unknown", { detail = failure.message, err = failure }))
      elseif compares and not engine:has_history() then
        add(result(item, "skipped", { detail = NO_HISTORY }))
      else
        add(result(item, "pass", { detail = "nothing found" }))
      end
    end
  end
end

--- The result of a finding of the engine.
function run.of_finding(item, finding)
  return result(item, "fail", { severity = finding.severity, subject = finding.subject, fix = finding.fix,
    detail = engines.describe(finding), evidence = finding.evidence, count = finding.count, time = finding.time })
end

local function activity(items, world, options, add)
  if not items[1] then
    return
  end
  local rules = {}
  for index, item in ipairs(items) do
    rules[index] = item.row
  end
  local engine = engines.new(rules, { since = options.since })
  local ok, _, err
  if world.stream then
    ok, _, err = feed(engine, world.stream)
  else
    ok, _, err = read_events(engine, rules, world, options)
  end
  report_activity(items, engine, options, not ok and err or nil, add)
end

-- ---- all -------------------------------------------------------------------------------------------

--: class CheckReport  the results of checks
--:   results CheckResult[]
--:   findings CheckResult[]
--:   unknown CheckResult[]
--:   ok boolean
--:   blind string

--- Runs the chosen items (see catalog.choose) over a world. options: those of check() with times as epoch seconds:
-- since, to, baseline (seconds); `kept`: the events are an export's, which is read through once. world.stream: a source
-- of all events, in place of world.events. A CheckReport; nil, message, err when the specs of `against` are wrong.
function run.all(items, world, options)
  local report = { results = {}, findings = {}, unknown = {}, blind = run.BLIND }
  local function add(made)
    table.insert(report.results, made)
    if made.result == "fail" then
      table.insert(report.findings, made)
    elseif made.result == "unknown" then
      table.insert(report.unknown, made)
    end
  end
  local reads, rules = state.new(world, options.against), {}
  local wrong = wrong_specs(items, reads, options)
  if wrong then
    return nil, wrong.message, wrong
  end
  for _, item in ipairs(items) do
    if item.group == "activity" then
      rules[#rules + 1] = item
    else
      posture(item, reads, options, add)
    end
  end
  activity(rules, world, options, add)
  report.ok = #report.findings + #report.unknown == 0
  return report
end

--- Why events since a second cannot be read from the service; nil when they can.
function run.too_old(since, now)
  return since < math.floor(now) - limits.RETENTION and select(2, errors.new{ kind = "range", field = "since",
    hint = limits.RANGE_HINT, message = "check.since: more than 90 days ago, and events are kept for 90 days" }) or nil
end

return run
