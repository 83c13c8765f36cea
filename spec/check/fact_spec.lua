local core = require "cloudaudit.core"
local events = require "cloudaudit.events.event"
local fact = require "cloudaudit.check.fact"

local function event(record, fields)
  local made = { id = "1", time = 100, name = "RunInstances", resource_type = "CVM", user = "ann",
    access_key_id = "AKID1", source_ip = "203.0.113.10", raw = core.encode(record) }
  for name, value in pairs(fields or {}) do
    made[name] = value
  end
  return events.new(made)
end

describe("cloudaudit.check.fact", function()
  it("has the row without nulls, the parameters and the actor", function()
    local of = fact.of(event{ actionType = "Write", requestParameters = '{"InstanceCount":3}' })
    assert.same({ "RunInstances", "cvm", "write", "ok", "ann", "ann", "AKID1", 3 }, { of.name, of.product, of.action,
      of.result, of.user, of.actor, of.key, of.params.InstanceCount })
    assert.is_nil(of.region)
  end)

  it("takes an event without anything", function()
    local of = fact.of(events.new{})
    assert.same({ "", "", "unknown", "unknown" }, { of.name, of.product, of.actor, of.result })
    assert.same({}, of.params)
    assert.equal("AKID1", fact.of(event({}, { user = "" })).actor)
  end)

  it("tells permanent keys from those with a token and those of roles", function()
    assert.equal("AKID1", fact.of(event{}).permanent_key)
    assert.equal("AKID1", fact.of(event{ userIdentity = { sessionContext = '{"token":"","mfa":1}' } }).permanent_key)
    assert.is_nil(fact.of(event{ userIdentity = { sessionContext = '{"token":"t"}' } }).permanent_key)
    assert.is_nil(fact.of(event{ userIdentity = { type = "AssumedRole" } }).permanent_key)
    assert.is_nil(fact.of(event({}, { access_key_id = "" })).permanent_key)
  end)

  it("knows the network of an address", function()
    assert.equal(fact.network("203.0.113.1"), fact.network("203.0.113.254"))
    assert.not_equal(fact.network("203.0.113.1"), fact.network("203.0.114.1"))
    assert.equal(fact.network("2001:db8:1::1"), fact.network("2001:db8:1:ffff::2"))
    assert.not_equal(fact.network("2001:db8:1::1"), fact.network("2001:db8:2::1"))
    assert.equal("somewhere", fact.network("somewhere"))
  end)

  it("looks through nested tables, with the names of their members", function()
    local function named(value, name)
      return value == 1 and name == "Id"
    end
    assert.is_true(fact.find({ a = { Id = { 2, 1 } } }, named))
    assert.is_false(fact.find({ a = { Other = 1 } }, named))
    assert.is_false(fact.find(nil, named))
  end)

  it("finds members in any case, and takes one value as a list", function()
    assert.equal("x", fact.member({ Action = "x" }, "action"))
    assert.is_nil(fact.member("text", "action"))
    assert.same({ "x" }, fact.list("x"))
    assert.same({ "x", "y" }, fact.list{ "x", "y" })
    assert.same({ { a = 1 } }, fact.list{ a = 1 })
    assert.same({}, fact.list(nil))
  end)
end)
