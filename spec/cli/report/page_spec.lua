local aggregate = require "cloudaudit.cli.report.aggregate"
local cloudaudit = require "cloudaudit"
local html = require "cloudaudit.cli.report.html"
local page = require "cloudaudit.cli.report.page"
local rows = require "cloudaudit.events.row"

local NOON = 1769860800 -- 2026-01-31T12:00:00Z

local function row(given)
  local out = {}
  for _, name in ipairs(rows.MEMBERS) do
    out[name] = cloudaudit.null
  end
  out.time, out.result = NOON, "ok"
  for name, value in pairs(given) do
    out[name] = value
  end
  return out
end

local function data_of(list)
  local sum = aggregate.new(NOON - 7200, NOON, function()
    return 0
  end)
  for _, given in ipairs(list) do
    sum:add(row(given))
  end
  return { title = "Title", query = "--since 2h", zone = "UTC", made = NOON + 5, version = "1.2.3", cut = false,
    show = cloudaudit.time.iso, found = sum:result() }
end

local function has(text, part)
  assert.truthy(text:find(part, 1, true), part)
end

local TEN = {}
for index = 1, 10 do
  TEN[index] = { action = index > 6 and "read" or "write", result = ({ "denied", "failed" })[index],
    user = "u" .. index, source_ip = "a", product = "p", sensitive = index == 1 }
end

describe("cloudaudit.cli.report.page", function()
  it("has totals, query, time and version", function()
    local text = page.of(data_of(TEN))
    has(text, "<h1>Title</h1>\n")
    has(text, "<span>2026-01-31 10:00:00 UTC</span> to <span>2026-01-31 12:00:00 UTC</span>")
    for _, part in ipairs{ "Events</dt><dd>10<small>4 reads</small>", "Writes</dt><dd>6<small>60 % of all</small>",
      '<div class="denied"><dt>Denied</dt><dd>1<small>10 % of all</small>',
      '<div class="failed"><dt>Failed otherwise</dt><dd>1<small>10 % of all</small>',
      "Users</dt><dd>10<small>from 1 address</small>", "Products</dt><dd>1<small>1 sensitive event</small>",
      '<dd class="query">--since 2h</dd>', "2026-01-31 12:00:05 UTC, by cloudaudit 1.2.3", "<dd>UTC;" } do
      has(text, part)
    end
    local one = data_of{ { action = "read" } }
    one.found.totals.all = 2000
    has(page.of(one), "Denied</dt><dd>0<small>none")
    one.found.totals.denied = 1
    has(page.of(one), "under 0.1 % of all")
    one.found.totals.failed = 341
    has(page.of(one), "17.1 % of all")
  end)

  it("allows its own style and script alone", function()
    local text = page.of(data_of(TEN))
    local policy = text:match('Content%-Security%-Policy" content="([^"]*)"'):gsub("&#39;", "'")
    local css, script = text:match("<style>(.-)</style>"), text:match("<script>(.-)</script>")
    assert.equal(("default-src 'none'; style-src '%s'; script-src '%s'; img-src data:; base-uri 'none'; "
      .. "form-action 'none'"):format(html.source(css), html.source(script)), policy)
    -- Before anything that the policy is about.
    assert.is_true(text:find("Content-Security-Policy", 1, true) < text:find("<link", 1, true))
    assert.equal(1, select(2, text:gsub("<script", "")))
    assert.equal(1, select(2, text:gsub("<style", "")))
  end)

  it("has no attribute that the policy would refuse, and names no other place", function()
    local text = page.of(data_of(TEN))
    for tag in text:gmatch("<[^>]+>") do
      assert.is_nil(tag:find("%sstyle=") or tag:find("%son[a-z]+=") or tag:find("src=", 1, true), tag)
      assert.equal(tag:find("href=", 1, true) and '<link rel="icon" href="data:,">' or nil,
        tag:find("href=", 1, true) and tag or nil)
    end
    assert.is_nil(text:find("://", 1, true))
  end)

  it("has each id once", function()
    local data, seen = data_of(TEN), {}
    data.findings = {}
    for id in page.of(data):gmatch('%sid="([^"]*)"') do
      assert.is_nil(seen[id], id)
      seen[id] = true
    end
    assert.is_true(seen.filter and seen.writes and seen.findings)
  end)

  it("keeps every value as text", function()
    local evil = [[</script><script>alert(1)</script><img src=x onerror=alert(1)>"'&]] .. "\0\27[2J\226\128\174\255"
    local given = {}
    for _, name in ipairs{ "name", "product", "user", "source_ip", "resource", "error_code", "region", "id" } do
      given[name] = evil
    end
    given.action, given.result = "write", "denied"
    local data = data_of{ given, given }
    data.title, data.query, data.zone, data.version = evil, evil, evil, evil
    data.findings = { { id = evil, severity = evil, result = evil, subject = evil, detail = evil, fix = evil,
      evidence = { evil } } }
    local text = page.of(data)
    assert.equal(1, select(2, text:gsub("<script", "")))
    assert.is_nil(text:find("<img", 1, true))
    assert.is_nil(text:find("[%z\1-\9\11-\31\127\255]"))
    assert.is_nil(text:find("\226\128\174", 1, true))
    -- Name, product, user, address and error; in the tables, the charts of values, the findings and the page's own.
    assert.is_true(select(2, text:gsub("&lt;img src=x onerror=alert%(1%)&gt;&quot;&#39;&amp;\\x00", "")) > 20)
  end)

  it("says when --max cut it", function()
    local data = data_of(TEN)
    assert.is_nil(page.of(data):find("Cut by", 1, true))
    data.max, data.cut = 10, true
    has(page.of(data), 'role="note">Cut by --max 10: only the newest 10 events are here, back to 2026-01-31 12:00:00 '
      .. "UTC. Older ones were not read.</p>")
    data.max = 1e6
    has(page.of(data), "Cut by --max 1000000: only")
  end)

  it("says what the counts leave out", function()
    local text = page.of(data_of{ { time = cloudaudit.null, result = "unknown" }, { action = "read" } })
    has(text, "1 event without a time are in no chart. 1 event without a readable record count neither as successful "
      .. "nor as failed. 1 event are neither marked as a read nor as a write.")
  end)

  it("has findings when there are some to show, and says that no events match", function()
    local data = data_of(TEN)
    assert.is_nil(page.of(data):find("Findings", 1, true))
    data.findings = { { id = "trail.exists", severity = "critical", result = "fail" } }
    has(page.of(data), "trail.exists")
    local none = data_of{}
    none.findings = data.findings
    local text = page.of(none)
    has(text, "No events match.")
    has(text, "trail.exists")
    assert.is_nil(text:find("<h2>Users", 1, true))
  end)

  it("is the same for the same data", function()
    local back = {}
    for index, given in ipairs(TEN) do
      back[#TEN + 1 - index] = given
    end
    local forth = page.of(data_of(TEN))
    assert.equal(forth, page.of(data_of(TEN)))
    assert.equal(forth:match("<h2>Users.-</table>"), page.of(data_of(back)):match("<h2>Users.-</table>"))
  end)
end)
