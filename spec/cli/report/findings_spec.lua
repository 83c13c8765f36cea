local findings = require "cloudaudit.cli.report.findings"
local null = require("cloudaudit").null

local function has(text, part)
  assert.truthy(text:find(part, 1, true), text)
end

local function ids(text)
  local list = {}
  for id in text:gmatch('class="name first">([^<]*)<') do
    list[#list + 1] = id
  end
  return table.concat(list, " ")
end

describe("cloudaudit.cli.report.findings", function()
  it("puts failures first, the worst first, then what is unknown, then the others", function()
    local text = findings.section{ { id = "a", severity = "low", result = "pass" },
      { id = "b", severity = "low", result = "fail" }, { id = "c", severity = "info", result = "unknown" },
      { id = "d", severity = "critical", result = "fail" }, { id = "e", severity = "low", result = "fail" },
      { id = "f", severity = "high", result = "skipped" }, { id = "g", severity = "new", result = "fail" } }
    assert.equal("d b e g c f a", ids(text))
    has(text, "4 failed, 1 unknown</span>")
    local open, hidden = text:match("^(.*)<details>(.*)$")
    assert.equal("d b e g c", ids(open))
    has(hidden, "<summary>1 passed, 1 skipped</summary>")
  end)

  it("shows an unknown result of a kind that it does not know", function()
    local text = findings.section{ { id = "a", severity = "x", result = "<new>" } }
    has(text, '<td role="cell" class="right small failed-text">&lt;new&gt;</td>')
    assert.is_nil(text:find("<details>", 1, true))
  end)

  it("has all that a finding says, escaped", function()
    local text = findings.section{ { id = "<id>", severity = "high", result = "fail", subject = "a<b", detail = "c&d",
      fix = "cloudaudit tracks enable '<x>'", evidence = { "e-1", "<e-2>" } } }
    has(text, 'data-title="Severity">high</td><td role="cell" class="name first">&lt;id&gt;</td><td role="cell" '
      .. 'class="right small denied-text">fail</td><td role="cell" data-title="Subject">a&lt;b</td><td role="cell" '
      .. 'class="wide">c&amp;d<div class="fix">fix: <code>cloudaudit tracks enable &#39;&lt;x&gt;&#39;</code></div>'
      .. '<div class="seen">seen: e-1 &lt;e-2&gt;</div></td>')
  end)

  it("leaves out what is absent", function()
    for _, nothing in ipairs{ null, "", {} } do
      local text = findings.section{ { id = "a", severity = "high", result = "fail", subject = nothing,
        detail = nothing, fix = nothing, evidence = nothing } }
      has(text, 'data-title="Subject" class="empty"></td><td role="cell" class="wide"></td>')
    end
    local text = findings.section{ { id = "a", severity = "high", result = "pass" } }
    has(text, "Nothing failed, and nothing was left undecided.")
    has(findings.section{}, "Nothing failed")
    has(findings.section({}, "not <checked>: delivery"), '<p class="note">not &lt;checked&gt;: delivery</p>')
  end)
end)
