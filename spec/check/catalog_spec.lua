local catalog = require "cloudaudit.check.catalog"

local function ids(items)
  local list = {}
  for index, item in ipairs(items) do
    list[index] = item.row.id
  end
  return table.concat(list, " ")
end

describe("cloudaudit.check.catalog", function()
  it("has 20 posture checks and 22 activity rules", function()
    assert.equal(20, #catalog.choose{ "trail" })
    assert.equal(22, #catalog.choose{ "activity" })
    assert.equal(42, #catalog.choose())
    assert.equal(44, #catalog.names())
  end)

  it("chooses by id and group, in its own order, each once", function()
    assert.equal("trail.exists trail.writes recon", ids(catalog.choose{ "recon", "trail.writes", "trail.exists",
      "recon" }))
    assert.equal(42, #catalog.choose{ "activity", "trail", "trail.gap" })
    assert.equal(21, #catalog.choose({ "activity" }, { "recon" }))
    assert.equal("recon", ids(catalog.choose({ "trail", "recon" }, { "trail" })))
  end)

  it("refuses an unknown name, with the nearest", function()
    local list, message, err = catalog.choose{ "trail.writs" }
    assert.is_nil(list)
    assert.same({ "checks: unknown check trail.writs, did you mean trail.writes?", "misuse", "checks" },
      { message, err.kind, err.field })
    assert.truthy(select(2, catalog.choose(nil, { "zzzzzzzz" })):find("^skip: unknown check zzzzzzzz: an id such as"))
    assert.truthy(select(2, catalog.choose{ 7 }):find("unknown check 7", 1, true))
  end)

  it("knows the actions and the sources of each", function()
    for _, item in ipairs(catalog.choose()) do
      local actions = catalog.actions(item.row)
      assert.is_true(#actions >= 1)
      for _, action in ipairs(actions) do
        assert.truthy(require("cloudaudit.actions").get(action), action)
      end
      assert.is_true(#catalog.sources(item.row) > 0)
      assert.truthy(catalog.RANK[item.row.worst or item.row.severity] >= catalog.RANK[item.row.severity])
    end
    local function sources(id)
      return catalog.sources(catalog.choose{ id }[1].row)
    end
    assert.equal("every write", sources("root.key"))
    assert.equal("cvm: ModifyImageSharePermission; cbs: ModifySnapshotsSharePermission (inferred)",
      sources("data.shared_out"))
    assert.equal("DescribeAuditTracks, DescribeAuditTrack", sources("trail.writes"))
  end)
end)
