local track_command = require "support.track_command"

describe("cloudaudit tracks disable", function()
  local rig

  setup(function()
    rig = track_command.start()
    rig:create("one")
    rig:create("several", "--filter", "cam:write")
  end)

  teardown(function()
    rig:stop()
  end)

  it("prints what it would send with --dry-run", function()
    local writes = rig:writes()
    assert.truthy(rig:must("disable", "several", "--dry-run"):find("ModifyEventsAuditTrack", 1, true))
    assert.equal(writes, rig:writes())
  end)

  it("changes the state of both kinds, once", function()
    for _, name in ipairs{ "one", "several" } do
      local result = rig:run("disable", name)
      assert.same({ 0, '{"field":"enabled","was":"true","is":"false"}\n' }, { result.status, result.out })
      assert.equal(false, rig:sets()[name].enabled)
      assert.truthy(result.err:find("^no longer shipped by " .. name .. ": %a+ "), result.err)
      local writes = rig:writes()
      assert.same({ "", writes }, { rig:must("disable", name), rig:writes() })
    end
  end)

  it("ends with 7 when the answer is lost, and with 1 when that set does not exist", function()
    rig:must("enable", "one")
    rig.served:fault{ kind = "cut_after", action = "ModifyAuditTrack" }
    assert.equal(7, rig:run("disable", "one").status)
    assert.equal(false, rig:sets().one.enabled)
    assert.equal(1, rig:run("disable", "nothing").status)
  end)
end)
