-- Short stories, each of which shows one alarming thing: what somebody does within an hour, and what was usual on the
-- days before. The scenario `alarms` plays all of them, and the specs of the activity rules one at a time.
local core = require "cloudaudit.core"

local stories = {}

local KEY = "AKIDbuildserver00000000000000EXAMPLE"
local STRANGER = "198.51.100.66"

--- An event at `at` seconds of the story's hour; a negative time is so many seconds before. `params` are its
-- RequestParameters.
function stories.event(at, name, product, fields, params)
  local made = { at = at, EventName = name, ResourceType = product, EventSource = product .. ".tencentcloudapi.com",
    ActionType = "Write", Username = "mallory", PrincipalId = "100000000066", SourceIPAddress = "198.51.100.9",
    RequestParameters = params and core.encode(params) or "" }
  for member, value in pairs(fields or {}) do
    made[member] = value
  end
  return made
end

local event = stories.event

--- `count` of them, one every `step` seconds.
function stories.times(count, step, at, ...)
  local list = {}
  for index = 1, count do
    list[index] = event(at + (index - 1) * step, ...)
  end
  return list
end

local times = stories.times

--- A login to the console.
function stories.login(at, user, address, fields)
  local made = event(at, "ConsoleLogin", "account", { Username = user, SourceIPAddress = address,
    EventType = "ConsoleCall", ResourceName = user, PrincipalId = user == "root" and "100000000001" or "100000000011" })
  for member, value in pairs(fields or {}) do
    made[member] = value
  end
  return made
end

local login = stories.login

local DAY = 86400
local BY_KEY = { Username = "ci", SecretId = KEY, SourceIPAddress = STRANGER, PrincipalId = "100000000015" }
local AT_HOME = { Username = "ci", SecretId = KEY, SourceIPAddress = "10.0.4.20", PrincipalId = "100000000015",
  ActionType = "Read" }

-- Reads of five products by a key from an address where it never was.
local function reconnaissance()
  local list = { event(-5 * DAY, "DescribeInstances", "cvm", AT_HOME) }
  for index, product in ipairs{ "cvm", "cam", "cos", "vpc", "cdb" } do
    for number = 1, 4 do
      local made = event(index * 200 + number * 20, ("Describe%sThing%d"):format(product, number), product, BY_KEY)
      made.ActionType, made.SourceIPAddress = "Read", "192.0.2.77"
      list[#list + 1] = made
    end
  end
  return list
end

local ANYONE = { principal = { qcs = { "qcs::cam::anyone:anyone" } }, effect = "allow",
  action = { "name/cos:GetObject" }, resource = { "*" } }

--- {id, events}: the id is that of the activity rule which a story is about.
stories.LIST = {
  { "root.login", { login(60, "root", STRANGER) } },
  { "root.key", { event(60, "RunInstances", "cvm", { Username = "root", PrincipalId = "100000000001",
    SecretId = KEY }) } },
  { "login.no_mfa", { login(60, "ann", "203.0.113.10", { SessionContext = core.encode{ mfa = 0 } }) } },
  { "login.failures", times(5, 60, 60, "ConsoleLogin", "account", { Username = "bob", ErrorCode = 4,
    SourceIPAddress = STRANGER, EventType = "ConsoleCall" }) },
  { "login.new_address", { login(-3 * DAY, "ann", "203.0.113.10"), login(60, "ann", STRANGER) } },
  { "key.created", { event(60, "CreateAccessKey", "cam", nil, { TargetUin = 100000000011 }) } },
  { "key.revealed", { event(60, "QueryKeyBySecretId", "account") } },
  { "key.new_address", { event(-3 * DAY, "DescribeInstances", "cvm", AT_HOME), event(60, "RunInstances", "cvm",
    BY_KEY) } },
  { "user.created", { event(60, "AddUser", "cam", nil, { Name = "backdoor" }) } },
  { "policy.widened", { event(60, "AttachUserPolicy", "cam", nil, { PolicyId = 1, AttachUin = 100000000066 }) } },
  { "trust.widened", { event(60, "UpdateAssumeRolePolicy", "cam", nil, { RoleName = "deploy",
    PolicyDocument = core.encode{ version = "2.0", statement = { { effect = "allow", action = "name/sts:AssumeRole",
      principal = { qcs = { "qcs::cam::uin/100000009999:root" } } } } } }) } },
  { "guard.removed", { event(60, "DeleteRolePermissionsBoundary", "cam", nil, { RoleName = "deploy" }) } },
  { "trail.off", { event(60, "DeleteAuditTrack", "cloudaudit", nil, { TrackId = 10001 }) } },
  { "bucket.public", { event(60, "PutBucketPolicy", "cos", { ResourceName = "backups" },
    { statement = { ANYONE } }) } },
  { "net.opened", { event(60, "CreateSecurityGroupPolicies", "vpc", nil, { SecurityGroupId = "sg-web",
    SecurityGroupPolicySet = { Ingress = { { Protocol = "TCP", Port = "22", CidrBlock = "0.0.0.0/0",
      Action = "ACCEPT" } } } }) } },
  { "net.rerouted", { event(60, "ModifyRoute", "vpc") } },
  { "data.shared_out", { event(60, "ModifyImageSharePermission", "cvm", nil, { ImageId = "img-1",
    AccountIds = { "100000009999" }, Permission = "SHARE" }) } },
  { "data.destroyed", times(10, 30, 60, "DeleteBucket", "cos") },
  { "crypto.locked", { event(60, "ScheduleKeyDeletion", "kms") } },
  { "machines.burst", { event(60, "RunInstances", "cvm", nil, { InstanceCount = 12 }) } },
  { "denied.storm", times(10, 30, 60, "GetBucket", "cos", { ActionType = "Read",
    ApiErrorCode = "UnauthorizedOperation.CamNoAuth" }) },
  { "recon", reconnaissance() },
}

--- The events of a story.
function stories.events(id)
  for _, story in ipairs(stories.LIST) do
    if story[1] == id then
      return story[2]
    end
  end
  return nil
end

return stories
