local seen = require "cloudaudit.check.seen"

describe("cloudaudit.check.seen", function()
  it("finds nothing new without days before", function()
    local made = seen.new()
    assert.is_false(made:is_new("user", "ann", "203.0.113.10"))
    assert.is_false(made:has_history())
  end)

  it("learns addresses of users and keys, networks of logins and regions of writes", function()
    local made = seen.new()
    made:learn{ user = "ann", address = "203.0.113.10", permanent_key = "AKID1", region = "ap-guangzhou",
      action = "read", name = "DescribeInstances", result = "ok" }
    assert.is_true(made:has_history())
    assert.is_false(made:is_new("user", "ann", "203.0.113.10"))
    assert.is_true(made:is_new("user", "ann", "203.0.113.11"))
    assert.is_true(made:is_new("user", "bob", "203.0.113.10"))
    assert.is_false(made:is_new("key", "AKID1", "203.0.113.10"))
    assert.is_true(made:is_new("region", "account", "ap-guangzhou"))
    assert.is_true(made:is_new("login", "ann", "203.0.113"))
    made:learn{ user = "ann", address = "203.0.113.10", name = "ConsoleLogin", result = "ok", action = "write",
      region = "ap-guangzhou" }
    assert.is_false(made:is_new("login", "ann", "203.0.113"))
    assert.is_false(made:is_new("region", "account", "ap-guangzhou"))
    assert.is_false(made:is_new("key", nil, "203.0.113.10"))
  end)

  it("does not learn from failed logins", function()
    local made = seen.new()
    made:learn{ user = "ann", address = "203.0.113.10", name = "ConsoleLogin", result = "failed" }
    assert.is_true(made:is_new("login", "ann", "203.0.113"))
  end)

  it("calls a value new for the hour in which it first came", function()
    local made = seen.new()
    made:learn{ user = "ann", address = "203.0.113.10", name = "X" }
    assert.is_true(made:is_first("user", "ann", "192.0.2.1", 7200))
    assert.is_true(made:is_first("user", "ann", "192.0.2.1", 10799))
    assert.is_false(made:is_first("user", "ann", "192.0.2.1", 10800))
    assert.is_false(made:is_first("user", "ann", "203.0.113.10", 7200))
  end)
end)
