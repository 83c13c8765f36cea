local check_rig = require "support.check_rig"
local client = require "cloudaudit.client"
local worlds = require "cloudaudit.check.world"

describe("cloudaudit.check.world", function()
  local rig, world

  before_each(function()
    rig = check_rig.new{ audits = { { AuditName = "old", AuditStatus = 1 } }, quota = 3 }
    world = worlds.new(client.session_of(rig.client))
  end)

  after_each(function()
    rig:close()
  end)

  it("reads everything that checks need", function()
    local id = rig:create("all-events").id
    assert.same({ 1, id }, { #world.tracks(), world.tracks()[1].id })
    assert.is_false(world.track(id).all_members)
    assert.equal(2, world.quota().remaining)
    assert.equal("old", world.audits()[1].AuditName)
    assert.is_true(world.differences{ { name = "all-events", action = "all", storage = check_rig.URL } }.same)
    assert.is_true(math.abs(world.now() - rig.emulator:now()) < 5)
    local source = world.events{ since = "-1h", where = { event_name = "CreateAuditTrack" } }
    assert.equal("CreateAuditTrack", source().name)
    assert.is_nil(source())
  end)

  it("returns failures, and raises none", function()
    rig.emulator:fault{ kind = "error", code = "UnauthorizedOperation", times = "always" }
    local calls = { tracks = {}, track = { 1 }, quota = {}, audits = {}, differences = { {} } }
    for name, given in pairs(calls) do
      local value, message, err = world[name](given[1])
      assert.same({ nil, "permission" }, { value, err.kind }, message)
    end
    local source = world.events{ since = "-1h" }
    for _ = 1, 2 do
      local event, _, err = source()
      assert.same({ nil, "permission" }, { event, err.kind })
    end
  end)

  it("refuses a list of old-style sets that is none", function()
    rig.emulator:fault{ kind = "mutate", action = "ListAudits", member = "AuditSummarys", value = "x" }
    local list, _, err = world.audits()
    assert.same({ nil, "protocol", "AuditSummarys" }, { list, err.kind, err.field })
    rig.emulator:fault{ kind = "mutate", action = "ListAudits", member = "AuditSummarys",
      raw = '[1,{"AuditName":"a"}]' }
    assert.same({ { AuditName = "a" } }, (world.audits()))
  end)
end)
