-- Every rule has a story that fires it once, near misses that do not, and its known false positives (29).
local activity = require "cloudaudit.check.activity"
local core = require "cloudaudit.core"
local made = require "cloudaudit.emulator.stories"
local play = require "support.stories"

local event, times, login = made.event, made.times, made.login

local DAY = 86400
local KEY = "AKIDbuildserver00000000000000EXAMPLE"
local STRANGER = "198.51.100.66"

local function by_key(more)
  local fields = { Username = "ci", SecretId = KEY, SourceIPAddress = STRANGER, PrincipalId = "100000000015" }
  for name, value in pairs(more or {}) do
    fields[name] = value
  end
  return fields
end

local function failed(count, step, at, fields)
  local all = { Username = "bob", ErrorCode = 4, SourceIPAddress = STRANGER, EventType = "ConsoleCall" }
  for name, value in pairs(fields or {}) do
    all[name] = value
  end
  return times(count, step, at or 60, "ConsoleLogin", "account", all)
end

local function with(list, ...)
  local out = {}
  for _, item in ipairs(list) do
    out[#out + 1] = item
  end
  for _, item in ipairs{ ... } do
    out[#out + 1] = item
  end
  return out
end

local function ingress(rule)
  rule.Action = rule.Action or "ACCEPT"
  return { SecurityGroupPolicySet = { Ingress = { rule } } }
end

local function opened(params)
  return { event(60, "CreateSecurityGroupPolicies", "vpc", nil, params) }
end

local function policy(statement)
  return { PolicyDocument = core.encode{ version = "2.0", statement = { statement } } }
end

local USUAL = event(-3 * DAY, "DescribeInstances", "cvm", by_key{ SourceIPAddress = "10.0.4.20", ActionType = "Read" })
local RECON = made.events("recon")

local function recon_without(change)
  local list = {}
  for index, item in ipairs(RECON) do
    local copied = {}
    for name, value in pairs(item) do
      copied[name] = value
    end
    if index > 1 then
      change(copied, index)
    end
    list[index] = copied
  end
  return list
end

-- id -> story (severity and number of events), `more`: stories of other severities, `near`: near misses, `spares`:
-- known false positives.
local CASES = {
  ["root.login"] = { "high", 1, near = { { login(60, "ann", STRANGER) }, { login(60, "root", STRANGER,
    { ErrorCode = 4 }) } }, spares = { { "several an hour are one", times(4, 60, 60, "ConsoleLogin", "account",
      { Username = "root", SourceIPAddress = STRANGER }), count = 1 } } },
  ["root.key"] = { "critical", 1, near = { { event(60, "DescribeInstances", "cvm", { Username = "root",
    SecretId = KEY, ActionType = "Read" }) }, { event(60, "RunInstances", "cvm", { SecretId = KEY }) },
    { event(60, "RunInstances", "cvm", { Username = "root", SecretId = "" }) } },
    spares = { { "keys of the console", { event(60, "RunInstances", "cvm", { Username = "root", SecretId = KEY,
      EventType = "ConsoleCall" }) } } } },
  ["login.no_mfa"] = { "high", 1, near = { { login(60, "ann", STRANGER, {
      SessionContext = core.encode{ mfa = 1 } }) } },
    spares = {
      { "roles", { login(60, "ann", STRANGER, { IdentityType = "AssumedRole",
        SessionContext = core.encode{ mfa = 0 } }) } },
      { "SSO", { login(60, "ann", STRANGER, { IdentityType = "SSOUser",
        SessionContext = core.encode{ mfa = 0 } }) } },
      { "SAML", { login(60, "ann", STRANGER, { IdentityType = "SAMLUser",
        SessionContext = core.encode{ mfa = 0 } }) } },
      { "no field", { login(60, "ann", STRANGER) } },
    } },
  ["login.failures"] = { "medium", 5,
    more = { { "from one address", failed(1, 1, 60, { Username = "a" }), failed(1, 1, 70, { Username = "b" }),
      failed(1, 1, 80, { Username = "c" }), failed(2, 60, 90, { Username = "d" }), severity = "medium",
      subject = "address " .. STRANGER } },
    near = { failed(4, 60), failed(5, 151), with(failed(4, 60), login(400, "bob", STRANGER)) } },
  ["login.new_address"] = { "medium", 1, near = { { login(-3 * DAY, "ann", STRANGER), login(60, "ann", STRANGER) },
    { login(-3 * DAY, "ann", "203.0.113.10"), login(60, "ann", STRANGER, { ErrorCode = 4 }) } },
    spares = {
      { "another address of a /24", { login(-3 * DAY, "ann", "203.0.113.10"), login(60, "ann", "203.0.113.99") } },
      { "another address of a /48", { login(-3 * DAY, "ann", "2001:db8:1:2::3"),
        login(60, "ann", "2001:db8:1:9::7") } },
    } },
  ["key.created"] = { "critical", 1,
    more = { { "for the own user", { event(60, "CreateAccessKey", "cam") }, severity = "high" },
      { "for root", { event(60, "CreateApiKey", "cam", { Username = "root" }) }, severity = "critical" },
      { "for the root account", { event(60, "CreateAccessKey", "cam", nil, { TargetUin = 100000000001 }) },
        severity = "critical" } },
    near = { { event(60, "CreateAccessKey", "cam", { ApiErrorCode = "LimitExceeded" }) },
      { event(60, "DeleteAccessKey", "cam") }, { event(60, "CreateAccessKey", "cvm") } },
    spares = { { "turned off", { event(60, "UpdateAccessKey", "cam", nil, { Status = "Inactive" }) } } } },
  ["key.revealed"] = { "high", 1, near = { { event(60, "QueryKeyBySecretId", "cam") },
    { event(60, "QueryKeyBySecretId", "account", { ApiErrorCode = "UnauthorizedOperation" }) } } },
  ["key.new_address"] = { "high", 1, near = { { USUAL, event(60, "RunInstances", "cvm", by_key{
    SourceIPAddress = "10.0.4.20" }) } },
    spares = {
      { "temporary keys", { USUAL, event(60, "RunInstances", "cvm", by_key{
        SessionContext = core.encode{ token = "t" } }) } },
      { "roles", { USUAL, event(60, "RunInstances", "cvm", by_key{ IdentityType = "AssumedRole" }) } },
      { "an hour later it is known", { USUAL, event(60, "RunInstances", "cvm", by_key()), event(-4000, "RunInstances",
        "cvm", by_key()) }, count = 1 },
    } },
  ["user.created"] = { "medium", 1,
    near = { { event(60, "CreateAccessKey", "cam") }, { event(60, "AttachUserPolicy", "cam") },
      { event(60, "AddUser", "cam", { CamErrorCode = "4" }) } },
    spares = { { "a key by another actor", { event(60, "AddUser", "cam"),
      event(90, "CreateAccessKey", "cam", { Username = "ann" }) }, count = 1 } } },
  ["policy.widened"] = { "critical", 1,
    more = { { "any policy", { event(60, "AttachRolePolicies", "cam", nil, { PolicyId = { 7 } }) },
      severity = "high" },
      { "everything", { event(60, "CreatePolicy", "cam", nil, policy{ effect = "allow", action = { "*" },
        resource = "*" }) }, severity = "critical" },
      { "by its name", { event(60, "AttachUserPolicy", "cam", nil, { PolicyName = "AdministratorAccess" }) },
        severity = "critical" },
      { "a denial of everything", { event(60, "UpdatePolicy", "cam", nil, policy{ effect = "deny", action = "*",
        resource = "*" }) }, severity = "high" } },
    near = { { event(60, "DetachUserPolicy", "cam") },
      { event(60, "AttachUserPolicy", "cam", { ApiErrorCode = "UnauthorizedOperation" }) } } },
  ["trust.widened"] = { "critical", 1,
    more = { { "the own account", { event(60, "CreateRole", "cam", nil, policy{ effect = "allow",
      action = "name/sts:AssumeRole", principal = { qcs = { "qcs::cam::uin/100000000001:root" } } }) },
      severity = "high" }, { "a service", { event(60, "CreateRole", "cam", nil, policy{ effect = "allow",
      action = "name/sts:AssumeRole", principal = { service = { "cvm.qcloud.com" } } }) }, severity = "high" } },
    near = { { event(60, "DeleteRole", "cam") }, { event(60, "GetRole", "cam", { ActionType = "Read" }) } } },
  ["guard.removed"] = { "high", 1,
    more = { { "of account", { event(60, "SetSafeAuthFlag", "account") }, severity = "high" } },
    near = { { event(60, "PutRolePermissionsBoundary", "cam") }, { event(60, "UnbindToken", "cam") } } },
  ["trail.off"] = { "critical", 1,
    more = { { "turned off", { event(60, "ModifyAuditTrack", "cloudaudit", nil, { TrackId = 1, Status = 0 }) },
      severity = "critical" },
      { "records less", { event(60, "ModifyAuditTrack", "cloudaudit", nil, { TrackId = 1, ActionType = "Write" }) },
        severity = "critical" },
      { "several products only", { event(60, "ModifyEventsAuditTrack", "cloudaudit", nil, { TrackId = 1,
        Filters = { ResourceFields = { { ResourceType = "cam", ActionType = "*", EventNames = { "*" } } } } }) },
        severity = "critical" },
      { "refused", { event(60, "StopLogging", "cloudaudit", { ApiErrorCode = "UnauthorizedOperation" }) },
        severity = "high" } },
    near = { { event(60, "ModifyAuditTrack", "cloudaudit", nil, { TrackId = 1, Status = 1 }) },
      { event(60, "DescribeAuditTracks", "cloudaudit", { ActionType = "Read" }) } },
    spares = { { "all products", { event(60, "ModifyAuditTrack", "cloudaudit", nil, { TrackId = 1, ActionType = "*",
      ResourceType = "*", EventNames = { "*" } }) } },
      { "all products by filter", { event(60, "ModifyEventsAuditTrack", "cloudaudit", nil, { TrackId = 1,
        Filters = { ResourceFields = { { ResourceType = "*", ActionType = "*", EventNames = { "*" } } } } }) } } } },
  ["bucket.public"] = { "critical", 1,
    more = { { "an ACL", { event(60, "PutBucketACL", "cos", nil, { ["x-cos-acl"] = "public-read-write" }) },
      severity = "critical" },
      { "a grant", { event(60, "PutBucketACL", "cos", nil, { AccessControlList = { Grant = { Grantee = {
        URI = "http://cam.qcloud.com/groups/global/AllUsers" }, Permission = "READ" } } }) }, severity = "critical" },
      { "a web site", { event(60, "PutBucketWebsite", "cos") }, severity = "medium" } },
    near = { { event(60, "PutBucketACL", "cos", nil, { ["x-cos-acl"] = "private" }) },
      { event(60, "PutBucketPolicy", "cos", nil, { statement = { { effect = "deny", principal = "*" } } }) } },
    spares = { { "a named principal", { event(60, "PutBucketPolicy", "cos", nil, { statement = { { effect = "allow",
      principal = { qcs = { "qcs::cam::uin/100000000001:uin/100000000011" } } } } }) } } } },
  ["net.opened"] = { "critical", 1,
    more = { { "a web server", opened(ingress{ Port = "80,443", CidrBlock = "0.0.0.0/0" }), severity = "low" },
      { "a range", opened(ingress{ Port = "8000-9000", CidrBlock = "0.0.0.0/0" }), severity = "high" },
      { "a range with RDP", opened(ingress{ Port = "3000-4000", Ipv6CidrBlock = "::/0" }), severity = "critical" },
      { "all ports", opened(ingress{ Port = "ALL", CidrBlock = "0.0.0.0/0" }), severity = "critical" },
      { "the worst of two", opened{ SecurityGroupPolicySet = { Ingress = { { Port = "443", CidrBlock = "0.0.0.0/0",
        Action = "accept" }, { Port = "22", CidrBlock = "0.0.0.0/0", Action = "accept" } } } },
        severity = "critical" },
      { "cvm", { event(60, "ModifySecurityGroupPolicys", "cvm", nil, { direction = "ingress", policys = { {
        cidrIp = "0.0.0.0/0", portRange = "22", action = "accept" } } }) }, severity = "critical" } },
    near = { opened(ingress{ Port = "22", CidrBlock = "10.0.0.0/8" }), opened{ SecurityGroupId = "sg-1" } },
    spares = { { "outgoing", opened{ SecurityGroupPolicySet = { Egress = { { Port = "ALL", CidrBlock = "0.0.0.0/0",
        Action = "ACCEPT" } } } } },
      { "dropped", opened(ingress{ Port = "22", CidrBlock = "0.0.0.0/0", Action = "DROP" }) },
      { "what was replaced", { event(60, "ReplaceSecurityGroupPolicy", "vpc", nil, { SecurityGroupPolicySet = {
        Ingress = { { Port = "22", CidrBlock = "10.0.0.0/8", Action = "ACCEPT" } } },
        OriginalSecurityGroupPolicySet = { Ingress = { { Port = "22", CidrBlock = "0.0.0.0/0",
          Action = "ACCEPT" } } } }) } } } },
  ["net.rerouted"] = { "medium", 1, near = { { event(60, "DescribeRouteTables", "vpc", { ActionType = "Read" }) },
    { event(60, "DeleteRoute", "vpc") } } },
  ["data.shared_out"] = { "high", 1,
    more = { { "a snapshot", { event(60, "ModifySnapshotsSharePermission", "cbs", nil, { Permission = "SHARE" }) },
      severity = "high" } },
    near = { { event(60, "ModifyImageAttribute", "cvm") } },
    spares = { { "sharing ended", { event(60, "ModifyImageSharePermission", "cvm", nil, {
      Permission = "CANCEL" }) } } } },
  ["data.destroyed"] = { "high", 10, more = { { "by several names", times(5, 30, 60, "DeleteBucket", "cos"),
    times(5, 30, 75, "TerminateInstances", "cvm"), severity = "high" } },
    near = { times(9, 30, 60, "DeleteBucket", "cos"), times(10, 67, 60, "DeleteBucket", "cos"),
      times(12, 30, 60, "UndeleteBucket", "cos"),
      with(times(5, 30, 60, "DeleteBucket", "cos"), times(5, 30, 60, "DeleteBucket", "cos", { Username = "ann" })[1],
        times(4, 30, 90, "DeleteBucket", "cos", { Username = "ann" })[1]) } },
  ["crypto.locked"] = { "high", 1, near = { { event(60, "CancelKeyDeletion", "kms") },
    { event(60, "DisableKey", "ssm") } } },
  ["machines.burst"] = { "high", 1,
    more = { { "one by one", times(10, 60, 60, "RunInstances", "cvm"), severity = "high" },
      { "a new region", { event(-DAY * 2, "RunInstances", "cvm"), event(60, "RunInstances", "cvm", {
        EventRegion = "sa-saopaulo" }) }, severity = "high", subject = "mallory from 198.51.100.9" } },
    near = { times(9, 60, 60, "RunInstances", "cvm"), { event(60, "RunInstances", "cvm", nil, { InstanceCount = 9 }) },
      with(times(5, 60, 60, "RunInstances", "cvm"), times(1, 1, -3600, "RunInstances", "cvm")[1]) },
    spares = { { "autoscaling", times(20, 60, 60, "RunInstances", "cvm", { Username = "AS_QCSRole",
      IdentityType = "AssumedRole" }) } } },
  ["denied.storm"] = { "medium", 10,
    more = { { "from a new address", { USUAL }, times(10, 30, 60, "GetBucket", "cos", by_key{
      ApiErrorCode = "UnauthorizedOperation" }), severity = "high", subject = "key " .. KEY } },
    near = { times(9, 30, 60, "GetBucket", "cos", { ApiErrorCode = "UnauthorizedOperation" }),
      times(10, 30, 60, "GetBucket", "cos", { ApiErrorCode = "NoSuchBucket" }),
      times(10, 67, 60, "GetBucket", "cos", { ApiErrorCode = "UnauthorizedOperation" }) } },
  ["recon"] = { "medium", 20,
    near = { { USUAL, (table.unpack or unpack)(RECON, 2, 20) },
      recon_without(function(copied)
        copied.ResourceType = copied.ResourceType == "cdb" and "vpc" or copied.ResourceType
      end),
      recon_without(function(copied)
        copied.SourceIPAddress = "10.0.4.20"
      end) },
    spares = { { "the console", recon_without(function(copied)
      copied.EventType = "ConsoleCall"
    end) } } },
}

describe("the activity rule", function()
  for _, rule in ipairs(activity) do
    local case = CASES[rule.id]

    it(rule.id .. " fires once for its story", function()
      local found = play.findings(rule.id, made.events(rule.id))
      assert.equal(1, #found)
      assert.same({ rule.id, case[1], case[2], case[2] }, { found[1].id, found[1].severity, found[1].count,
        #found[1].evidence })
      assert.is_nil(found[1].fix:find("[{}]"))
      assert.truthy(found[1].subject ~= "" and found[1].detail:find("^" .. made.events(rule.id)[#made.events(rule.id)]
        .EventName .. ": "), found[1].detail)
    end)

    for _, story in ipairs(case.more or {}) do
      it(rule.id .. " fires once: " .. story[1], function()
        local found = play.findings(rule.id, (table.unpack or unpack)(story, 2))
        assert.same({ 1, story.severity }, { #found, found[1] and found[1].severity })
        assert.equal(story.subject or found[1].subject, found[1].subject)
      end)
    end

    it(rule.id .. " does not fire for near misses", function()
      for index, list in ipairs(case.near) do
        assert.same({ index, 0 }, { index, #play.findings(rule.id, list) })
      end
    end)

    for _, story in ipairs(case.spares or {}) do
      it(rule.id .. " spares " .. story[1], function()
        assert.equal(story.count or 0, #play.findings(rule.id, story[2]))
      end)
    end

    it(rule.id .. " says what it spares, where it does", function()
      assert.equal(rule.spares ~= nil, case.spares ~= nil)
    end)
  end

  it("login.failures is graver when a login succeeds then", function()
    local found = play.findings("login.failures", failed(5, 60), { login(400, "bob", "192.0.2.7") })
    assert.same({ "medium", "high", "user bob" }, { found[1].severity, found[2].severity, found[2].subject })
    assert.equal(6, found[2].count)
    assert.equal(1, #play.findings("login.failures", failed(5, 60), { login(1000, "bob", "192.0.2.7") }))
  end)

  it("user.created is graver when a key or a policy follows within an hour", function()
    local function after(seconds)
      local found = play.findings("user.created", { event(-3000, "AddUser", "cam"),
        event(-3000 + seconds, "CreateAccessKey", "cam") })
      return #found, found[2] and found[2].severity, found[2] and found[2].count
    end
    assert.same({ 2, "high", 2 }, { after(3600) })
    assert.same({ 1 }, { after(3601) })
  end)

  it("is one of 22, each with an id of its own, and says all about itself", function()
    local known = {}
    for _, rule in ipairs(activity) do
      assert.is_nil(known[rule.id])
      known[rule.id] = true
      assert.is_true(rule.fails ~= nil and rule.fix ~= nil and (rule.events ~= nil) ~= (rule.every ~= nil))
    end
    assert.equal(22, #activity)
    assert.equal(22, #made.LIST)
  end)
end)
