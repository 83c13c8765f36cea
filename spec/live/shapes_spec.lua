local shapes = require "live.shapes"

describe("live.shapes", function()
  it("names the members of a record and the attribute keys, sorted", function()
    for list, least in pairs{ [shapes.RECORD] = 20, [shapes.KEYS] = 13 } do
      assert.is_true(#list >= least)
      for index = 2, #list do
        assert.is_true(list[index - 1] < list[index])
      end
    end
  end)
end)
