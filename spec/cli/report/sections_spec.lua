local aggregate = require "cloudaudit.cli.report.aggregate"
local null = require("cloudaudit").null
local sections = require "cloudaudit.cli.report.sections"
local time = require("cloudaudit").time

local NOON = 1769860800 -- 2026-01-31T12:00:00Z
local HOUR = 3600

local FIELDS = { "id", "time_iso", "name", "product", "action", "user", "source_ip", "region", "resource", "error_code",
  "sensitive" }

local USERS = { id = "users", title = "Users", column = "User", one = "user", many = "users" }

local function found_of(rows, hours)
  local sum = aggregate.new(NOON - (hours or 4) * HOUR, NOON, function()
    return 0
  end)
  for _, given in ipairs(rows) do
    local row = { time = NOON, result = "ok" }
    for _, name in ipairs(FIELDS) do
      row[name] = null
    end
    for name, value in pairs(given) do
      row[name] = value
    end
    sum:add(row)
  end
  return sum:result()
end

local function count(text, what)
  return select(2, text:gsub(what, ""))
end

local function has(text, part)
  assert.truthy(text:find(part, 1, true), text)
end

describe("cloudaudit.cli.report.sections", function()
  it("has a chart of the time range and one of the day, described in words", function()
    local found = found_of{ {}, { time = NOON - HOUR }, { time = NOON - HOUR } }
    local text = sections.timeline(found, false)
    has(text, "<h2>Events by hour</h2>")
    has(text, "3 events in 5 bars; the highest: 2026-01-31 11:00, 2 events.")
    assert.equal(5, count(text, 'class="bar"'))
    assert.equal(0, count(text, "unread"))
    text = sections.hours_of_day(found)
    has(text, "3 events in 24 bars; the highest: 11:00 to 12:00, 2 events.")
    assert.equal(24, count(text, 'class="bar"'))
  end)

  it("marks the part that --max left out", function()
    local found = found_of{ { time = NOON - HOUR } }
    has(sections.timeline(found, true), '<rect class="unread" x="0" y="14" width="60%"')
    assert.equal(0, count(sections.timeline(found_of{ { time = null } }, true), "unread"))
  end)

  it("has the most frequent values, and counts the others", function()
    local rows = {}
    for index = 1, 13 do
      rows[index] = { user = ("<u%02d>"):format(index), time = NOON - index }
    end
    rows[14], rows[15] = { time = NOON, result = "denied" }, { time = NOON }
    local text = sections.top(USERS, found_of(rows).users)
    assert.equal(10, count(text, '<th scope="row"'))
    has(text, '<th scope="row" class="who"><span class="absent">not recorded</span></th><td><svg class="meter" '
      .. 'width="100%" height="10" aria-hidden="true"><rect class="other" width="100%" height="10"/><rect '
      .. 'class="denied" width="50%" height="10"/></svg></td><td class="number">2</td><td class="number denied-text">'
      .. "1</td>")
    has(text, '<th scope="row" class="who">&lt;u01&gt;</th>')
    has(text, "4 events of 4 other users")
    assert.equal(0, count(text, "<u"))
  end)

  it("says when there were too many values to count each", function()
    local text = sections.top(USERS, { rows = { { key = "a", count = 5, refused = 0 } }, values = 20,
      exact = false, others = { values = 90, count = 100 } })
    has(text, "100 events of others; there are more than 20 users, too many to count each exactly")
  end)

  it("has denied calls, the same ones together", function()
    local rows = {}
    for index = 1, 52 do
      rows[index] = { result = "denied", name = "<b>" .. index, error_code = "AuthFailure", time = NOON - index }
    end
    local text = sections.denied(found_of(rows), time.iso)
    assert.equal(51, count(text, '<tr role="row">')) -- with the heading
    has(text, "and 2 denied calls of other kinds")
    has(text, '&lt;b&gt;1</td><td role="cell" data-title="User"><span class="absent">not recorded</span></td>')
    has(text, '<time datetime="2026-01-31T11:59:59Z" title="2026-01-31T11:59:59Z">2026-01-31 11:59:59</time>')
    has(sections.denied(found_of{ {} }, time.iso), "None.")
  end)

  it("has the newest writes, with a box to filter them", function()
    local text = sections.writes(found_of{ { action = "read" }, { action = "write", name = "Delete&Bucket",
      product = "cos", user = '"ann"', source_ip = "10.0.0.1", resource = "</td>", result = "denied",
      error_code = "AuthFailure.<b>" }, { action = "write", time = null, result = "unknown" } }, time.iso)
    has(text, "<h2>Writes, the newest first</h2>")
    has(text, '<span class="name">Delete&amp;Bucket</span> <span class="soft small">cos</span></td><td role="cell" '
      .. 'data-title="User">&quot;ann&quot;</td><td role="cell" data-title="Source">10.0.0.1</td><td role="cell" '
      .. 'data-title="Resource">&lt;/td&gt;</td><td role="cell" class="right small denied-text">denied '
      .. '<span class="code">AuthFailure.<wbr>&lt;b&gt;</span></td>')
    has(text, '<span class="absent">no time</span>')
    has(text, '<div id="filter" class="filter" role="search" hidden>')
    assert.equal(3, count(text, '<tr role="row">'))
    has(sections.writes(found_of{ {} }, time.iso), "None.")
  end)

  it("says how many writes there were beyond the newest", function()
    local rows = {}
    for index = 1, 501 do
      rows[index] = { action = "write" }
    end
    local text = sections.writes(found_of(rows), time.iso)
    has(text, "<h2>The newest 500 of 501 writes</h2>")
    assert.equal(501, count(text, '<tr role="row">'))
  end)

  it("shows times without their zone, which is in the attributes", function()
    assert.equal('<time datetime="2026-01-31T20:00:00+08:00" title="2026-01-31T20:00:00+08:00">2026-01-31 20:00:00'
      .. "</time>", sections.time(NOON, function()
        return "2026-01-31T20:00:00+08:00"
      end))
  end)
end)
