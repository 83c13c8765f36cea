local ascii = require "cloudaudit.ascii"

describe("ascii.lower", function()
  it("changes A to Z and no other byte", function()
    for byte = 0, 255 do
      local lower = byte >= 65 and byte <= 90 and byte + 32 or byte
      assert.equal(string.char(lower), ascii.lower(string.char(byte)))
    end
    assert.equal("x-tc-internal-id", ascii.lower("X-TC-Internal-Id"))
    assert.equal("", ascii.lower(""))
  end)
end)

describe("ascii.before", function()
  it("compares bytes", function()
    local sorted = { "", "\0", "A", "B", "_", "a", "a-", "a1", "aa", "b", "\127", "\128", "\255" }
    for first, a in ipairs(sorted) do
      for second, b in ipairs(sorted) do
        assert.equal(first < second, ascii.before(a, b))
      end
    end
  end)
end)

describe("ascii.trim", function()
  it("removes blanks at both ends and none inside", function()
    for given, trimmed in pairs{ [""] = "", [" \t\r\n\v\f"] = "", a = "a", ["  a b\t"] = "a b", ["a "] = "a",
      [" a"] = "a", ["\160a\160"] = "\160a\160" } do
      assert.equal(trimmed, ascii.trim(given))
    end
  end)
end)

describe("ascii.number", function()
  it("has a point", function()
    assert.equal("1.5", ascii.number(1.5))
    assert.equal("-0.001", ascii.number(-0.001))
    assert.equal("1e+300", ascii.number(1e300))
    assert.equal("1e-09", ascii.number(1e-9))
    assert.equal("3", ascii.number(3))
  end)
end)
