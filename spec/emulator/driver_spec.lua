local cloudaudit = require "cloudaudit"
local emulator = require "cloudaudit.emulator"
local signed = require "support.signed"

describe("cloudaudit.emulator.driver", function()
  local emu, client

  before_each(function()
    emu = emulator.new{ now = signed.NOW }
    client = emu:client{ retries = 0 }
  end)

  it("makes a client without sockets, credentials or an environment", function()
    assert.equal(1, assert(client:CreateAuditTrack(signed.track())).TrackId)
    assert.is_true(emu:journal()[1].signed)
    client = cloudaudit.new{ driver = emu:driver(), clock = function() return emu:now() end, env = false,
      secret_id = "AKIDnobody", secret_key = "x" }
    local _, _, err = client:DescribeAuditTrack{ TrackId = 1 }
    assert.equal("AuthFailure.SecretIdNotFound", err.code)
  end)

  it("uses a temporary key with its token", function()
    local temporary = emulator.new{ now = signed.NOW, secrets = { AKIDt = "key" }, tokens = { AKIDt = "t-1" } }
    assert(temporary:client():ListAudits{})
    assert.is_nil((temporary:client{ secret_id = "AKIDt", secret_key = "key" }:ListAudits{}))
  end)

  it("reports the outcome of each fault", function()
    local cases = {
      { { kind = "cut_before" }, "transport", "unknown", 0 },
      { { kind = "cut_after" }, "transport", "unknown", 1 },
      { { kind = "truncate" }, "protocol", "unknown", 1 },
      { { kind = "delay", seconds = 60 }, "timeout", "unknown", 1 },
      { { kind = "status" }, "server", "unknown", 0 },
      { { kind = "error", code = "InvalidParameter" }, "validation", "rejected", 0 },
    }
    for i, case in ipairs(cases) do
      emu:reset()
      emu:fault(case[1])
      local track, _, err = client:CreateAuditTrack(signed.track())
      assert.is_nil(track)
      assert.same({ case[2], case[3], case[4] }, { err.kind, err.outcome, #emu:all_tracks() }, "case " .. i)
    end
  end)

  it("advances the emulator's clock instead of waiting", function()
    local started = os.time()
    emu:fault{ kind = "delay", seconds = 5 }
    assert(client:ListAudits{})
    assert.equal(signed.NOW + 5, emu:now())
    emu:fault{ kind = "delay", seconds = 60 }
    assert.is_nil((client:ListAudits{}))
    assert.equal(signed.NOW + 15, emu:now())
    assert.is_true(os.time() - started < 5)
  end)

  it("lets a client retry throttled requests", function()
    emu:fault{ kind = "throttle", times = 2 }
    assert(emu:client():ListAudits{})
    assert.equal(3, (emu:count("ListAudits")))
    assert.is_true(emu:now() > signed.NOW)
  end)

  it("keeps a client within the rate limit", function()
    for _ = 1, 100 do
      assert(client:ListAudits{})
    end
    local _, _, failures = emu:count("ListAudits")
    assert.equal(0, failures)
  end)

  it("ends every wait of a client whose sleep does not sleep", function()
    local slept = 0
    client = emu:client{ sleep = function(seconds) slept = slept + seconds end }
    emu:fault{ kind = "throttle", times = 2 }
    assert(client:ListAudits{})
    assert.equal(3, (emu:count("ListAudits")))
    assert.is_true(slept > 0)
    emu:fault{ kind = "throttle", times = "always" }
    local _, _, err = client:ListAudits{}
    assert.equal("throttled", err.kind)
    emu:clear_faults()
    local _, message, timeout = emu:client{ sleep = function() end }:wait_for({ where = { event_name = "No" } }, 60)
    assert.equal("timeout", timeout.kind, message)
  end)
end)
