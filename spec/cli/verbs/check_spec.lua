-- Numbers in parentheses are those of the tests in the command's specification. The process runs are few; what the verb
-- says of reports is looked at in this process.
local check_rig = require "support.check_rig"
local command = require "support.command"
local core = require "cloudaudit.core"
local emulator = require "support.emulator"

local function rows_of(text)
  local rows, count = {}, 0
  for line in text:gmatch("[^\n]+") do
    local row = assert(core.decode(line))
    rows[row.id], count = row, count + 1
  end
  return rows, count
end

describe("cloudaudit check as a process", function()
  local served, env

  setup(function()
    served = emulator.start{ "--rate", "0", "--scenario", "alarms" }
    env = command.env(served)
  end)

  teardown(function()
    served:stop()
  end)

  local function run(...)
    return command.run({ "check", ... }, { env = env })
  end

  it("refuses --columns before anything is sent", function()
    local result = run("trail.exists", "--columns", "bogus", "-o", "csv")
    assert.same({ 2, "", 0 }, { result.status, result.out, #served:journal() }, result.err)
  end)

  it("finds what is wrong, ends with 4, and changes nothing", function()
    local result = run("--baseline", "30d")
    local rows = rows_of(result.out)
    assert.equal(4, result.status, result.err)
    assert.same({ "fail", "fail", "skipped", "pass" }, { rows["trail.exists"].result, rows["root.key"].result,
      rows["trail.drift"].result, rows["trail.idle"].result })
    assert.truthy(result.err:find("%d+ pass, %d+ fail, %d+ skipped\n"), result.err)
    assert.truthy(result.err:find("not checked, since this API does not tell", 1, true))
    for _, entry in ipairs(served:journal()) do
      assert.is_false(require("cloudaudit.actions").get(entry.action).writes)
    end
  end)

  it("prints a table with fixes on a terminal, JSON that jq reads, and nothing that passes with -q (13)", function()
    local shown = command.on_terminal({ "check", "trail.exists", "root.key", "trail.idle" }, 100, { env = env })
    assert.truthy(shown.out:find("\nSEVERITY +ID +RESULT +SUBJECT +DETAIL") or shown.out:find("^SEVERITY"), shown.out)
    assert.truthy(shown.out:find("\n  fix: cloudaudit tracks create all-events --storage URL", 1, true), shown.out)
    assert.truthy(shown.out:find("\n  seen: %x+"))
    local quiet = command.run({ "check", "-q", "-o", "json" }, { env = env, after = "| jq -c 'map(.result) | unique'" })
    assert.same({ '["fail","skipped"]\n', "" }, { quiet.out, quiet.err })
  end)

  it("stops with the status of what cannot be read, and goes by --patience when it is throttled", function()
    served:fault{ kind = "throttle", action = "ListAudits", times = "always" }
    local result = run("trail.legacy", "--fail-on", "low", "--patience", "1s", "--call-timeout", "0.5")
    assert.equal(0, result.status, result.err) -- info is below low
    assert.equal("unknown", rows_of(result.out)["trail.legacy"].result)
    served:clear_faults()
    served:fault{ kind = "throttle", action = "DescribeAuditTracks", times = "always" }
    result = run("trail.exists", "--patience", "1s", "--call-timeout", "0.5")
    assert.same({ 5, "unknown" }, { result.status, rows_of(result.out)["trail.exists"].result }, result.err)
    served:clear_faults()
    result = command.run({ "check", "root.login" }, { env = command.env(served, {
      TENCENTCLOUD_SECRET_KEY = "wrong" }) })
    assert.equal(3, result.status)
    result = command.run({ "check", "root.login", "--call-timeout", "0.5" }, { env = command.env(served, {
      CLOUDAUDIT_ENDPOINT = "http://127.0.0.1:1" }) })
    assert.equal(6, result.status)
    result = command.run({ "check", "root.login", "--region", "?" }, { env = env })
    assert.equal(2, result.status)
  end)
end)

describe("cloudaudit check", function()
  local rig

  local function start(options)
    rig = check_rig.new(options)
  end

  after_each(function()
    rig:close()
  end)

  local function run(line)
    local status, out, err = rig:run("cloudaudit check " .. line)
    return status, out, err
  end

  it("refuses what is wrong before anything is sent", function()
    start()
    for line, message in pairs{
      ["trail.writs"] = "ID: unknown check trail.writs, did you mean trail.writes?",
      ["--skip trail,activity"] = "--skip: no check is left",
      ["--skip recn"] = "--skip: unknown check recn, did you mean recon?",
      ["--fail-on info"] = "--fail-on: low, medium, high, critical expected",
      ["--since 91d"] = "--since: ",
      ["--baseline soon"] = "--baseline: duration such as",
      ["--against x.json"] = "--against: x.json: No such file",
      ["trail --from x"] = "--from: an export has events alone, trail.exists reads tracking sets",
      ["trail --since 2d"] = "--since: it concerns the group activity, of which nothing is checked",
      ["trail --baseline 30d"] = "--baseline: it concerns the group activity",
      ["activity --against x.json"] = "--against: it concerns the group trail",
      ["--skip trail --organization"] = "--organization: it concerns the group trail",
      ["-o csvv"] = "--output: table, jsonl, json, csv expected",
    } do
      local status, _, err = run(line)
      assert.equal(2, status, line)
      assert.truthy(err:find(message, 1, true), err)
    end
    assert.equal(0, rig.emulator:count())
  end)

  it("has the status of the gravest failure that counts (30)", function()
    start()
    rig:create("all-events")
    assert.equal(0, (run "trail --skip trail.touched"))
    rig:create("old", { enabled = false })
    assert.equal(0, (run "trail"))
    assert.equal(4, (run "trail --fail-on low"))
    rig.emulator:fault{ kind = "error", code = "UnauthorizedOperation", action = "DescribeEvents", times = "always" }
    assert.equal(3, (run "trail"))
    assert.equal(4, (run "trail --fail-on low"))
    assert.equal(0, (run "trail.exists trail.writes"))
    assert.equal(0, (run "trail --skip trail.touched,trail.gap,trail.sink,trail.recording,trail.elsewhere"))
    assert.equal(0, (run "trail.elsewhere"))
    assert.equal(3, (run "trail.elsewhere --fail-on low"))
    rig.emulator:fault{ kind = "cut_before", action = "DescribeAuditTracks", times = "always" }
    assert.equal(3, (run "trail"))
    assert.equal(6, (run "trail.exists"))
    assert.equal(3, (run "root.login"))
  end)

  it("lists the catalog with what is read, and sends nothing", function()
    start()
    local status, out = run "--list"
    local rows, count = rows_of(out)
    assert.same({ 0, 42 }, { status, count })
    assert.equal("cam: CreateAccessKey, CreateApiKey, CreateCollApiKey, CreateProjectKey, EnableApiKey, "
      .. "EnableCollApiKey, UpdateAccessKey", rows["key.created"].looks_at)
    assert.same({ "DescribeAuditTracks", "DescribeAuditTrack" }, rows["trail.writes"].reads)
    assert.same({ "high", "critical", "activity" }, { rows["key.created"].severity, rows["key.created"].worst,
      rows["key.created"].group })
    assert.equal("userIdentity.sessionContext.mfa", rows["login.no_mfa"].guessed)
    for _, row in pairs(rows) do
      assert.is_true(#row.when > 10 and #row.fix > 3, row.id)
    end
    status, out = run "recon --list -o table"
    assert.same({ 0, 2 }, { status, select(2, out:gsub("\n", "")) })
    assert.equal(0, rig.emulator:count())
  end)

  it("compares with a file, by the plan of tracks (28)", function()
    start()
    local path = rig.place.path .. "/tracks.json"
    local file = assert(io.open(path, "w"))
    file:write('{"name":"all-events","action":"write","storage":"', check_rig.URL, '"}')
    file:close()
    rig:create("all-events")
    local status, out = run("trail.drift --against " .. path)
    local row = rows_of(out)["trail.drift"]
    assert.same({ 4, "fail", "all-events", "cloudaudit tracks apply -f " .. path }, { status, row.result, row.subject,
      row.fix })
    assert.equal(0, (rig:run(row.fix)))
    assert.equal(0, (run("trail.drift --against " .. path)))
    file = assert(io.open(path, "w"))
    file:write('{"nam":"all-events"}')
    file:close()
    local sent = (rig.emulator:count())
    local wrong, _, err = run("trail --against " .. path)
    assert.same({ 2, sent }, { wrong, (rig.emulator:count()) })
    assert.truthy(err:find("did you mean name?", 1, true), err)
  end)

  it("expects a set for all members with --organization", function()
    start()
    rig:create("all-events")
    local _, out = run "trail.organization"
    assert.equal("skipped", rows_of(out)["trail.organization"].result)
    assert.equal(4, (run "trail.organization --organization"))
  end)

  it("reads the events of --since, and those of --baseline to compare with", function()
    start{ record = false }
    rig.emulator:scenario("alarms")
    local function results(line)
      local _, out = run(line)
      local rows = rows_of(out)
      return rows["key.new_address"].result .. " " .. rows.recon.result .. " " .. rows["net.rerouted"].result
    end
    assert.equal("skipped skipped fail", results "activity")
    assert.equal("fail fail fail", results "activity --baseline 30d")
    assert.equal("skipped skipped pass", results "activity --since 2h")
  end)

  it("takes the events of an export through the source of all verbs, and activity alone", function()
    start{ record = false }
    rig.emulator:scenario("alarms")
    local reading = require "cloudaudit.cli.reading"
    local source, paths = reading.source, {}
    reading.source = function(_, request)
      paths[#paths + 1] = request.from
      local iterator = rig.client:events{ since = request.since, ["until"] = request["until"], order = request.order }
      return function()
        local event, _, err = iterator:next()
        return event, err
      end
    end
    local status, out, err = run "--from archive"
    reading.source = source
    assert.same({ 4, { "archive" } }, { status, paths }, err)
    local rows, count = rows_of(out)
    assert.is_true(count >= 22 and rows["trail.exists"] == nil)
    assert.same({ "fail", "fail" }, { rows.recon.result, rows["key.new_address"].result })
    assert.is_nil(err:find("not checked", 1, true))
  end)

  it("shows each result in the members of the specification", function()
    start()
    local _, out = run "trail.exists -o json"
    local row = core.decode(out)[1]
    local names = {}
    for name in pairs(row) do
      names[#names + 1] = name
    end
    table.sort(names)
    assert.equal("detail evidence fix id reads result severity subject", table.concat(names, " "))
    _, out = run "trail.exists -o csv"
    assert.equal("severity,id,result,subject,detail,fix", out:match("^[^\n]*"))
  end)

  it("says how to see everything", function()
    start()
    local status, out = run "--help"
    assert.equal(0, status)
    for _, text in ipairs{ "--fail-on", "--baseline", "--against", "--organization", "--list", "--from", "--skip" } do
      assert.truthy(out:find(text, 1, true), text)
    end
  end)
end)
