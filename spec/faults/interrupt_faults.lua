-- Signals during a wait: Ctrl-C ends it, as the interpreter's hook runs in Lua; other signals do not shorten it.
local faults = require "faults.rig"

describe("a wait", function()
  local rig, service

  setup(function()
    rig = faults.start()
    service = rig.serve("http", { "request", "stall" })
  end)

  teardown(function()
    rig.stop()
  end)

  for _, what in ipairs{ "sleep", "call", "step" } do
    it("ends soon after Ctrl-C: " .. what, function()
      assert.equal("interrupted\tsoon\nend\nstatus 0\n", faults.child("interrupted", { args = { what, service.url } }))
    end)
  end

  it("lasts as long as it should when other signals come", function()
    assert.equal("slept\twhole\toften\nend\nstatus 0\n",
      faults.child("interrupted", { args = { "alarms", service.url } }))
  end)
end)
