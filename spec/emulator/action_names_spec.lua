local action_names = require "cloudaudit.emulator.action_names"

describe("cloudaudit.emulator.action_names", function()
  it("knows the actions of both services and the metadata service", function()
    for _, name in ipairs{ "CreateAuditTrack", "LookUpEvents", "AssumeRole", "metadata" } do
      assert.is_true((action_names.validate("x", name)))
    end
  end)

  it("names the nearest action of a misspelt one or of a method", function()
    for given, expected in pairs{ create_track = "CreateAuditTrack", DescribeEvent = "DescribeEvents",
      lookup_events = "LookUpEvents", Metadata = "metadata" } do
      local ok, message, err = action_names.validate("count", given)
      assert.is_nil(ok)
      assert.equal(('count: unknown action "%s", did you mean %s?'):format(given, expected), message)
      assert.equal("misuse", err.kind)
    end
    local _, message = action_names.validate("count", "nothing at all")
    assert.equal('count: unknown action "nothing at all"; names such as DescribeEvents expected', message)
    _, message = action_names.validate("count", 5)
    assert.equal("count: name of an action expected, got number", message)
  end)
end)
