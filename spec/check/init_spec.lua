local check_rig = require "support.check_rig"
local cloudaudit = require "cloudaudit"
local made = require "cloudaudit.emulator.stories"
local play = require "support.stories"

local function events_of(...)
  local list = {}
  for event in play.emulator(...):client():events{ since = "-40d", order = "oldest" } do
    list[#list + 1] = event
  end
  return list
end

local function stream(list, err)
  local index = 0
  return function()
    index = index + 1
    if not list[index] and err then
      return nil, err.message, err
    end
    return list[index]
  end
end

describe("cloudaudit.check", function()
  local rig

  before_each(function()
    rig = check_rig.new()
  end)

  after_each(function()
    rig:close()
  end)

  it("reports on an account: all checks, each at least once, in the order of the catalog", function()
    rig.emulator:scenario("alarms")
    local report = assert(cloudaudit.check(rig.client, { baseline = "30d" }))
    local seen, last = {}, 0
    local order = {}
    for index, item in ipairs(require("cloudaudit.check.catalog").choose()) do
      order[item.row.id] = index
    end
    for _, result in ipairs(report.results) do
      seen[result.id] = true
      assert.is_true(order[result.id] >= last)
      last = order[result.id]
      assert.is_true(#result.detail > 0 and #result.reads > 0 and result.evidence ~= nil)
      assert.is_true(result.result ~= "fail" or result.fix ~= nil and result.subject ~= nil, result.id)
    end
    for id in pairs(order) do
      assert.is_true(seen[id] or false, id)
    end
    assert.is_false(report.ok)
    assert.same({}, report.unknown)
  end)

  it("finds every story of the scenario alarms", function()
    local facts = rig.emulator:scenario("alarms")
    local report = assert(cloudaudit.check(rig.client, { baseline = "30d", checks = { "activity" } }))
    local seen = {}
    for _, finding in ipairs(report.findings) do
      for _, id in ipairs(finding.evidence) do
        seen[finding.id .. " " .. id] = true
      end
    end
    for _, story in ipairs(made.LIST) do
      assert.is_true(seen[story[1] .. " " .. facts[story[1]][#facts[story[1]]]] or false, story[1])
    end
  end)

  it("reads only", function()
    rig:create("all-events")
    assert(cloudaudit.check(rig.client, { organization = true, against = {}, baseline = 3600 }))
    for _, entry in ipairs(rig.emulator:journal()) do
      assert.is_true(entry.action == "CreateAuditTrack" or entry.effect == nil, entry.action)
    end
  end)

  it("takes ids and groups, and leaves some out", function()
    local report = assert(cloudaudit.check(rig.client, { checks = { "trail" }, skip = { "trail.legacy" } }))
    assert.is_true(#report.results >= 19)
    for _, result in ipairs(report.results) do
      assert.is_true(result.group == "trail" and result.id ~= "trail.legacy")
    end
    assert.same({ ok = true, results = {}, findings = {}, unknown = {}, blind = report.blind },
      cloudaudit.check(rig.client, { checks = {} }))
  end)

  it("keeps what a missing permission hides as unknown, with the error", function()
    rig:create("all-events")
    rig.emulator:fault{ kind = "error", code = "UnauthorizedOperation", action = "DescribeEvents", times = "always" }
    local report = assert(cloudaudit.check(rig.client))
    for _, result in ipairs(report.unknown) do
      assert.equal("permission", result.err.kind)
    end
    assert.is_true(#report.unknown > 20)
    local passed = {}
    for _, result in ipairs(report.results) do
      passed[result.id] = result.result == "pass"
    end
    assert.is_true(passed["trail.writes"] and not passed["root.login"] and not passed["trail.touched"])
  end)

  it("takes one event", function()
    local event = events_of(made.events("trail.off"))[1]
    local report = cloudaudit.check(event)
    assert.same({ "trail.off", "critical", { event.id } }, { report.findings[1].id, report.findings[1].severity,
      report.findings[1].evidence })
    assert.equal(22, #report.results)
    assert.is_true(cloudaudit.check(event, { checks = { "root.login" } }).ok)
  end)

  it("takes a stream, with what came before since to compare with", function()
    local list = events_of(made.events("key.new_address"), made.events("net.rerouted"))
    local report = cloudaudit.check(stream(list), { since = play.HOUR })
    assert.same({ "key.new_address", "net.rerouted" }, { report.findings[1].id, report.findings[2].id })
    report = cloudaudit.check(stream(list))
    assert.equal("net.rerouted", report.findings[1].id)
    assert.equal(1, #report.findings)
    local _, err = require("cloudaudit.errors").new{ kind = "transport", message = "broken" }
    report = cloudaudit.check(stream(list, err), { since = play.HOUR, checks = { "activity", "trail" } })
    assert.same({ 3, 19 }, { #report.findings, #report.unknown })
  end)

  it("raises for what is wrong at the caller's line", function()
    local function raises(pattern, ...)
      local done, message = pcall(cloudaudit.check, ...)
      assert.is_false(done)
      assert.truthy(message:find(pattern), message)
    end
    raises("check: a client, an event or a function", 5)
    raises("check: a client, an event or a function", {})
    raises("check.skp: unknown option, did you mean skip%?", rig.client, { skp = {} })
    raises("check.checks: unknown check trail.writs, did you mean trail.writes%?", rig.client,
      { checks = { "trail.writs" } })
    raises("check.skip: unknown check x", rig.client, { skip = { "x" } })
    raises('check.baseline: a duration such as "30d"', rig.client, { baseline = "soon" })
    raises("check.organization: boolean expected", rig.client, { organization = 1 })
    raises("diff_tracks%[1%].name: missing", rig.client, { against = { { storage = check_rig.URL } } })
  end)

  it("fails for times that the service does not have, before anything is read", function()
    local function kind(options)
      return select(3, cloudaudit.check(rig.client, options)).kind
    end
    assert.equal("range", kind{ since = "-91d" })
    assert.equal("validation", kind{ since = "-1h", ["until"] = "-2h" })
    assert.equal("validation", kind{ since = "soon" })
    assert.equal(0, rig.emulator:count())
    rig.client:close()
    assert.equal("closed", kind())
  end)

  it("waits in a task", function()
    rig:create("all-events")
    local report
    local future = rig.client:task(function()
      report = cloudaudit.check(rig.client, { checks = { "trail.writes", "root.login" } })
      return report.ok
    end)
    assert.is_true(future:await())
    assert.same({ true, 2 }, { report.ok, #report.results })
  end)
end)

describe("cloudaudit.watch", function()
  it("gives each finding once, with what check says of it", function()
    local watch, count = cloudaudit.watch(), 0
    for _, event in ipairs(events_of(made.times(3, 60, 60, "ModifyRoute", "vpc"))) do
      for _, finding in ipairs(watch:add(event)) do
        count = count + 1
        assert.same({ "net.rerouted", "fail", "medium", { event.id } }, { finding.id, finding.result,
          finding.severity, finding.evidence })
      end
    end
    assert.equal(1, count)
  end)

  it("finds what check finds, but for the rules that compare (30)", function()
    local list = {}
    for _, story in ipairs(made.LIST) do
      for _, event in ipairs(events_of(story[2])) do
        list[#list + 1] = event
      end
    end
    local watch, found, expected = cloudaudit.watch(), {}, {}
    for _, event in ipairs(list) do
      for _, finding in ipairs(watch:add(event)) do
        found[#found + 1] = finding.id .. " " .. finding.severity .. " " .. finding.subject
      end
    end
    for _, finding in ipairs(cloudaudit.check(stream(list)).findings) do
      expected[#expected + 1] = finding.id .. " " .. finding.severity .. " " .. finding.subject
    end
    table.sort(found)
    table.sort(expected)
    assert.same(expected, found)
    assert.is_true(#found > 15)
  end)

  it("takes rules by id, and refuses checks of tracking sets and rules that compare", function()
    assert.same({}, cloudaudit.watch{ checks = { "root.login" } }:add(events_of(made.events("trail.off"))[1]))
    assert.same({}, cloudaudit.watch{ skip = { "trail.off" } }:add(events_of(made.events("trail.off"))[1]))
    for pattern, options in pairs{ ["watch.checks: trail.exists is not an activity rule"] = { checks = { "trail" } },
      ["watch.checks: recon compares with earlier days"] = { checks = { "recon" } },
      ["watch.checks: unknown check x"] = { checks = { "x" } }, ["watch.since: unknown option"] = { since = 1 } } do
      local done, message = pcall(cloudaudit.watch, options)
      assert.is_false(done)
      assert.truthy(message:find(pattern, 1, true), message)
    end
    assert.has_error(function()
      cloudaudit.watch():add{}
    end)
  end)
end)
