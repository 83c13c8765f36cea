local time = require "cloudaudit.time"

-- The last second that os.date knows where the C library's times have 32 bits, as on i386.
local SYSTEMS_LAST = pcall(os.date, "!%Y", time.LAST) and time.LAST or 2 ^ 31 - 1
local SYSTEMS_FIRST = pcall(os.date, "!%Y", -62e9) and -62e9 or -2 ^ 31

describe("time.parse", function()
  local NOW = 1769846400.75 -- 2026-01-31T08:00:00Z

  it("converts every notation to epoch seconds", function()
    local cases = {
      ["now"] = 1769846400, ["-0s"] = 1769846400, ["-90s"] = 1769846310, ["-15m"] = 1769845500, ["-24h"] = 1769760000,
      ["-7d"] = 1769241600, ["-2w"] = 1768636800, ["-1d12h"] = 1769716800,
      ["1769846400"] = 1769846400, ["0"] = 0,
      ["2026-01-31T08:00:00Z"] = 1769846400, ["2026-01-31t08:00:00z"] = 1769846400,
      ["2026-01-31T16:00:00+08:00"] = 1769846400, ["2026-01-31T16:00:00+0800"] = 1769846400,
      ["2026-01-31T16:00:00+08"] = 1769846400, ["2026-01-31T03:30:00-04:30"] = 1769846400,
      ["2026-01-31T08:00:00.999Z"] = 1769846400, ["2026-01-31 16:00:00"] = 1769846400,
      ["1970-01-01T00:00:00Z"] = 0, ["2000-02-29T23:59:59Z"] = 951868799, ["2024-12-31T23:59:59Z"] = 1735689599,
      ["2100-03-01T00:00:00Z"] = 4107542400,
    }
    for text, seconds in pairs(cases) do
      local got, message = time.parse(text, NOW)
      assert.equal(seconds, got, text .. ": " .. tostring(message))
    end
    assert.equal(1700000000, time.parse(1700000000, NOW))
    assert.equal(1700000000, time.parse(1700000000.9, NOW))
  end)

  it("returns integers where Lua has them", function()
    if math.type then
      for _, value in ipairs{ "now", "-1h", 17.5, "1700000000", "2026-01-31T08:00:00Z", "2026-01-31 16:00:00" } do
        assert.equal("integer", math.type(time.parse(value, NOW)), value)
      end
    end
  end)

  it("explains what is wrong with an invalid time", function()
    local no_moment, no_zone = "no such date or time of day", "no such time zone"
    local cases = {
      ["yesterday"] = "parse: invalid time \"yesterday\": write \"-24h\"", [""] = "invalid time \"\": write",
      ["-5"] = "units s, m, h, d, w", ["-5y"] = "units", ["-1h junk"] = "units",
      ["2026-01-31T08:00:00"] = "the time zone is missing: append Z for UTC, or an offset such as +08:00",
      ["2026-01-31"] = "ISO 8601 with time zone", ["2026-02-29T00:00:00Z"] = no_moment,
      ["2026-13-01T00:00:00Z"] = no_moment, ["2026-00-10T00:00:00Z"] = no_moment,
      ["2026-01-01T24:00:00Z"] = no_moment, ["2026-01-01T00:60:00Z"] = no_moment, ["2026-01-01 00:00:60"] = no_moment,
      ["2026-01-01T00:00:00+25:00"] = no_zone, ["2026-01-01T00:00:00CET"] = no_zone,
      ["1769846400000"] = "epoch seconds from 0 to 253402300799 expected",
    }
    for text, expected in pairs(cases) do
      local value, message, err = time.parse(text, NOW)
      assert.is_nil(value, text)
      assert.truthy(message:find(expected, 1, true), text .. ": " .. message)
      assert.equal("validation", err.kind)
    end
    for _, number in ipairs{ -1, 0 / 0, 1 / 0, 1769846400000, 1e300, -1e300, 2 ^ 63 } do
      assert.is_nil((time.parse(number, NOW)))
    end
    for _, text in ipairs{ "0000-01-01T00:00:00Z", "1970-01-01T00:00:00+08:00", "9999-12-31T23:59:59-01:00",
      "-99999w", ("-" .. ("999999999w"):rep(1000)), ("9"):rep(5000) } do
      local value, message, err = time.parse(text, NOW)
      assert.is_nil(value, text)
      assert.equal("validation", err.kind)
      assert.is_true(#message < 300)
    end
  end)

  it("raises for a value that is neither string nor number", function()
    assert.error_matches(function() time.parse(true) end, "time expected, got boolean")
    assert.error_matches(function() time.parse("now", "x") end, "epoch seconds expected, got string")
    for _, now in ipairs{ 1e300, -1, 0 / 0, 1 / 0 } do
      assert.error_matches(function() time.parse("-1h", now) end, "^parse.now: epoch seconds from 0")
    end
  end)

  it("uses the system clock without a second argument", function()
    assert.truthy(math.abs(time.parse("now") - os.time()) <= 1)
  end)
end)

describe("time.iso and time.service", function()
  it("raise for a value that is not a time of the years 0 to 9999", function()
    for name, fn in pairs{ iso = time.iso, service = time.service } do
      for _, seconds in ipairs{ 1e300, -1e300, 0 / 0, 1 / 0, 2 ^ 53, time.LAST + 1, "now" } do
        assert.error_matches(function() return (fn(seconds)) end, "^" .. name .. ": epoch seconds")
      end
      assert.error_matches(function() return (fn()) end, "expected, got nil")
    end
    assert.equal("9999-12-31T23:59:59Z", time.iso(time.LAST))
    assert.equal("0000-01-01T00:00:00Z", time.iso(-62167219200))
  end)

  it("write what parse reads, for days of every year and month", function()
    assert.equal("2026-01-31T08:00:00Z", time.iso(1769846400.9))
    assert.equal("2026-01-31 16:00:00", time.service(1769846400))
    local seconds = 0
    while seconds < 253402300799 do
      assert.equal(seconds, time.parse(time.iso(seconds)))
      if seconds <= SYSTEMS_LAST then
        assert.equal(os.date("!%Y-%m-%dT%H:%M:%SZ", seconds), time.iso(seconds))
      end
      assert.equal(seconds, time.parse(time.service(seconds)))
      seconds = seconds + 86399 * 3989
    end
    for day = 0, 1500 do
      assert.equal(os.date("!%Y-%m-%dT%H:%M:%SZ", day * 86400), time.iso(day * 86400))
    end
  end)
end)

describe("time.utc", function()
  local function text(seconds)
    local t = time.utc(seconds)
    return ("%04d-%02d-%02d %02d:%02d:%02d %d"):format(t.year, t.month, t.day, t.hour, t.minute, t.second, t.weekday)
  end

  local function system(seconds)
    local t = os.date("!*t", seconds)
    return ("%04d-%02d-%02d %02d:%02d:%02d %d"):format(t.year, t.month, t.day, t.hour, t.min, t.sec, t.wday)
  end

  it("agrees with the system, a second before each midnight of 110 years", function()
    for seconds = 86399, math.min(SYSTEMS_LAST, 40001 * 86400), 86400 do
      if text(seconds) ~= system(seconds) then
        assert.equal(system(seconds), text(seconds))
      end
    end
  end)

  it("agrees with the system over centuries, before 1970 too", function()
    for seconds = SYSTEMS_FIRST, math.min(SYSTEMS_LAST, 130e9), 123456789 do
      assert.equal(system(math.floor(seconds)), text(seconds))
    end
  end)

  it("rounds down to whole seconds", function()
    assert.equal("1969-12-31 23:59:59 4", text(-0.5))
    assert.equal("1970-01-01 00:00:00 5", text(0.9))
  end)

  it("gives integers", function()
    for _, value in pairs(time.utc(1700000000.5)) do
      assert.equal(math.floor(value), value)
    end
  end)
end)
