local clock = require "cloudaudit.clock"

local function session(signed)
  local logged = {}
  local made = { clock = function() return 1000 end, core = { clock_offset = function() return signed end },
    settings = { log = function(level, text) logged[#logged + 1] = level .. ": " .. text end }, logged = logged }
  return made
end

local function learned(self, ahead)
  clock.learn(self, ahead)
  return clock.offset(self)
end

describe("the service's clock", function()
  it("is the local one until a response says otherwise by more than a few seconds", function()
    local self = session(0)
    assert.equal(1000, clock.now(self))
    assert.equal(0, learned(self, 5))
    assert.equal(0, learned(self, -5))
    assert.is_true(self.clock_known)
    assert.equal(100, learned(self, 100))
    assert.equal(1100, clock.now(self))
    assert.equal(100, learned(self, 104))
    assert.equal(106, learned(self, 106))
    assert.equal(0, learned(self, 1))
    assert.same({ "warn: the local clock is 100 s behind the service's: times are corrected, set the clock (NTP)" },
      self.logged)
  end)

  it("follows the correction of signatures, and no date that contradicts it", function()
    assert.equal(28800, learned(session(28800), 28800))
    assert.equal(28800, learned(session(28800), 0))
    assert.equal(28800, learned(session(28800), false))
    assert.equal(0, learned(session(0), false))
    assert.equal(28800 - 200, learned(session(28800), 28600))
    assert.equal(0, learned(session(0), 28800))
  end)
end)
