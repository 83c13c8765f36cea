local privacy = require "live.privacy"

describe("live.privacy", function()
  it("passes small numbers and booleans, and no others", function()
    assert.equal(300, privacy.pass("number", 300))
    assert.equal(0.5, privacy.pass("number", "0.5"))
    for _, value in ipairs{ 100000000001, -1e9, "x", 0 / 0, 1e300 } do
      assert.is_nil(privacy.pass("number", value))
    end
    assert.is_false(privacy.pass("boolean", false))
    assert.is_nil(privacy.pass("boolean", "true"))
  end)

  it("passes codes of known families, and hides what a code could carry", function()
    for given, expected in pairs{
      InvalidParameter = "InvalidParameter", ["ResourceNotFound.AuditNotExist"] = "ResourceNotFound.AuditNotExist",
      ["InvalidParameter.Alice"] = "InvalidParameter.Hidden", Alice = "(hidden)", ["17"] = "(hidden)",
      ["InvalidParameter.uin.100"] = "(hidden)", [""] = "(hidden)",
    } do
      assert.equal(expected, privacy.pass("code", given), given)
    end
    assert.equal("accepted", privacy.pass("code", "accepted", { "accepted" }))
  end)

  it("passes the words of a message that are in the vocabulary", function()
    assert.equal("The request ... from ... exceeds the limit 20",
      privacy.pass("message", "The request `ab12cd` from Alice@example.com exceeds the limit 20"))
    assert.equal("...", privacy.pass("message", "100000000001"))
    assert.equal("", privacy.pass("message", ""))
  end)

  it("passes words that the question lists", function()
    assert.equal("newest", privacy.pass("word", "newest", { "newest" }))
    assert.is_nil(privacy.pass("word", "alice", { "newest" }))
    assert.same({ "tags" }, privacy.pass("list", { "tags", "alice" }, { "tags" }))
    assert.equal("none", privacy.pass("any", "none", { "none" }))
    assert.equal(3, privacy.pass("any", 3, { "none" }))
    assert.is_false(privacy.pass("any", false, { "none" }))
    assert.is_nil(privacy.pass("any", "alice", { "none" }))
    assert.error(function() privacy.pass("secret", "x") end)
  end)
end)
