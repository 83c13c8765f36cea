local findings = require "cloudaudit.cli.findings"
local status = require "cloudaudit.cli.status"

local KINDS = { permission = 3, timeout = 6, throttled = 5, server = 1, range = 2 }

local function unknown(kind, severity)
  return { severity = severity or "high", worst = severity or "high", err = kind and { kind = kind, message = "m" } }
end

local function failed(severity)
  return { severity = severity, worst = severity }
end

local function number(fail_on, ...)
  local report = { findings = {}, unknown = {} }
  for _, result in ipairs{ ... } do
    table.insert(result.err == nil and not result.lost and report.findings or report.unknown, result)
  end
  return findings.status(report, fail_on)
end

describe("cloudaudit.cli.findings", function()
  it("has the status of failures, even beside what is unknown (30)", function()
    assert.equal(0, number("medium"))
    assert.equal(4, number("medium", failed "medium"))
    assert.equal(4, number("medium", failed "critical"))
    assert.equal(0, number("medium", failed "low"))
    assert.equal(0, number("critical", failed "high"))
    assert.equal(4, number("low", failed "low"))
    assert.equal(0, number("low", failed "info"))
    assert.equal(4, number("medium", failed "high", unknown "permission"))
  end)

  it("has else the status of what is unknown of that severity, 3 before 6, 5 and 1 (30)", function()
    for kind, expected in pairs(KINDS) do
      if kind ~= "range" then
        assert.equal(expected, number("medium", unknown(kind)), kind)
      end
    end
    assert.equal(3, number("medium", unknown "timeout", unknown "server", unknown "permission", unknown "throttled"))
    assert.equal(6, number("medium", unknown "throttled", unknown "timeout", unknown "server"))
    assert.equal(5, number("medium", unknown "server", unknown "throttled"))
    assert.equal(6, number("medium", failed "low", unknown "timeout"))
    assert.equal(0, number("high", unknown("permission", "medium")))
    assert.equal(3, number("critical", { severity = "high", worst = "critical",
      err = { kind = "permission", message = "m" } }))
    assert.equal(1, number("medium", { severity = "high", worst = "high", lost = true }))
    assert.equal(5, number("medium", { severity = "high", worst = "high",
      err = { kind = "timeout", outcome = "not_sent", attempts = 0, message = "m" } }))
  end)

  it("ends the command when the configuration is wrong", function()
    local done, problem = pcall(number, "critical", unknown "config")
    assert.same({ false, 2 }, { done, problem.status })
  end)

  it("makes rows, with a fix and what was seen below a failure", function()
    local row, after = findings.row{ id = "x", severity = "low", result = "fail", subject = "s", detail = "d",
      evidence = { "1", "2" }, fix = "f", reads = { "A" }, err = {}, group = "trail" }
    assert.same({ "  fix: f", "  seen: 1 2" }, after)
    assert.same({ "x", "low", "fail", "s", "d", "f" }, { row.id, row.severity, row.result, row.subject, row.detail,
      row.fix })
    assert.is_nil(row.err)
    row, after = findings.row{ id = "x", result = "pass", evidence = {}, reads = {} }
    assert.same({}, after)
    assert.equal('{"evidence":[]}', require("cloudaudit.cli.format").object(row, { "evidence" }))
  end)

  it("turns misuse of the library into wrong usage, in the command's words", function()
    local done, problem = pcall(findings.checked, { ["watch.checks"] = "--check" }, require("cloudaudit").watch,
      { checks = { "x" } })
    assert.is_true(not done and status.is_problem(problem))
    assert.same({ 2, "--check: unknown check x" }, { problem.status, problem.message:sub(1, 24) })
    assert.equal(7, findings.checked({}, function()
      return 7
    end))
    assert.has_error(function()
      findings.checked({}, error, "interrupted!", 0)
    end, "interrupted!")
  end)
end)
