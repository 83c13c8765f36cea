local core = require "cloudaudit.core"
local next_token = require "cloudaudit.emulator.actions.next_token"

describe("cloudaudit.emulator.actions.next_token", function()
  it("reads the tokens that it writes, as text and as a number of this Lua", function()
    for _, seq in ipairs{ 1, 2, 50, 99999999 } do
      for _, counter in ipairs{ 0, 1, 999, 1000 } do
        local token = next_token.write(seq, counter)
        local read, ok = next_token.read(token)
        assert.equal(seq, read)
        assert.is_true(ok)
        assert.equal(seq, (next_token.read(core.decode(token))))
      end
    end
  end)

  it("is above 2^53 and odd, so that a double cannot represent it", function()
    for seq = 0, 500 do
      local token = next_token.write(seq, seq)
      assert.equal(17, #token)
      assert.truthy(token:find("[13579]$"))
      local rounded = ("%.0f"):format(tonumber(token) + 0.0)
      assert.not_equal(token, rounded)
      assert.same({ nil, false }, { next_token.read(rounded) })
    end
  end)

  it("differs for an empty page at the same place", function()
    assert.not_equal(next_token.write(7, 1), next_token.write(7, 2))
  end)

  it("refuses tokens that it did not write", function()
    for _, token in ipairs{ "1", "16800000007000001", "x", "", "168000000070001111", "-1" } do
      local seq, ok = next_token.read(token)
      assert.is_nil(seq)
      assert.is_false(ok)
    end
  end)

  it("accepts 0 for the first page", function()
    assert.same({ nil, true }, { next_token.read("0") })
    assert.same({ nil, true }, { next_token.read(0) })
  end)
end)
