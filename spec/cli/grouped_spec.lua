local grouped = require "cloudaudit.cli.grouped"

describe("cloudaudit.cli.grouped", function()
  it("parts digits in groups of three", function()
    for number, text in pairs{ [0] = "0", [999] = "999", [1000] = "1 000", [1204500] = "1 204 500" } do
      assert.equal(text, grouped(number))
    end
  end)
end)
