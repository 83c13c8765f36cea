local patience = require "cloudaudit.cli.patience"

local function context(values)
  local notes = {}
  return { values = values, note = function(_, text)
    notes[#notes + 1] = text
  end }, notes
end

describe("cloudaudit.cli.patience", function()
  it("asks again while the service throttles, with one note", function()
    local calls = 0
    local given, notes = context{}
    local value = patience.read(given, function(word)
      calls = calls + 1
      if calls < 2 then
        return nil, "slow", { kind = "throttled" }
      end
      return word
    end, "done")
    assert.same({ "done", 2, { "note: the service limits the rate; waiting" } }, { value, calls, notes })
  end)

  it("gives up when the patience is over, and at once after another failure", function()
    local given = context{ patience = 0.05 }
    local value, message, err = patience.read(given, function()
      return nil, "slow", { kind = "throttled" }
    end)
    assert.same({ nil, "slow", "throttled" }, { value, message, err.kind })
    local calls = 0
    patience.read(given, function()
      calls = calls + 1
      return nil, "no", { kind = "permission" }
    end)
    assert.equal(1, calls)
  end)

  it("counts the client's own rate limit as throttling", function()
    assert.is_true(patience.is_throttling{ kind = "timeout", outcome = "not_sent", attempts = 0 })
    assert.is_false(patience.is_throttling{ kind = "timeout", outcome = "unknown", attempts = 1 })
  end)

  it("makes values that are wrong wrong usage", function()
    local _, problem = pcall(patience.read, (context{}), function()
      error("file:1: method.field: bad", 0)
    end)
    assert.same({ 2, "method.field: bad" }, { problem.status, problem.message })
  end)
end)
