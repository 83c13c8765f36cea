local timescale = require "cloudaudit.cli.report.timescale"

local NOON = 1769860800 -- 2026-01-31T12:00:00Z, a Saturday
local HOUR, DAY = 3600, 86400

local function utc()
  return 0
end

local function texts(scale)
  local list = {}
  for index, mark in ipairs(scale:ticks()) do
    list[index] = mark.index .. ":" .. mark.text
  end
  return table.concat(list, " ")
end

describe("cloudaudit.cli.report.timescale", function()
  it("has a bar for every hour, the first and the last included", function()
    local scale = timescale.new(NOON - 3 * HOUR - 600, NOON + 600, utc)
    assert.same({ "hour", 5 }, { scale.name, scale.count })
    assert.equal("2026-01-31 08:00", scale:label(1))
    assert.equal("2026-01-31 12:00", scale:label(5))
    assert.same({ 1, 1, 2, 5, 0, 6 }, { scale:index(NOON - 3 * HOUR - 600), scale:index(NOON - 3 * HOUR - 1),
      scale:index(NOON - 3 * HOUR), scale:index(NOON), scale:index(NOON - 4 * HOUR - 1), scale:index(NOON + HOUR) })
    assert.equal("1:08:00 2:09:00 3:10:00 4:11:00 5:12:00", texts(scale))
    assert.equal(1, timescale.new(NOON, NOON, utc).count)
  end)

  it("takes longer steps for a longer time, so that there are at most some 200 bars", function()
    for days, expected in pairs{ [7] = "hour", [8] = "hour", [9] = "6 hours", [50] = "6 hours", [51] = "day",
      [90] = "day", [200] = "day", [400] = "week", [1400] = "week", [2000] = "4 weeks", [9000] = "8 weeks" } do
      local scale = timescale.new(NOON - days * DAY, NOON, utc)
      assert.equal(expected, scale.name, days)
      assert.is_true(scale.count <= 202)
      assert.equal(scale.count, scale:index(NOON))
      assert.equal(1, scale:index(NOON - days * DAY))
      local ticks = #scale:ticks()
      assert.is_true(ticks >= 2 and ticks <= 9, days .. ": " .. ticks)
    end
  end)

  it("names bars by their time", function()
    assert.equal("2026-01-20 12:00 to 18:00", timescale.new(NOON - 11 * DAY, NOON, utc):label(1))
    assert.equal("2025-11-02", timescale.new(NOON - 90 * DAY, NOON, utc):label(1))
    -- Weeks begin on Monday.
    local scale = timescale.new(NOON - 400 * DAY, NOON, utc)
    assert.equal("2026-01-26 to 2026-02-01", scale:label(scale.count))
    assert.truthy(texts(scale):find("202[456]"))
  end)

  it("marks midnights", function()
    assert.equal("13:25 Jan 37:26 Jan 61:27 Jan 85:28 Jan 109:29 Jan 133:30 Jan 157:31 Jan",
      texts(timescale.new(NOON - 7 * DAY, NOON, utc)))
    assert.equal("1:12:00 7:18:00 13:31 Jan 19:06:00 25:12:00", texts(timescale.new(NOON - DAY, NOON, utc)))
  end)

  it("follows the wall clock, also where that is changed", function()
    local function shanghai()
      return 8 * HOUR
    end
    local scale = timescale.new(NOON - 2 * HOUR, NOON, shanghai)
    assert.equal("2026-01-31 18:00", scale:label(1))
    -- Berlin, 2026-10-25 at 01:00 UTC: 03:00 becomes 02:00.
    local change = 1792890000
    local function berlin(seconds)
      return seconds < change and 2 * HOUR or HOUR
    end
    scale = timescale.new(change - 2 * HOUR, change + 2 * HOUR, berlin)
    assert.equal("2026-10-25 01:00", scale:label(1))
    assert.same({ 1, 2, 2, 3, 4 }, { scale:index(change - 2 * HOUR), scale:index(change - HOUR), scale:index(change),
      scale:index(change + HOUR), scale:index(change + 2 * HOUR) })
    assert.equal(4, scale.count)
  end)
end)
