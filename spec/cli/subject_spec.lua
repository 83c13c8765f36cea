local status = require "cloudaudit.cli.status"
local subject = require "cloudaudit.cli.subject"

describe("cloudaudit.cli.subject", function()
  it("tells keys, addresses, users and resources by their form", function()
    local cases = {
      AKIDz8krbsJ5 = { "key", "AKIDz8krbsJ5" }, ["203.0.113.9"] = { "ip", "203.0.113.9" },
      ["10.0.0.0/8"] = { "ip", "10.0.0.0/8" }, ["2001:db8::1"] = { "ip", "2001:db8::1" }, ["@ann"] = { "user", "ann" },
      ["audit-logs"] = { "resource", "audit-logs" }, ["ins-1"] = { "resource", "ins-1" }, ["@"] = { "resource", "@" },
    }
    for text, expected in pairs(cases) do
      local found, note = subject.read(text)
      assert.same(expected, { found.kind, found.value }, text)
      assert.is_nil(note, text)
    end
  end)

  it("obeys a prefix", function()
    for text, expected in pairs{ ["resource:AKIDx"] = "resource AKIDx", ["user:10.0.0.1"] = "user 10.0.0.1",
      ["key:x"] = "key x", ["ip:host"] = "ip host", ["resource:user:x"] = "resource user:x",
      ["other:x"] = "resource other:x" } do
      local found, note = subject.read(text)
      assert.equal(expected, found.kind .. " " .. found.value)
      assert.is_nil(note)
    end
  end)

  it("notes how it read what is ambiguous", function()
    local found, note = subject.read("100000000001")
    assert.equal("user", found.kind)
    assert.truthy(note:find("resource:100000000001", 1, true))
    found, note = subject.read("10.0.0.0/40")
    assert.equal("resource", found.kind)
    assert.truthy(note:find("not a CIDR block", 1, true))
  end)

  it("refuses a prefix without a value", function()
    for _, text in ipairs{ "key:", "ip:", "user:", "resource:" } do
      local done, problem = pcall(subject.read, text)
      assert.is_false(done, text)
      assert.same({ 2, ("SUBJECT: a key, address, user or resource expected, got %q"):format(text) },
        { problem.status, problem.message })
    end
    assert.equal("other:", subject.read("other:").value)
  end)

  it("refuses an empty text", function()
    local done, problem = pcall(subject.read, "")
    assert.is_false(done)
    assert.is_true(status.is_problem(problem))
  end)
end)
