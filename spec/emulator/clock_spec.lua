local clock = require "cloudaudit.emulator.clock"
local core = require "cloudaudit.core"

describe("cloudaudit.emulator.clock", function()
  it("stands still at a given time until it is changed", function()
    local fixed = clock.new(1000)
    assert.equal(1000, fixed:now())
    fixed:advance(2.5)
    assert.equal(1002.5, fixed:now())
    fixed:set(500)
    assert.equal(500, fixed:now())
    fixed:reset()
    assert.equal(1000, fixed:now())
  end)

  it("follows a function", function()
    local time = 7
    local own = clock.new(function() return time end)
    own:advance(10)
    time = 8
    assert.equal(18, own:now())
  end)

  it("follows the system's clock", function()
    local system = clock.new()
    assert.is_true(math.abs(system:now() - core.time()) < 5)
    system:set(1000)
    assert.is_true(system:now() >= 1000 and system:now() < 1005)
  end)

  it("has a monotonic time that never goes back", function()
    local fixed = clock.new(1000)
    local before = fixed:monotonic()
    fixed:set(1)
    fixed:advance(-50)
    assert.equal(before, fixed:monotonic())
    fixed:advance(3)
    assert.equal(before + 3, fixed:monotonic())
    fixed:reset()
    assert.equal(before + 3, fixed:monotonic())
  end)

  it("writes times and dates", function()
    assert.equal("2019-02-26 00:44:25", clock.local_time(1551113065.9))
    assert.equal("2019-02-25", clock.utc_date(1551139199))
    assert.equal("2019-02-26", clock.utc_date(1551139200))
    assert.equal("Mon, 25 Feb 2019 16:44:25 GMT", clock.http_date(1551113065))
  end)
end)
