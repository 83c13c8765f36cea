local cloudaudit = require "cloudaudit"
local core = require "cloudaudit.core"

describe("list", function()
  it("marks a table as a list and gives it back", function()
    local items = {}
    assert.equal(items, cloudaudit.list(items))
    assert.equal("[]", core.encode(items))
    assert.equal("[]", core.encode(cloudaudit.list()))
    assert.equal("[1]", core.encode(cloudaudit.list{ 1 }))
  end)

  it("raises for anything else", function()
    assert.error_matches(function() cloudaudit.list("x") end, "list: table expected, got string")
  end)
end)
