local errors = require "cloudaudit.errors"
local status = require "cloudaudit.cli.status"

local function error_of(fields)
  return (select(2, errors.new(fields)))
end

describe("cloudaudit.cli.status", function()
  it("follows the kind of a failure", function()
    local expected = { not_found = 1, conflict = 1, quota = 1, server = 1, protocol = 1, closed = 1, cancelled = 1,
      validation = 2, range = 2, config = 2, misuse = 2, credentials = 3, auth = 3, permission = 3, throttled = 5,
      dns = 6, connect = 6, tls = 6, transport = 6, timeout = 6 }
    for kind, number in pairs(expected) do
      assert.equal(number, status.of(error_of{ kind = kind, message = "x", outcome = "rejected" }, true), kind)
    end
  end)

  it("is 7 for a write that may have been done, and only for a write", function()
    local err = error_of{ kind = "timeout", message = "x", outcome = "unknown" }
    assert.same({ 7, 6 }, { status.of(err, true), status.of(err) })
  end)

  it("puts the status that must not be missed first", function()
    for index, number in ipairs{ 7, 8, 3, 6, 5, 1, 4 } do
      local rest = {}
      for other = index, 7 do
        table.insert(rest, 1, ({ 7, 8, 3, 6, 5, 1, 4 })[other])
      end
      assert.equal(number, status.worst(rest))
    end
    assert.equal(0, status.worst{ 0, 0 })
  end)

  it("writes the code and the request id behind the message", function()
    local _, _, err = errors.of_call({ kind = "auth", message = "no", code = "AuthFailure", request_id = "r-1" },
      "DescribeEvents")
    assert.equal("DescribeEvents: no (AuthFailure, RequestId r-1)", status.message(err))
    assert.equal("plain", status.message(error_of{ kind = "dns", message = "plain" }))
  end)

  it("shows words and file names without their control characters", function()
    local named = { message = "unknown option --\27[2J\194\155\226\128\174", hint = "no \27\nsecond line" }
    assert.equal("cloudaudit: unknown option --\\x1b[2J\\u{009b}\\u{202e}\n  hint: no \\x1b\nsecond line\n",
      status.text(named))
  end)

  it("is raised once, and told from other errors and from SIGINT", function()
    local done, problem = pcall(status.usage, "wrong", "right")
    assert.is_false(done)
    assert.is_true(status.is_problem(problem))
    assert.same({ 2, "wrong", "right" }, { problem.status, problem.message, problem.hint })
    assert.is_false(status.is_problem{ status = 2 })
    assert.is_true(status.is_interrupt("interrupted!"))
    assert.is_true(status.is_interrupt{ message = "provider: x.lua:1: interrupted!" })
    assert.is_false(status.is_interrupt(problem))
    assert.is_false(status.is_interrupt(nil))
  end)
end)
