local calendar = require "cloudaudit.calendar"

describe("calendar", function()
  local function text(seconds)
    local t = calendar.of(seconds)
    return ("%04d-%02d-%02d %02d:%02d:%02d %d"):format(t.year, t.month, t.day, t.hour, t.minute, t.second, t.weekday)
  end

  local function system(seconds)
    local t = os.date("!*t", seconds)
    return ("%04d-%02d-%02d %02d:%02d:%02d %d"):format(t.year, t.month, t.day, t.hour, t.min, t.sec, t.wday)
  end

  it("says what the system says, a second before each midnight of 110 years", function()
    for day = 0, 40000 do
      local seconds = day * 86400 + 86399
      if text(seconds) ~= system(seconds) then
        assert.equal(system(seconds), text(seconds))
      end
    end
  end)

  it("says what the system says across the centuries, before 1970 too", function()
    for seconds = -62e9, 130e9, 123456789 do
      assert.equal(system(math.floor(seconds)), text(seconds))
    end
  end)

  it("leaves fractions of a second out", function()
    assert.equal("1969-12-31 23:59:59 4", text(-0.5))
    assert.equal("1970-01-01 00:00:00 5", text(0.9))
  end)

  it("gives integers", function()
    for _, value in pairs(calendar.of(1700000000.5)) do
      assert.equal(math.floor(value), value)
    end
  end)
end)
