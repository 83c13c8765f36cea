local actions = require "cloudaudit.actions"

describe("the actions", function()
  it("are known by name, case-sensitively", function()
    assert.equal("CreateAuditTrackRequest", actions.get("CreateAuditTrack").request)
    assert.is_true(actions.get("CreateAuditTrack").writes)
    assert.is_false(actions.get("DescribeEvents").writes)
    assert.is_nil(actions.get("createaudittrack"))
    assert.is_nil(actions.get(nil))
  end)

  it("are complete and sorted", function()
    assert.equal(19, #actions.names)
    assert.equal("CreateAuditTrack", actions.names[1])
    assert.equal("UpdateAudit", actions.names[19])
  end)

  it("are suggested for a misspelt name", function()
    assert.equal("CreateAuditTrack", actions.nearest("CreateAuditTrak"))
    assert.is_nil(actions.nearest("SomethingElseEntirely"))
  end)
end)
