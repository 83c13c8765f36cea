-- Scenarios for tests and demonstrations: sets of related events, the same for the same seed and time. They add events
-- only; tracking sets and keys do not change.
local core = require "cloudaudit.core"
local errors = require "cloudaudit.errors"
local events = require "cloudaudit.emulator.actions.events"
local random = require "cloudaudit.emulator.random"
local response = require "cloudaudit.emulator.response"
local stories = require "cloudaudit.emulator.stories"

local scenarios = {}

local HOUR = 3600
local KEY_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

-- The tools of one scenario. Each has a random generator, so that scenarios do not influence each other.
local function builder(emulator, salt)
  local self = { emulator = emulator, random = random.new(emulator.options.seed * 31 + salt), ids = {},
    now = math.floor(emulator.clock:now()) }
  function self.add(ago, event)
    event.EventTime, event.EventId = self.now - ago, self.random:uuid()
    local id, message = events.add(emulator, event)
    assert(id, message)
    self.ids[#self.ids + 1] = id
    return id
  end
  function self.key_id()
    local letters = {}
    for index = 1, 32 do
      local at = self.random:integer(1, #KEY_LETTERS)
      letters[index] = KEY_LETTERS:sub(at, at)
    end
    return "AKID" .. table.concat(letters)
  end
  return self
end

local USERS = {
  { "ann", "203.0.113.10" }, { "bob", "203.0.113.11" }, { "cem", "203.0.113.12" },
}

-- A day of console logins: three users at their usual addresses, some wrong passwords, and finally the root account
-- from an unknown address.
local function console_logins(build)
  local function login(ago, user, address, code)
    return build.add(ago, { EventName = "ConsoleLogin", EventNameCn = "控制台登录", EventSource = "cloud.tencent.com",
      Username = user, SourceIPAddress = address, ResourceType = "account", ResourceName = user, ActionType = "Write",
      ErrorCode = code, SensitiveAction = "1", EventType = "ConsoleCall",
      Location = address == "198.51.100.66" and "-" or "Shenzhen",
      RequestParameters = core.encode{ mfa = user ~= "root" },
      SessionContext = core.encode{ mfa = user ~= "root" and 1 or 0 } })
  end
  local failed = {}
  for hour = 23, 1, -1 do
    local user = USERS[build.random:integer(1, #USERS)]
    local ago = hour * HOUR - build.random:integer(0, 1700)
    if build.random:next() < 1 / 5 then
      failed[#failed + 1] = login(ago + 30, user[1], user[2], 4)
    end
    login(ago, user[1], user[2], 0)
  end
  return { suspicious = login(600, "root", "198.51.100.66", 0), failed = failed }
end

local LEAK = {
  { "GetUserAppId", "cam", "Read" }, { "ListUsers", "cam", "Read" }, { "ListAttachedUserAllPolicies", "cam", "Read" },
  { "CreateAccessKey", "cam", "Write" }, { "AddUser", "cam", "Write" },
  { "AttachUserPolicy", "cam", "Write", "UnauthorizedOperation" }, { "DescribeZones", "cvm", "Read" },
}

-- The access key of a build server, used first as usual, then from an unknown address: reconnaissance, persistence, and
-- instances started in bulk.
local function leaked_key(build)
  local key, stranger = build.key_id(), "198.51.100.77"
  local function call(ago, address, name, product, kind, code)
    return build.add(ago, { EventName = name, EventSource = product .. ".tencentcloudapi.com", Username = "ci",
      SecretId = key, SourceIPAddress = address, ResourceType = product, ActionType = kind, ApiErrorCode = code,
      SessionContext = response.object{ { "token", "leaked-" .. build.random:uuid() } } })
  end
  for hour = 12, 3, -1 do
    call(hour * HOUR - build.random:integer(0, 900), "10.0.4.20", "DescribeInstances", "cvm", "Read")
  end
  local ago = 2 * HOUR
  for _, step in ipairs(LEAK) do
    call(ago, stranger, step[1], step[2], step[3], step[4])
    ago = ago - build.random:integer(5, 60)
  end
  for _ = 1, 20 do
    call(ago, stranger, "RunInstances", "cvm", "Write")
    ago = ago - build.random:integer(1, 20)
  end
  return { access_key_id = key, source_ip = stranger, since = build.now - 2 * HOUR, count = #LEAK + 20 }
end

-- A user disables the tracking set, deletes buckets, and enables it again.
local function disabled_track(build)
  local track_id = 10000 + build.random:integer(1, 999)
  local function change(ago, user, name, params)
    return build.add(ago, { EventName = name, EventSource = "cloudaudit.tencentcloudapi.com", Username = user,
      ResourceType = "cloudaudit", ResourceName = ("%.0f"):format(track_id), ActionType = "Write",
      SensitiveAction = "1",
      RequestParameters = core.encode(params) })
  end
  change(30 * HOUR, "ann", "CreateAuditTrack", { Name = "all-writes", Status = 1 })
  local disabled = change(5 * HOUR, "mallory", "ModifyAuditTrack", { TrackId = track_id, Status = 0 })
  local ago, hidden = 5 * HOUR, {}
  for index = 1, 8 do
    ago = ago - build.random:integer(60, 600)
    hidden[index] = build.add(ago, { EventName = "DeleteBucket", EventSource = "cos.tencentcloudapi.com",
      Username = "mallory", ResourceType = "cos", ResourceName = "backup-" .. index, ActionType = "Write",
      SensitiveAction = "1" })
  end
  local enabled = change(ago - 120, "mallory", "ModifyAuditTrack", { TrackId = track_id, Status = 1 })
  return { track_id = track_id, user = "mallory", disabled = disabled, enabled = enabled, hidden = hidden }
end

-- {user, principal, address, location, made in the console}
local PEOPLE = {
  { "ann", "100000000011", "203.0.113.10", "广东省深圳市", true },
  { "bob", "100000000012", "203.0.113.11", "广东省广州市", true },
  { "王芳", "100000000013", "203.0.113.12", "上海市", true },
  { "审计员", "100000000014", "2001:db8::5", "北京市", true },
  { "ci", "100000000015", "10.0.4.20", "-", false },
}

-- {name, Chinese name, product, kind, resources, sensitive}
local CALLS = {
  { "DescribeInstances", "查询实例列表", "cvm", "Read", { "" } },
  { "RunInstances", "创建实例", "cvm", "Write", { "web-01", "web-02", "构建机" } },
  { "StartInstances", "启动实例", "cvm", "Write", { "web-01", "web-02" } },
  { "TerminateInstances", "退还实例", "cvm", "Write", { "web-01", "构建机" }, true },
  { "GetBucket", "查看存储桶", "cos", "Read", { "audit-logs", "backups", "日志归档" } },
  { "PutBucket", "创建存储桶", "cos", "Write", { "backups", "日志归档" } },
  { "PutBucketPolicy", "设置存储桶策略", "cos", "Write", { "audit-logs", "backups" }, true },
  { "PutBucketLifecycle", "设置生命周期", "cos", "Write", { "audit-logs", "日志归档" } },
  { "ListUsers", "拉取子用户", "cam", "Read", { "" } },
  { "AttachUserPolicy", "绑定策略到用户", "cam", "Write", { "ann", "王芳", "ci" }, true },
  { "CreateAccessKey", "创建访问密钥", "cam", "Write", { "ci" }, true },
  { "ConsoleLogin", "控制台登录", "account", "Write", { "" } },
  { "DescribeDBInstances", "查询数据库实例列表", "cdb", "Read", { "" } },
  { "ModifySecurityGroupPolicies", "修改安全组规则", "vpc", "Write", { "sg-web", "sg-数据库" } },
}

local REGIONS = { "ap-guangzhou", "ap-guangzhou", "ap-shanghai" }

local function pick(build, list)
  return list[build.random:integer(1, #list)]
end

-- An ordinary call of one of the people; `fields` replace members.
local function ordinary(build, ago, fields)
  build.keys = build.keys or {}
  local person, call = pick(build, PEOPLE), pick(build, CALLS)
  local resource, key = pick(build, call[5]), build.keys[person[1]] or build.key_id()
  build.keys[person[1]] = key
  local event = { EventName = call[1], EventNameCn = call[2], EventSource = call[3] .. ".tencentcloudapi.com",
    ResourceType = call[3], ActionType = call[4], ResourceName = resource, ResourceId = resource,
    SensitiveAction = call[6] and "1" or "0", Username = person[1], PrincipalId = person[2],
    SourceIPAddress = person[3], Location = person[4], SecretId = key, EventRegion = pick(build, REGIONS),
    EventType = person[5] and "ConsoleCall" or "ApiCall" }
  for name, value in pairs(fields or {}) do
    event[name] = value
  end
  return build.add(ago, event)
end

-- A day of a company: people with and without Chinese names, in the console and with keys, at several products. A
-- stranger is denied at the bucket of the logs, and some calls appear late: they are from the last minutes before the
-- emulator's time, and one of them becomes visible every LATE_STEP seconds after it.
local LATE, LATE_STEP = 30, 10

local function workday(build)
  for index = 120, 1, -1 do
    ordinary(build, index * 600 + build.random:integer(0, 500))
  end
  local denied, key = {}, build.key_id()
  for index, name in ipairs{ "GetBucketPolicy", "PutBucketPolicy", "DeleteBucketPolicy", "DeleteBucket" } do
    denied[index] = ordinary(build, 1500 - index * 20, { EventName = name, EventNameCn = name, ResourceType = "cos",
      EventSource = "cos.tencentcloudapi.com", ResourceName = "audit-logs", ResourceId = "audit-logs",
      ActionType = index == 1 and "Read" or "Write", SensitiveAction = "1", Username = "mallory",
      PrincipalId = "100000000066", SourceIPAddress = "198.51.100.9", Location = "-", SecretId = key,
      EventType = "ApiCall", ApiErrorCode = "UnauthorizedOperation.CamNoAuth",
      ApiErrorMessage = "you are not authorized to perform this operation" })
  end
  local late, store = {}, build.emulator.events
  for index = 1, LATE do
    late[index] = ordinary(build, 480 - index * 4)
    store.arrived[#store.arrived].visible = build.now + index * LATE_STEP
  end
  return { denied = denied, late = late, resource = "audit-logs", user = "mallory", access_key_id = key,
    source_ip = "198.51.100.9" }
end

-- Every story of stories.lua, an hour apart. The ids of each are facts by the activity rule that it is about.
local function alarms(build)
  local facts, hour = {}, math.floor(build.now / HOUR) * HOUR
  for index, story in ipairs(stories.LIST) do
    local ids = {}
    for number, item in ipairs(story[2]) do
      local event = {}
      for name, value in pairs(item) do
        event[name] = value
      end
      event.at = nil
      ids[number] = build.add(build.now - hour + index * HOUR - item.at, event)
    end
    facts[story[1]] = ids
  end
  return facts
end

local SPAN = 30 * 86400

--- Adds `count` ordinary events, evenly over the last 30 days.
function scenarios.fill(emulator, count)
  local build = builder(emulator, 5)
  for index = count, 1, -1 do
    ordinary(build, math.floor(index * (SPAN / count)))
  end
end

local SCENARIOS = {
  console_logins = { 1, console_logins }, leaked_key = { 2, leaked_key }, disabled_track = { 3, disabled_track },
  workday = { 4, workday }, alarms = { 6, alarms },
}

--- The names of the scenarios, sorted.
scenarios.NAMES = {}
for known in pairs(SCENARIOS) do
  scenarios.NAMES[#scenarios.NAMES + 1] = known
end
table.sort(scenarios.NAMES)

--- Adds the events of a scenario ("alarms", "console_logins", "disabled_track", "leaked_key" or "workday"), in the 30
-- hours before the emulator's time, and of "alarms" some days before. Returns `events` (their ids, in the order of
-- insertion) and the facts to find, different for each scenario.
function scenarios.play(emulator, name)
  local scenario = SCENARIOS[name]
  if not scenario then
    return errors.misuse(("scenario: %s expected, got %s"):format(table.concat(scenarios.NAMES, ", "), tostring(name)))
  end
  local build = builder(emulator, scenario[1])
  local facts = scenario[2](build)
  facts.events = build.ids
  return facts
end

return scenarios
