local fixes = require "cloudaudit.check.fixes"

describe("cloudaudit.check.fixes", function()
  it("names a set by its name where that is certain, else by its id", function()
    local plain, double, odd = { id = 1, name = "all-events" }, { id = 2, name = "twice" }, { id = 4, name = "审计" }
    local digits = { id = 5, name = "123" }
    local list = { plain, double, { id = 3, name = "twice" }, odd, digits }
    assert.equal("cloudaudit tracks enable all-events", fixes.enable(plain, list))
    assert.equal("cloudaudit tracks enable 2", fixes.enable(double, list))
    assert.equal("cloudaudit tracks set 4 --action all", fixes.set(odd, list, "--action all"))
    assert.equal("cloudaudit tracks enable 5", fixes.enable(digits, list))
    assert.equal("cloudaudit tracks delete 2 3", fixes.delete{ double, list[3] })
    assert.equal("9007199254740993", fixes.reference({ id = "9007199254740993" }, {}))
  end)

  it("creates sets under a name that is free", function()
    assert.equal("cloudaudit tracks create all-events --storage URL", fixes.create("all-events", {}))
    assert.equal("cloudaudit tracks create all-events-3 --action all --storage cls://x", fixes.create("all-events",
      { { name = "all-events" }, { name = "all-events-2" } }, "--action all", "cls://x"))
  end)

  it("enables a set that would do rather than creating one", function()
    local off = { name = "off", action = "write", enabled = false }
    assert.equal("cloudaudit tracks enable off", fixes.cover({ off }, "write", "new"))
    assert.equal("cloudaudit tracks create new --storage URL", fixes.cover({ off }, "read", "new"))
  end)

  it("quotes what an event or the service may have made up", function()
    assert.equal("ann", fixes.quote("ann"))
    assert.equal("'$(reboot)'", fixes.quote("$(reboot)"))
    assert.equal("'it'\\''s'", fixes.quote("it's"))
    assert.equal("''", fixes.quote(""))
  end)

  it("writes filters that a shell takes as they are", function()
    assert.equal("--filter '*:write' --filter cam:all:AddUser,X", fixes.filters({ filters = {
      { resource_type = "*", action = "write", event_names = { "A" } },
      { resource_type = "cam", action = "all", event_names = { "AddUser", "X" } } } }, function(part)
      return part.product, part.action, part.product == "cam" and part.names or nil
    end))
  end)
end)
