-- Records that lack fields or have odd ones; what fires is in activity_spec.lua.
local identity = require "cloudaudit.check.identity"
local seen = require "cloudaudit.check.seen"
local windows = require "cloudaudit.check.windows"

local function memory()
  local counted
  return { seen = seen.new(), windows = function(_, span)
    counted = counted or windows.new(span)
    return counted
  end }
end

local function of(fields)
  local made = { event = { id = "1" }, name = "X", time = 0, params = {}, detail = {}, actor = "ann", result = "ok" }
  for name, value in pairs(fields) do
    made[name] = value
  end
  return made
end

describe("cloudaudit.check.identity", function()
  it("stays silent where fields are absent", function()
    assert.is_nil(identity.root_login(of{}))
    assert.is_nil(identity.root_key(of{ user_type = "root", via = "api" }))
    assert.is_nil(identity.root_key(of{ user_type = "root", key = "AKID" }))
    assert.is_nil(identity.no_mfa(of{ user_type = "root" }))
    assert.is_nil(identity.no_mfa(of{ user_type = "unknown", mfa = false }))
    assert.falsy(identity.login_new_address(of{}, memory()))
    assert.falsy(identity.key_new_address(of{}, memory()))
    assert.is_nil(identity.login_failures(of{ result = "failed" }, memory()))
  end)

  it("calls a key without a target the own user's, and root's when root makes it", function()
    assert.is_nil(identity.key_created(of{}).severity)
    assert.equal("critical", identity.key_created(of{ user_type = "root" }).severity)
    assert.is_nil(identity.key_created(of{ params = { TargetUin = "7" }, principal = "7", account = "1" }).severity)
    assert.equal("critical", identity.key_created(of{ params = { targetUin = 7 }, principal = "8" }).severity)
    assert.is_nil(identity.key_created(of{ params = { TargetUin = 0 }, principal = "8" }).severity)
    assert.is_nil(identity.key_created(of{ params = { Status = "Inactive" } }))
  end)

  it("counts failed logins of a user before those from an address", function()
    local counted, found = memory(), nil
    for index = 1, 5 do
      found = identity.login_failures(of{ result = "failed", user = "ann", address = "192.0.2.1", time = index,
        event = { id = tostring(index) } }, counted)
    end
    assert.same({ "user ann", { "1", "2", "3", "4", "5" }, 1 }, { found.subject, found.evidence, found.from })
    found = identity.login_failures(of{ user = "bob", address = "192.0.2.1", time = 6 }, counted)
    assert.same({ "address 192.0.2.1", "high" }, { found.subject, found.severity })
    assert.is_nil(identity.login_failures(of{ user = "bob", address = "192.0.2.1", time = 900 }, counted))
  end)
end)
