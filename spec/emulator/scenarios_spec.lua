local cloudaudit = require "cloudaudit"

local NOW = 1767225600

local function play(name, options)
  options = options or {}
  options.now, options.record = NOW, false
  local emulator = cloudaudit.emulator.new(options)
  local facts = emulator:scenario(name)
  local lines, by_id = {}, {}
  for event in emulator:client():events{ since = "-2d", order = "oldest", location = true } do
    lines[#lines + 1] = tostring(event) .. event.raw .. tostring(event.access_key_id)
    by_id[event.id] = event
  end
  return facts, by_id, lines
end

describe("cloudaudit.emulator.scenarios", function()
  it("gives the same events for the same seed only", function()
    for _, name in ipairs{ "console_logins", "leaked_key", "disabled_track" } do
      local facts, _, lines = play(name)
      local again, _, same = play(name)
      local _, _, other = play(name, { seed = 2 })
      assert.same(lines, same)
      assert.same(facts, again)
      assert.not_same(lines, other)
      assert.equal(#facts.events, #lines)
    end
  end)

  it("does not depend on scenarios played before", function()
    local emulator = cloudaudit.emulator.new{ now = NOW, record = false }
    emulator:scenario("console_logins")
    assert.same((play("leaked_key")), emulator:scenario("leaked_key"))
  end)

  it("alarms: every story an hour apart, within the last day but for what was usual before", function()
    local emulator = cloudaudit.emulator.new{ now = NOW, record = false }
    local facts, count, hours = emulator:scenario("alarms"), 0, {}
    for _, story in ipairs(require("cloudaudit.emulator.stories").LIST) do
      assert.equal(#story[2], #facts[story[1]])
      count = count + #story[2]
    end
    assert.equal(count, #facts.events)
    local recent, all = 0, 0
    for event in emulator:client():events{ since = "-30d" } do
      all = all + 1
      recent = recent + (event.time >= NOW - 86400 and 1 or 0)
      hours[math.floor(event.time / 3600)] = true
    end
    assert.equal(count, all)
    assert.is_true(recent >= count - 5)
    local different = 0
    for _ in pairs(hours) do
      different = different + 1
    end
    assert.is_true(different >= 22)
  end)

  it("console_logins: one root login from an unknown address among the usual ones", function()
    local facts, by_id = play("console_logins")
    local event = by_id[facts.suspicious]
    assert.equal("root", event.user)
    assert.equal("198.51.100.66", event.source_ip)
    assert.is_false(event.detail.requestParameters.mfa)
    for _, id in ipairs(facts.failed) do
      assert.equal(4, by_id[id].error_code)
    end
    local strange = 0
    for _, found in pairs(by_id) do
      assert.equal("ConsoleLogin", found.name)
      strange = strange + (found.location == "-" and 1 or 0)
    end
    assert.equal(1, strange)
  end)

  it("leaked_key: a key at two addresses, with session tokens that redact removes", function()
    local facts, by_id = play("leaked_key")
    local strange = 0
    for _, event in pairs(by_id) do
      assert.equal(facts.access_key_id, event.access_key_id)
      if event.source_ip == facts.source_ip then
        strange = strange + 1
        assert.truthy(event.time >= facts.since)
      end
      assert.truthy(event.detail.userIdentity.sessionContext.token:find("^leaked%-"))
      local clean = cloudaudit.redact(event)
      assert.is_nil((clean.raw .. tostring(clean)):find("leaked-", 1, true))
      assert.is_nil(clean.raw:find(facts.access_key_id, 1, true))
    end
    assert.equal(facts.count, strange)
  end)

  it("disabled_track: deletions between disabling and enabling", function()
    local facts, by_id = play("disabled_track")
    local off, on = by_id[facts.disabled], by_id[facts.enabled]
    assert.equal(0, off.detail.requestParameters.Status)
    assert.equal(1, on.detail.requestParameters.Status)
    assert.equal(8, #facts.hidden)
    for _, id in ipairs(facts.hidden) do
      assert.equal("DeleteBucket", by_id[id].name)
      assert.truthy(by_id[id].time > off.time and by_id[id].time < on.time)
    end
    assert.equal(tostring(facts.track_id), off.resource_name)
  end)

  it("raises for an unknown scenario with the known names", function()
    local emulator = cloudaudit.emulator.new()
    assert.error_matches(function() emulator:scenario("x") end,
      "scenario: alarms, console_logins, disabled_track, leaked_key, workday expected, got x")
  end)

  it("workday: people, products, denied calls, Chinese names, and calls that appear late", function()
    local emulator = cloudaudit.emulator.new{ now = NOW, record = false, rate = 0 }
    local facts = emulator:scenario("workday")
    local function read()
      local ids, seen = {}, { users = {}, products = {}, sources = {}, keys = {} }
      for event in emulator:client():events{ since = "-2d" } do
        ids[event.id] = event
        seen.users[event.user], seen.products[event.resource_type] = true, true
        seen.sources[event.source_ip], seen.keys[event.access_key_id] = true, true
      end
      return ids, seen
    end
    local before, seen = read()
    for _, user in ipairs{ "ann", "王芳", "审计员", "ci", "mallory" } do
      assert.is_true(seen.users[user])
    end
    for _, product in ipairs{ "cvm", "cos", "cam", "account", "cdb", "vpc" } do
      assert.is_true(seen.products[product])
    end
    for _, id in ipairs(facts.denied) do
      assert.same({ "denied", facts.resource, facts.user }, { before[id]:row().result, before[id]:row().resource,
        before[id].user })
    end
    assert.equal(30, #facts.late)
    for _, id in ipairs(facts.late) do
      assert.is_nil(before[id])
    end
    emulator:advance(100)
    local after = read()
    for index, id in ipairs(facts.late) do
      assert.equal(index <= 10, after[id] ~= nil)
    end
    assert.is_true(after[facts.late[1]].time < NOW - 300)
  end)

  it("fill: so many events of the last 30 days", function()
    local emulator = cloudaudit.emulator.new{ now = NOW, record = false, rate = 0 }
    require("cloudaudit.emulator.scenarios").fill(emulator, 500)
    local count, first, last = 0, nil, nil
    for event in emulator:client():events{ since = "-30d" } do
      count, first, last = count + 1, event.time, last or event.time
    end
    assert.equal(500, count)
    assert.is_true(last - first > 29 * 86400)
  end)
end)
