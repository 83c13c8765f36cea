-- Notations of parameters; what fires is in activity_spec.lua.
local exposure = require "cloudaudit.check.exposure"

local function of(params, fields)
  local made = { name = "X", params = params, account = "1", result = "ok" }
  for name, value in pairs(fields or {}) do
    made[name] = value
  end
  return made
end

local function severity(rule, ...)
  local found = exposure[rule](of(...))
  return found and (found.severity or "base") or "none"
end

local function ingress(rule)
  return { SecurityGroupPolicySet = { Ingress = { rule } } }
end

describe("cloudaudit.check.exposure", function()
  it("reads policies in every notation", function()
    local function policy(statement)
      return severity("policy", { PolicyDocument = { statement = statement } })
    end
    assert.equal("critical", policy{ effect = "allow", action = "*", resource = "*" })
    assert.equal("critical", policy{ { Effect = "Allow", Action = { "cvm:*", "*:*" }, Resource = { "*" } } })
    assert.equal("critical", policy{ { effect = "allow", action = "name/*", resource = "*" } })
    assert.equal("base", policy{ { effect = "allow", action = "cvm:*", resource = "*" } })
    assert.equal("base", policy{ { effect = "allow", action = "*", resource = "qcs::cos:::logs/*" } })
    assert.equal("base", policy{ { effect = "allow", action = "*" } })
    assert.equal("critical", severity("policy", { PolicyId = { 5, "1" } }))
    assert.equal("critical", severity("policy", { strategyId = 1 }))
    assert.equal("critical", severity("policy", { PolicyIds = { 5, 1 } }))
    assert.equal("base", severity("policy", { PolicyId = 11, AttachUin = 1 }))
    assert.equal("base", severity("policy", { PolicyIds = { 11 }, AttachUin = 1 }))
    assert.equal("base", severity("policy", {}))
  end)

  it("knows the account of a principal", function()
    local function trust(principal, account)
      return severity("trust", { { effect = "allow", principal = principal } }, { account = account })
    end
    assert.equal("critical", trust({ qcs = { "qcs::cam::uin/2:root" } }, "1"))
    assert.equal("critical", trust({ qcs = { "qcs::cam::uin/1:root", "qcs::cam::uin/2:root" } }, "1"))
    assert.equal("critical", trust({ qcs = "qcs::cam::uin/2:uin/3" }, "1"))
    assert.equal("critical", trust({ qcs = { "*" } }, "1"))
    assert.equal("critical", trust("*", "1"))
    assert.equal("base", trust({ qcs = "qcs::cam::uin/1:uin/3" }, "1"))
    assert.equal("base", trust({ qcs = "qcs::cam::uin/1:root" }, "1"))
    assert.equal("base", trust({ qcs = "qcs::cam::uin/2:root" }, false))
    assert.equal("base", trust({ service = "cvm.qcloud.com" }, "1"))
  end)

  it("tells a smaller selection of a set", function()
    assert.equal("none", severity("trail", { Status = "1" }))
    assert.equal("base", severity("trail", { Status = "0" }))
    assert.equal("base", severity("trail", { EventNames = { "AddUser" } }))
    assert.equal("base", severity("trail", { ResourceType = "cam" }))
    assert.equal("none", severity("trail", { ActionType = "*", EventNames = { "*" }, Storage = {} }))
    local function filters(...)
      return severity("trail", { Filters = { ResourceFields = { ... } } }, { name = "ModifyEventsAuditTrack" })
    end
    local cam, all = { ResourceType = "cam", ActionType = "*", EventNames = { "*" } },
      { ResourceType = "*", ActionType = "*", EventNames = { "*" } }
    assert.equal("none", filters(all))
    assert.equal("none", filters(cam, all))
    assert.equal("base", filters(cam))
    assert.equal("base", filters{ ResourceType = "*", ActionType = "Write", EventNames = { "*" } })
    assert.equal("base", filters{ ResourceType = "*", ActionType = "*", EventNames = { "AddUser" } })
    assert.equal("high", severity("trail", { Status = 0 }, { result = "failed" }))
    assert.equal("a tracking set would have been deleted, but the call was refused",
      exposure.trail(of({}, { name = "DeleteAudit", result = "denied" })).detail)
  end)

  it("reads ports", function()
    for ports, expected in pairs{ ["22"] = "critical", ["443"] = "low", ["80, 443"] = "low", ["20-25"] = "critical",
      ["1-65535"] = "critical", ["80-443"] = "high", ["8080"] = "high", ["all"] = "critical", ["80,22"] = "critical",
      ["odd"] = "high", ["6379"] = "critical" } do
      assert.equal(expected, severity("network", ingress{ Port = ports, CidrBlock = "0.0.0.0/0", Action = "accept" }),
        ports)
    end
    assert.equal("critical", severity("network", ingress{ CidrBlock = "0.0.0.0/0", Action = "ACCEPT" }))
    assert.equal("critical", severity("network", ingress{ Port = 22, CidrBlock = "0.0.0.0/0", Action = "ACCEPT" }))
  end)

  it("stays silent where a rule has no action, no address or no direction", function()
    assert.equal("none", severity("network", ingress{ Port = "22", CidrBlock = "0.0.0.0/0" }))
    assert.equal("none", severity("network", ingress{ Port = "22", Action = "ACCEPT" }))
    assert.equal("none", severity("network", { { Port = "22", CidrBlock = "0.0.0.0/0", Action = "ACCEPT" } }))
    assert.equal("none", severity("network", { direction = "egress", policys = { { cidrIp = "0.0.0.0/0",
      action = "accept" } } }))
  end)

  it("knows the notations of everybody for buckets", function()
    assert.equal("none", severity("bucket", {}, { name = "PutBucketACL" }))
    assert.equal("base", severity("bucket", { acl = "Public-Read" }, { name = "PutBucketACL" }))
    assert.equal("base", severity("bucket", { { Effect = "Allow", Principal = "*" } }, { name = "PutBucketPolicy" }))
    assert.equal("none", severity("bucket", { { effect = "allow", principal = { qcs = { "qcs::cam::uin/1:uin/2" } } } },
      { name = "PutBucketPolicy" }))
  end)
end)
