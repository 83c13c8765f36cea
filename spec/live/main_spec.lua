local main = require "live.main"

local function getenv(values)
  return function(name) return values[name] end
end

describe("live.main", function()
  it("reads its settings from the environment", function()
    assert.same({ out = "learned.json", state = "learned.json.state", write = false, dry = false, debug = false,
      patience = 900, settle = 60 }, (main.settings(getenv{})))
    local settings = assert(main.settings(getenv{ LIVE_OUT = "a.json", LIVE_WRITE = "1", LIVE_ONLY = "http",
      LIVE_STORAGE = "cos://logs@ap-guangzhou/audit", LIVE_PATIENCE = "5" }))
    assert.equal("logs", settings.storage.StorageName)
    assert.equal(5, settings.patience)
    assert.equal("a.json.state", settings.state)
  end)

  it("refuses wrong ones with status 2", function()
    for _, case in ipairs{ { { LIVE_WRITE = "1" }, "LIVE_STORAGE" }, { { LIVE_PATIENCE = "-1" }, "LIVE_PATIENCE" },
      { { LIVE_SETTLE = "x" }, "LIVE_SETTLE" }, { { LIVE_WRITE = "1", LIVE_STORAGE = "x" }, "LIVE_STORAGE: " } } do
      local said = {}
      local streams = { out = io.stdout, err = { write = function(_, ...) said[#said + 1] = table.concat{ ... } end } }
      assert.equal(2, main.run(getenv(case[1]), streams))
      assert.truthy(table.concat(said):find(case[2], 1, true), table.concat(said))
    end
  end)

  it("prints every request of a dry run", function()
    local out = {}
    local streams = { out = { write = function(_, ...) out[#out + 1] = table.concat{ ... } end },
      err = { write = function() end } }
    assert.equal(0, main.run(getenv{ LIVE_DRY = "1", LIVE_ONLY = "http.date,rate" }, streams))
    local text = table.concat(out)
    assert.truthy(text:find("POST cloudaudit.tencentcloudapi.com DescribeAuditTracks\n  region ap-guangzhou, body {", 1,
      true))
    assert.truthy(text:find("DescribeAuditTracks (60 times at once)", 1, true))
    assert.is_nil(text:find("Signature", 1, true))
  end)
end)
