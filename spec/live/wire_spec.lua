local cloudaudit = require "cloudaudit"
local wires = require "live.wire"

describe("live.wire", function()
  local emulator
  local function new(options)
    emulator = cloudaudit.emulator.new(options)
    return wires.new{ client = emulator:client(), driver = emulator:driver(),
      time = function() return emulator:now() end }
  end
  local PAGE = { PageNumber = 1, PageSize = 1 }

  it("sends what it is told, signed, with headers changed or left out", function()
    local wire = new()
    assert.equal(0, wire:read("DescribeAuditTracks", PAGE).members.TotalCount)
    local options = { headers = { ["X-TC-Region"] = false } }
    assert.equal("MissingParameter", wire:read("DescribeAuditTracks", PAGE, options).code)
    assert.equal("UnknownParameter", wire:read("DescribeAuditTracks", { PageNumber = 1, PageSize = 1, A = 1 }).code)
    assert.equal("InvalidParameter", wire:read("DescribeAuditTracks", "[1]").code)
    assert.equal("AuthFailure.SignatureExpire", wire:read("DescribeAuditTracks", PAGE, { skew = -400 }).code)
    assert.equal("AKIDz8krbsJ5yKBZQpn74WFkmLPx3EXAMPLE", wire:key_id())
  end)

  it("repeats a read whose answer is lost or throttled, and a write only when throttled", function()
    local wire = new()
    for _, kind in ipairs{ "cut_after", "throttle", "status" } do
      emulator:fault{ kind = kind, action = "DescribeAuditTracks" }
    end
    assert.equal(0, wire:read("DescribeAuditTracks", PAGE).members.TotalCount)
    assert.equal(4, emulator:count("DescribeAuditTracks"))
    emulator:fault{ kind = "throttle", action = "DeleteAuditTrack" }
    emulator:fault{ kind = "cut_before", action = "DeleteAuditTrack" }
    assert.truthy(wire:write("DeleteAuditTrack", { TrackId = 1 }).lost)
    assert.equal(2, emulator:count("DeleteAuditTrack"))
  end)

  it("keeps below the rate", function()
    local wire = new{ rate = 10 }
    for _ = 1, 40 do
      assert.is_nil(wire:once("DescribeAuditTracks", PAGE).code)
    end
  end)

  it("sends a burst at once, and knows the codes of throttling", function()
    local wire = new{ rate = 10, retry_after = 2 }
    local passed = 0
    for _, answer in ipairs(wire:burst("DescribeAuditTracks", PAGE, 15)) do
      passed = passed + (answer.code and 0 or 1)
      assert.is_true(not answer.code or answer.headers["retry-after"] == "2")
    end
    assert.equal(10, passed)
    for code, expected in pairs{ RequestLimitExceeded = true, ["RequestLimitExceeded.UinLimitExceeded"] = true,
      ["LimitExceeded.FreqLimit"] = true, ["LimitExceeded.RateLimitExceeded"] = true,
      ["LimitExceeded.OverAmount"] = false, InternalError = false } do
      assert.equal(expected, wires.is_throttle(code), code)
    end
    assert.is_false(wires.is_throttle(nil))
  end)

  it("takes the service's time from its Date header", function()
    local wire = new{ now = 1900000000 }
    local off = wires.new{ client = emulator:client(), driver = emulator:driver(),
      time = function() return 1899990000 end }
    assert.equal("AuthFailure.SignatureExpire", off:once("DescribeAuditTracks", PAGE).code)
    assert.is_true(math.abs(off:time() - wire:time()) <= 1)
    assert.is_nil(off:once("DescribeAuditTracks", PAGE).code)
  end)
end)
