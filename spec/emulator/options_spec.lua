local emulator = require "cloudaudit.emulator"

describe("cloudaudit.emulator.options", function()
  it("raises for what it does not know, at the caller's line", function()
    local cases = {
      [{ verfy = false }] = "unknown option verfy, did you mean verify?",
      [{ seed = "1" }] = "seed: number expected, got string",
      [{ now = "x" }] = "now: number or function expected, got string",
      [{ now = -1 }] = "now: a time in the years 1970 to 9999 expected, got -1",
      [{ edges = "half" }] = "edges: \"closed\", \"open\", \"left\" or \"right\" expected",
      [{ order = "random" }] = "order: \"newest\" or \"oldest\" expected",
    }
    for given, expected in pairs(cases) do
      local ok, message = pcall(function() emulator.new(given) end)
      assert.is_false(ok)
      assert.truthy(message:find("options_spec.lua:", 1, true), message)
      assert.truthy(message:find(expected, 1, true), message)
    end
    assert.is_false(pcall(emulator.new, "x"))
  end)

  it("copies what it is given", function()
    local secrets = { AKIDone = "key" }
    local emu = emulator.new{ secrets = secrets }
    secrets.AKIDone = "other"
    assert.same({ "AKIDone", "key" }, { emu:credential() })
  end)

  it("hands out a key that is accepted, with its token", function()
    local id, key, token = emulator.new():credential()
    assert.equal("AKIDz8krbsJ5yKBZQpn74WFkmLPx3EXAMPLE", id)
    assert.equal(32, #key)
    assert.is_nil(token)
    assert.same({ "AKIDa", "1", "t" },
      { emulator.new{ secrets = { AKIDb = "2", AKIDa = "1" }, tokens = { AKIDa = { token = "t" } } }:credential() })
  end)
end)
