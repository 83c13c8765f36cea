local emulator = require "cloudaudit.emulator"

describe("cloudaudit.emulator.options", function()
  it("raises for unknown options and invalid values, at the caller's line", function()
    local cases = {
      [{ verfy = false }] = "emulator.new.verfy: unknown option, did you mean verify?",
      [{ seed = "1" }] = "emulator.new.seed: number from -1e+15 to 1e+15 expected, got string",
      [{ now = "x" }] = "emulator.new.now: number from 0 to 253402300799 or function expected, got string",
      [{ now = -1 }] = "emulator.new.now: number from 0 to 253402300799 or function expected, got -1",
      [{ edges = "half" }] = 'emulator.new.edges: "closed", "open", "left" or "right" expected, got "half"',
      [{ order = "random" }] = 'emulator.new.order: "newest" or "oldest" expected, got "random"',
    }
    for options, expected in pairs(cases) do
      local ok, message = pcall(function() emulator.new(options) end)
      assert.is_false(ok)
      assert.truthy(message:find("options_spec.lua:", 1, true), message)
      assert.truthy(message:find(expected, 1, true), message)
    end
    assert.is_false(pcall(emulator.new, "x"))
  end)

  it("takes no number that it cannot work with", function()
    for _, name in ipairs{ "seed", "rate", "quota", "list_lag", "max_page_size", "delivery_lag", "short_pages",
      "account_id", "app_id", "role_seconds", "get_lag", "clock_tolerance", "retry_after", "max_results",
      "token_seconds", "most_event_names", "journal_limit" } do
      for _, number in ipairs{ 0 / 0, math.huge, -math.huge, 1e300 } do
        local ok, message = pcall(function() emulator.new{ [name] = number } end)
        assert.is_false(ok, name)
        assert.truthy(message:find("options_spec.lua:%d+: emulator.new." .. name .. ": "), message)
      end
    end
    assert.is_false(pcall(emulator.new, { quota = 1 / 2 }))
  end)

  it("copies the given tables", function()
    local secrets = { AKIDone = "key" }
    local emu = emulator.new{ secrets = secrets }
    secrets.AKIDone = "other"
    assert.same({ "AKIDone", "key" }, { emu:credential() })
  end)

  it("returns accepted credentials, with their token", function()
    local id, key, token = emulator.new():credential()
    assert.equal("AKIDz8krbsJ5yKBZQpn74WFkmLPx3EXAMPLE", id)
    assert.equal(32, #key)
    assert.is_nil(token)
    assert.same({ "AKIDa", "1", "t" },
      { emulator.new{ secrets = { AKIDb = "2", AKIDa = "1" }, tokens = { AKIDa = { token = "t" } } }:credential() })
  end)
end)
