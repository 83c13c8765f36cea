local core = require "cloudaudit.core"
local cursor = require "cloudaudit.emulator.actions.next_token"

describe("cloudaudit.emulator.actions.next_token", function()
  it("gives back what was written, as text and as a number of this Lua", function()
    for _, seq in ipairs{ 1, 2, 50, 99999999 } do
      for _, counter in ipairs{ 0, 1, 999, 1000 } do
        local token = cursor.write(seq, counter)
        local read, ok = cursor.read(token)
        assert.equal(seq, read)
        assert.is_true(ok)
        assert.equal(seq, (cursor.read(core.decode(token))))
      end
    end
  end)

  it("is beyond 2^53 and odd, so that a double cannot hold it", function()
    for seq = 0, 500 do
      local token = cursor.write(seq, seq)
      assert.equal(17, #token)
      assert.truthy(token:find("[13579]$"))
      local rounded = ("%.0f"):format(tonumber(token) + 0.0)
      assert.not_equal(token, rounded)
      assert.same({ nil, false }, { cursor.read(rounded) })
    end
  end)

  it("differs for an empty page at the same place", function()
    assert.not_equal(cursor.write(7, 1), cursor.write(7, 2))
  end)

  it("refuses what it did not write", function()
    for _, token in ipairs{ "1", "16800000007000001", "x", "", "168000000070001111", "-1" } do
      local seq, ok = cursor.read(token)
      assert.is_nil(seq)
      assert.is_false(ok)
    end
  end)

  it("takes 0 for the first page", function()
    assert.same({ nil, true }, { cursor.read("0") })
    assert.same({ nil, true }, { cursor.read(0) })
  end)
end)
