local clock = require "cloudaudit.clock"

local function session(signed, more)
  local logged = {}
  local made = { clock = function() return 1000 end, tls = true, core = { clock_offset = function() return signed end },
    settings = { log = function(level, text) logged[#logged + 1] = level .. ": " .. text end }, logged = logged }
  for name, value in pairs(more or {}) do
    made[name] = value
  end
  return made
end

local function learned(self, date, trip)
  clock.learn(self, { date = date, date_at = 1000, round_trip = trip or 0 })
  return clock.offset(self)
end

describe("the service's clock", function()
  it("is the local one until a response says otherwise by more than a few seconds", function()
    local self = session(0)
    assert.equal(1000, clock.now(self))
    assert.equal(0, learned(self, 1005))
    assert.equal(0, learned(self, 995))
    assert.is_true(self.clock_known)
    assert.equal(100, learned(self, 1100))
    assert.equal(1100, clock.now(self))
    assert.equal(100, learned(self, 1104))
    assert.equal(106, learned(self, 1106))
    assert.equal(0, learned(self, 1001))
    assert.same({ "warn: the local clock is 100 s behind the service's: times are corrected, set the clock (NTP)" },
      self.logged)
  end)

  it("counts from the middle of the exchange, and a slow exchange tells nothing", function()
    assert.equal(52, learned(session(0), 1050, 4))
    assert.equal(0, learned(session(0), 1050, 6))
  end)

  it("follows the correction of signatures, and no date that contradicts it", function()
    assert.equal(28800, learned(session(28800), 1000 + 28800))
    assert.equal(28800, learned(session(28800), 1000))
    assert.equal(28800 - 200, learned(session(28800), 1000 + 28600))
    assert.equal(0, learned(session(0), 1000 + 28800))
    assert.equal(-500, learned(session(-500, { tls = false }), 4000))
    assert.equal(0, learned(session(0, { tls = false }), 1100))
  end)
end)
