local actions = require "cloudaudit.actions"
local names = require "cloudaudit.cli.event_names"

describe("cloudaudit.cli.event_names", function()
  it("has each name once, also by its lower-case form", function()
    local seen = {}
    for _, name in ipairs(names.list) do
      assert.is_nil(seen[name:lower()], name)
      seen[name:lower()] = true
      assert.equal(name, names.by_lower[name:lower()])
    end
    assert.is_true(#names.list > 100)
  end)

  it("has the actions of CloudAudit that are audited", function()
    for _, name in ipairs{ "CreateAuditTrack", "DeleteAuditTrack", "ModifyAuditTrack", "DescribeEvents",
      "StopLogging" } do
      assert.truthy(actions.get(name), name)
      assert.equal(name, names.by_lower[name:lower()])
    end
  end)
end)
