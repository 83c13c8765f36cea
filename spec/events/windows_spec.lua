local limits = require "cloudaudit.events.limits"
local windows = require "cloudaudit.events.windows"

local TO = 1700000000

describe("windows", function()
  it("cover each second of a range once, newest first, and none is longer than the limit", function()
    for _, length in ipairs{ 0, 1, limits.WINDOW - 1, limits.WINDOW, limits.WINDOW + 1, 2 * limits.WINDOW,
      limits.RETENTION } do
      local since, high = TO - length, TO
      for index = 1, windows.count(since, TO) do
        local window = windows.at(since, TO, index)
        assert.equal(high, window.high)
        assert.is_true(window.low <= window.high and window.high - window.low < limits.WINDOW)
        high = window.low - 1
      end
      assert.equal(since - 1, high)
    end
  end)

  it("ask for a second more at each edge", function()
    local since = TO - limits.WINDOW
    assert.equal(2, windows.count(since, TO))
    assert.same({ low = since + 1, high = TO, from = since, to = TO + 1 }, windows.at(since, TO, 1))
    assert.same({ low = since, high = since, from = since - 1, to = since + 1 }, windows.at(since, TO, 2))
    assert.same({ low = 15, high = 20, from = 14, to = 21 }, windows.make(15, 20))
  end)

  it("drop events of the seconds before and after, and keep those whose own time is outside of the request", function()
    local window = windows.make(15, 20)
    for time, foreign in pairs{ [13] = false, [14] = true, [15] = false, [20] = false, [21] = true, [22] = false } do
      assert.equal(foreign, windows.foreign(window, time), tostring(time))
    end
    assert.is_false(windows.foreign(window, nil))
  end)
end)
