-- What fires is in activity_spec.lua; here what is counted under which key.
local seen = require "cloudaudit.check.seen"
local volume = require "cloudaudit.check.volume"
local windows = require "cloudaudit.check.windows"

local function memory(learned)
  local counted
  local made = { seen = seen.new(), windows = function(_, span)
    counted = counted or windows.new(span)
    return counted
  end }
  if learned then
    made.seen:learn(learned)
  end
  return made
end

local function of(fields)
  local made = { event = {}, name = "DeleteBucket", time = 0, params = {}, detail = {}, actor = "ann",
    product = "cos", result = "ok" }
  for name, value in pairs(fields) do
    made[name] = value
  end
  return made
end

local function last(rule, count, kept, fields)
  local found
  for index = 1, count do
    fields.time, fields.event = index, { id = tostring(index) }
    found = volume[rule](of(fields), kept)
  end
  return found
end

describe("cloudaudit.check.volume", function()
  it("counts deletions by actor", function()
    local kept = memory()
    assert.is_nil(last("destroyed", 9, kept, {}))
    assert.is_nil(last("destroyed", 9, kept, { actor = "bob" }))
    assert.equal("ann", last("destroyed", 1, kept, {}).subject)
    assert.is_nil(last("destroyed", 20, memory(), { name = "CreateBucket" }))
  end)

  it("counts machines, not calls", function()
    assert.equal("10 machines started within an hour", last("machines", 2, memory(), {
      params = { InstanceCount = 5 } }).detail)
    assert.is_nil(last("machines", 9, memory(), { params = { InstanceCount = "odd" } }))
    assert.is_nil(last("machines", 30, memory(), { user_type = "role",
      detail = { userIdentity = { userName = "AS_QCSRole" } } }))
    assert.truthy(last("machines", 30, memory(), { user_type = "user",
      detail = { userIdentity = { userName = "AS_QCSRole" } } }))
  end)

  it("counts denied calls under the key, else the user, else the address", function()
    assert.equal("key AKID1", last("denied", 10, memory(), { key = "AKID1", user = "ann", address = "a" }).subject)
    assert.equal("user ann", last("denied", 10, memory(), { user = "ann", address = "a" }).subject)
    local kept = memory()
    last("denied", 5, kept, { user = "ann", address = "a" })
    assert.equal("address a", last("denied", 5, kept, { user = "bob", address = "a" }).subject)
    assert.is_nil(last("denied", 20, memory(), {}))
  end)

  it("calls denied calls graver from an address that is new for the key, or for a user without one", function()
    local known = { permanent_key = "AKID1", user = "ann", address = "home" }
    local function severity(fields)
      fields.key = fields.permanent_key
      return last("denied", 10, memory(known), fields).severity
    end
    assert.is_nil(severity{ permanent_key = "AKID1", address = "home" })
    assert.equal("high", severity{ permanent_key = "AKID1", address = "away" })
    assert.is_nil(severity{ user = "ann", address = "home" })
    assert.equal("high", severity{ user = "ann", address = "away" })
  end)

  it("finds no reconnaissance without a permanent key, an address and the API", function()
    for _, fields in ipairs{ { via = "api", address = "away" }, { via = "api", permanent_key = "AKID1" },
      { permanent_key = "AKID1", address = "away" } } do
      fields.name = "DescribeInstances"
      assert.is_nil(last("recon", 30, memory{ permanent_key = "AKID1", address = "home" }, fields))
    end
  end)
end)
