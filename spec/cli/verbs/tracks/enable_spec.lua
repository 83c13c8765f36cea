local track_command = require "support.track_command"

describe("cloudaudit tracks enable", function()
  local rig

  setup(function()
    rig = track_command.start()
    rig:create("one", "--disabled")
    rig:create("several", "--filter", "cam:write", "--disabled")
  end)

  teardown(function()
    rig:stop()
  end)

  it("prints what it would send with --dry-run", function()
    local writes = rig:writes()
    assert.truthy(rig:must("enable", "several", "--dry-run"):find("ModifyEventsAuditTrack", 1, true))
    assert.equal(writes, rig:writes())
  end)

  it("changes the state of both kinds, once", function()
    for _, name in ipairs{ "one", "several" } do
      local result = rig:run("enable", name)
      assert.same({ 0, '{"field":"enabled","was":"false","is":"true"}\n' }, { result.status, result.out })
      assert.equal(true, rig:sets()[name].enabled)
      assert.equal("", result.err)
      local writes = rig:writes()
      assert.same({ "", writes }, { rig:must("enable", name), rig:writes() })
    end
  end)

  it("ends with 7 when the answer is lost, and with 1 when that set does not exist", function()
    rig:must("disable", "one")
    rig.served:fault{ kind = "cut_after", action = "ModifyAuditTrack" }
    assert.equal(7, rig:run("enable", "one").status)
    assert.equal(true, rig:sets().one.enabled)
    assert.equal(1, rig:run("enable", "nothing").status)
  end)
end)
