local svg = require "cloudaudit.cli.report.svg"

local function bin(all, failed, denied)
  return { all = all, failed = failed or 0, denied = denied or 0 }
end

local function chart(changes)
  local given = { id = "c", title = "Events <by> hour", text = "what it shows", bins = { bin(8, 1, 2), bin(0),
    bin(4, 0, 4), bin(1) }, label = function(index)
      return "<" .. index .. ">"
    end, ticks = { { index = 1, text = "<a>" }, { index = 3, text = "b" } }, unread = 0 }
  for name, value in pairs(changes or {}) do
    given[name] = value
  end
  return svg.chart(given)
end

local function count(text, what)
  return select(2, text:gsub(what, ""))
end

describe("cloudaudit.cli.report.svg", function()
  it("takes a round number as the top", function()
    for highest, top in pairs{ [1] = 1, [2] = 2, [3] = 4, [7] = 8, [9] = 10, [10] = 10, [11] = 20, [37] = 40,
      [61] = 80, [999] = 1000, [1001] = 2000, [123456] = 200000 } do
      assert.equal(top, svg.ceiling(highest))
    end
  end)

  it("draws a bar for each bin, stacked and to scale", function()
    local text = chart()
    assert.equal(4, count(text, '<g class="bar">'))
    -- 150 pixels are 8 events.
    assert.truthy(text:find('<rect class="denied" x="0%" y="126.5" width="20%" height="37.5"/><rect class="failed" '
      .. 'x="0%" y="107.75" width="20%" height="18.75"/><rect class="other" x="0%" y="14" width="20%" height="93.75"/>',
      1, true), text)
    assert.truthy(text:find('<rect class="denied" x="50%" y="89" width="20%" height="75"/><title>', 1, true))
    assert.equal(2, count(text, 'rect class="other"'))
  end)

  it("says in words what it shows, escaped", function()
    local text = chart()
    assert.truthy(text:find('role="img" aria-labelledby="c-title" aria-describedby="c-text"><title id="c-title">Events '
      .. '&lt;by&gt; hour</title><desc id="c-text">what it shows</desc>', 1, true))
    assert.truthy(text:find("<title>&lt;1&gt;: 8 events, 1 failed, 2 denied</title>", 1, true))
    assert.truthy(text:find("<title>&lt;4&gt;: 1 event</title>", 1, true))
    assert.truthy(text:find(">&lt;a&gt;</text>", 1, true))
  end)

  it("has a grid of whole numbers, and ticks with room for their text", function()
    local text = chart()
    assert.truthy(text:find('>0</text><text x="100%" y="89" dy="4" text-anchor="end">4</text><text x="100%" y="14" '
      .. 'dy="4" text-anchor="end">8</text>', 1, true), text)
    assert.equal(3, count(chart{ bins = { bin(1) } }, "</text>")) -- 0, 1 and a tick at the bar
    local many = {}
    for index = 1, 100 do
      many[index] = bin(index)
    end
    text = chart{ bins = many, ticks = { { index = 95, text = "in" }, { index = 97, text = "out" } } }
    assert.truthy(text:find(">in<", 1, true))
    assert.is_nil(text:find(">out<", 1, true))
  end)

  it("draws nothing where nothing happened, and marks what was not read", function()
    local text = chart{ bins = { bin(0), bin(0) }, unread = 50 }
    assert.equal(0, count(text, 'rect class="other"'))
    assert.truthy(text:find('<rect class="unread" x="0" y="14" width="50%" height="150"/>', 1, true))
    assert.equal(1, count(text, ">not read<"))
    assert.equal(0, count(chart{ unread = 10 }, ">not read<")) -- no room
    assert.equal(0, count(chart(), "unread"))
  end)

  it("draws a count as a bar along a row", function()
    assert.truthy(svg.meter(3, 1, 8):find('<rect class="other" width="37.5%" height="10"/><rect class="denied" '
      .. 'width="12.5%" height="10"/>', 1, true))
    assert.is_nil(svg.meter(8, 0, 8):find("denied", 1, true))
  end)
end)
