local activity = require "cloudaudit.check.activity"
local engines = require "cloudaudit.check.engine"
local made = require "cloudaudit.emulator.stories"
local play = require "support.stories"

local event, times = made.event, made.times

-- An engine of all rules, or of those with the ids, and the findings of events in the order of `lists`.
local function run(options, ids, ...)
  local rules = {}
  for _, rule in ipairs(activity) do
    rules[#rules + 1] = (not ids or ids[rule.id]) and rule or nil
  end
  local engine, out = engines.new(rules, options), {}
  for found in play.emulator(...):client():events{ since = "-40d", order = "oldest" } do
    for _, finding in ipairs(engine:add(found)) do
      out[#out + 1] = finding
    end
  end
  return engine, out
end

describe("cloudaudit.check.engine", function()
  it("groups findings by actor, address and hour", function()
    local engine = run(nil, { ["net.rerouted"] = true }, times(3, 60, 60, "ModifyRoute", "vpc"),
      { event(61, "CreateRoute", "vpc", { Username = "ann" }) },
      { event(62, "CreateRoute", "vpc", { SourceIPAddress = "192.0.2.1" }) },
      { event(-3600, "CreateRoute", "vpc") })
    local counts = {}
    for index, finding in ipairs(engine:findings()) do
      counts[index] = ("%s %d"):format(finding.subject, finding.count)
    end
    assert.same({ "mallory from 198.51.100.9 1", "mallory from 198.51.100.9 3", "ann from 198.51.100.9 1",
      "mallory from 192.0.2.1 1" }, counts)
  end)

  it("begins another finding for another severity", function()
    local engine, out = run(nil, { ["policy.widened"] = true }, { event(60, "AttachUserPolicy", "cam"),
      event(70, "AttachUserPolicy", "cam", nil, { PolicyId = 1 }), event(80, "AttachUserPolicy", "cam") })
    assert.same({ "high", "critical" }, { out[1].severity, out[2].severity })
    assert.equal(2, #engine:findings())
    assert.equal(2, out[1].count)
  end)

  it("keeps to one finding under whichever key a storm is counted", function()
    local denied = { ApiErrorCode = "UnauthorizedOperation" }
    local engine = run(nil, { ["denied.storm"] = true }, times(30, 10, 60, "GetBucket", "cos", denied))
    assert.same({ 1, 30, 20 }, { #engine:findings(), engine:findings()[1].count, #engine:findings()[1].evidence })
  end)

  it("says what, how many and when", function()
    local engine = run(nil, { ["net.rerouted"] = true }, times(2, 60, 60, "ModifyRoute", "vpc"))
    assert.equal("ModifyRoute: a route, a peering, a network ACL or a flow log was changed, 2 events, "
      .. "2026-01-01T00:01:00Z to 2026-01-01T00:02:00Z", engines.describe(engine:findings()[1]))
  end)

  it("only learns from events before since, and judges by them only with them", function()
    local list = made.events("key.new_address")
    local engine, out = run({ since = play.HOUR }, { ["key.new_address"] = true }, list)
    assert.same({ true, 1 }, { engine:has_history(), #out })
    engine, out = run(nil, { ["key.new_address"] = true }, list)
    assert.same({ false, 0 }, { engine:has_history(), #out })
  end)

  it("finds the same when it follows, and forgets what is over", function()
    local all = {}
    for _, story in ipairs(made.LIST) do
      all[#all + 1] = story[2]
    end
    local engine, out = run(nil, nil, (table.unpack or unpack)(all))
    local following, same = run({ following = true }, nil, (table.unpack or unpack)(all))
    assert.is_true(#out > 15)
    assert.equal(#out, #engine:findings())
    assert.same({ #out, 0 }, { #same, #following:findings() })
    for index, finding in ipairs(out) do
      assert.same({ finding.id, finding.severity, finding.subject }, { same[index].id, same[index].severity,
        same[index].subject })
    end
    local emulator = play.emulator(times(2100, 600, 60, "ModifyRoute", "vpc"))
    emulator:set_now(play.HOUR + 2200 * 600)
    for found in emulator:client():events{ since = "-20d", order = "oldest" } do
      following:add(found)
    end
    local count = 0
    for _ in pairs(following.groups) do
      count = count + 1
    end
    assert.is_true(count < 300, tostring(count))
  end)

  it("counts events that come late", function()
    local emulator = play.emulator(times(10, 30, 60, "DeleteBucket", "cos"))
    local list, engine, count = {}, engines.new(activity, { following = true }), 0
    for found in emulator:client():events{ since = "-1d", order = "oldest" } do
      list[#list + 1] = found
    end
    table.insert(list, table.remove(list, 3))
    for _, found in ipairs(list) do
      for _, finding in ipairs(engine:add(found)) do
        count = count + (finding.id == "data.destroyed" and 1 or 0)
      end
    end
    assert.equal(1, count)
  end)

  it("quotes names in what may be pasted into a shell", function()
    local _, out = run(nil, { ["policy.widened"] = true }, { event(60, "AttachUserPolicy", "cam",
      { Username = "a; reboot" }) })
    assert.truthy(out[1].fix:find("cloudaudit who user:'a; reboot'", 1, true), out[1].fix)
  end)

  it("takes parameters of every form", function()
    local forms, count = { "[]", "[1,[2]]", '"x"', "5", "null", "{", '{"Status":null,"PolicyId":null}', '{"Status":{}}',
      '{"InstanceCount":-5}', '{"InstanceCount":[]}', '{"InstanceCount":1e400}', '{"Permission":[1]}',
      '{"PolicyDocument":[[{"effect":{},"action":null,"principal":5}]]}', '{"PolicyDocument":{"statement":5}}',
      '{"Filters":[],"EventNames":{}}', '{"Filters":{"ResourceFields":null}}', '{"TargetUin":{}}', '{"Status":true}',
      '{"Ingress":[{"Action":"accept","CidrBlock":["0.0.0.0/0"],"Port":{}}]}',
      '{"Ingress":[{"Action":"accept","CidrBlock":"0.0.0.0/0","Port":[22]}]}' }, 0
    for _, rule in ipairs(activity) do
      for _, source in ipairs(rule.events or { { "cam", "DescribeUsers DeleteUser" } }) do
        for name in source[2]:gmatch("%S+") do
          local list = {}
          for index, form in ipairs(forms) do
            list[index] = event(index, name, source[1], { RequestParameters = form, SessionContext = form })
          end
          local engine = run(nil, { [rule.id] = true }, list)
          count = count + #engine:findings()
        end
      end
    end
    assert.is_true(count > 30)
  end)

  it("takes events without anything", function()
    local events = require "cloudaudit.events.event"
    local engine = engines.new(activity, { since = 100 })
    assert.same({}, engine:add(events.new{}))
    assert.same({}, engine:add(events.new{ name = "ConsoleLogin", resource_type = "account", raw = "{" }))
    assert.same({}, engine:add(events.new{ name = "RunInstances", resource_type = "cvm", raw = '{"userIdentity":[]}' }))
  end)
end)
