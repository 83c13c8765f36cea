-- The findings of check as HTML: failures and what could not be decided in full, the others behind a line that opens.
local html = require "cloudaudit.cli.report.html"
local sections = require "cloudaudit.cli.report.sections"

local findings = {}

local fill = html.fill

local SEVERITIES = { critical = 1, high = 2, medium = 3, low = 4, info = 5 }
local RESULTS = { fail = 1, unknown = 2, skipped = 3, pass = 4 }
local CLASSES = { fail = "denied-text", unknown = "failed-text", skipped = "soft", pass = "ok-text" }
local OTHER = 6

-- A copy in the order of the page: failures first, the worst first, and otherwise as given.
local function ordered(list)
  local out = {}
  for index, finding in ipairs(list) do
    out[index] = { finding = finding, result = RESULTS[finding.result] or 2,
      severity = SEVERITIES[finding.severity] or OTHER, place = index }
  end
  table.sort(out, function(a, b)
    if a.result ~= b.result then
      return a.result < b.result
    elseif a.severity ~= b.severity then
      return a.severity < b.severity
    end
    return a.place < b.place
  end)
  for index, each in ipairs(out) do
    out[index] = each.finding
  end
  return out
end

-- Text of a member that may be a list, absent or null; nil without any.
local function text_of(member)
  if type(member) == "table" then
    member = table.concat(member, " ")
  end
  return (type(member) == "string" or type(member) == "number") and tostring(member) ~= "" and tostring(member) or nil
end

local ROW = '<tr role="row"><td role="cell" class="small" data-title="Severity">{severity}</td>'
  .. '<td role="cell" class="name first">{id}</td><td role="cell" class="right small {class}">{result}</td>'
  .. '<td role="cell" data-title="Subject"{=empty}>{subject}</td>'
  .. '<td role="cell" class="wide">{detail}{=fix}{=seen}</td></tr>\n'

local function row(finding)
  local fix, seen, subject = text_of(finding.fix), text_of(finding.evidence), text_of(finding.subject)
  return fill(ROW, { severity = finding.severity, id = finding.id, result = finding.result,
    class = CLASSES[finding.result] or CLASSES.unknown, subject = subject or "", empty = subject and ""
    or ' class="empty"', detail = text_of(finding.detail) or "",
    fix = fix and fill('<div class="fix">fix: <code>{fix}</code></div>', { fix = fix }) or "",
    seen = seen and fill('<div class="seen">seen: {seen}</div>', { seen = seen }) or "" })
end

local COLUMNS = { { "Severity", "severity" }, { "Check", "check" }, { "Result", "verdict" }, { "Subject", "subject" },
  { "Detail" } }

--- The section of a list of findings {id, severity, result ("pass", "fail", "unknown" or "skipped"), subject, detail,
-- evidence (text or a list of event ids), fix}. The last four may be absent. `note` is what they cannot tell, or nil.
function findings.section(list, note)
  local open, quiet, counts = {}, {}, { pass = 0, skipped = 0, fail = 0 }
  for _, finding in ipairs(ordered(list)) do
    local result = finding.result
    counts[result] = counts[result] and counts[result] + 1
    table.insert((result == "pass" or result == "skipped") and quiet or open, row(finding))
  end
  local out = { fill('<section id="findings" class="long">\n<div class="head"><h2>Findings</h2>'
    .. '<span class="soft small">{failed} failed, {unknown} unknown</span></div>\n', {
      failed = html.number(counts.fail), unknown = html.number(#open - counts.fail) }) }
  if #open > 0 then
    out[#out + 1] = sections.table("Findings of check: failed and undecided", COLUMNS, open)
  else
    out[#out + 1] = '<p class="soft">Nothing failed, and nothing was left undecided.</p>\n'
  end
  if #quiet > 0 then
    out[#out + 1] = fill("<details><summary>{passed} passed, {skipped} skipped</summary>\n{=table}</details>\n", {
      passed = html.number(counts.pass), skipped = html.number(counts.skipped),
      table = sections.table("Findings of check: passed and skipped", COLUMNS, quiet) })
  end
  out[#out + 1] = note and fill('<p class="note">{note}</p>\n', { note = note }) or ""
  out[#out + 1] = "</section>\n"
  return table.concat(out)
end

return findings
