local cloudaudit = require "cloudaudit"
local core = require "cloudaudit.core"

describe("list", function()
  it("marks a table as a JSON list and returns it", function()
    local items = {}
    assert.equal(items, cloudaudit.list(items))
    assert.equal("[]", core.encode(items))
    assert.equal("[]", core.encode(cloudaudit.list()))
    assert.equal("[1]", core.encode(cloudaudit.list{ 1 }))
  end)

  it("raises for a value that is not a table", function()
    assert.error_matches(function() cloudaudit.list("x") end, "list: table expected, got string")
  end)
end)

describe("null", function()
  it("is written as null and read back", function()
    assert.equal('{"A":null}', core.encode{ A = cloudaudit.null })
    assert.equal(cloudaudit.null, core.decode("[null]")[1])
  end)
end)
