local recent = require "cloudaudit.events.recent"

describe("a set of recent texts", function()
  it("remembers the last ones, and at most twice as many", function()
    for size = 1, 7 do
      local set = recent.new(size)
      for index = 1, 50 do
        assert.is_true(set:add("t" .. index))
        for back = 0, math.min(index, size) - 1 do
          assert.is_false(set:add("t" .. index - back))
        end
      end
      assert.is_true(set:add("t" .. 50 - 2 * size))
    end
  end)
end)
