local coverage = require "cloudaudit.check.coverage"

local STORAGE = { StorageType = "cos", StorageRegion = "ap-guangzhou", StorageName = "logs", StoragePrefix = "abc" }

describe("cloudaudit.check.coverage", function()
  it("takes every notation of all products and all events", function()
    for _, track in ipairs{
      { enabled = true, action = "all", resource_type = "*", event_names = { "*" } },
      { enabled = true, action = "all", resource_type = "", event_names = {} },
      { enabled = true, action = "all", event_names = { "" } },
      { enabled = true, filters = { { resource_type = "*", action = "all", event_names = { "*" } } } },
    } do
      assert.is_true(coverage.selects(track, "read"))
      assert.is_true(coverage.selects(track, "write", "cam"))
      assert.equal(track, coverage.covering({ track }, "any")[1])
    end
  end)

  it("wants the kind of call, the product and every event", function()
    assert.is_false(coverage.selects({ action = "read" }, "write"))
    assert.is_false(coverage.selects({ action = "all", resource_type = "cam" }, "write"))
    assert.is_true(coverage.selects({ action = "all", resource_type = "CAM" }, "write", "cam"))
    assert.is_false(coverage.selects({ action = "all", resource_type = "cam", event_names = { "AddUser" } }, "write",
      "cam"))
    assert.is_true(coverage.selects({ filters = { { resource_type = "cos", action = "read" },
      { resource_type = "cam", action = "write" } } }, "write", "cam"))
  end)

  it("counts only sets that are enabled", function()
    local on, off = { enabled = true, action = "all" }, { enabled = false, action = "all" }
    assert.same({ on }, coverage.covering({ off, on }, "write"))
    assert.same({ on }, coverage.enabled{ on, off, {} })
    assert.same({}, coverage.covering({ off }, "any"))
  end)

  it("has one key for what records the same into the same place", function()
    local function key(fields)
      fields.storage = fields.storage or STORAGE
      return coverage.key(fields)
    end
    local first = { resource_type = "cam", action = "write", event_names = { "B", "A" } }
    local second = { resource_type = "cos", action = "all" }
    assert.equal(key{ filters = { first, second } }, key{ filters = { second, { resource_type = "cam",
      action = "write", event_names = { "A", "B" } } } })
    assert.equal(key{ action = "all" }, key{ action = "all", resource_type = "*", event_names = { "*" } })
    assert.not_equal(key{ action = "all" }, key{ action = "write" })
    assert.not_equal(key{ action = "all" }, key{ action = "all", storage = { StorageName = "other" } })
    assert.is_nil(coverage.key{ action = "all" })
  end)
end)
