-- Scenarios for tests and demonstrations: sets of related events, the same for the same seed and time. They add events
-- only; tracking sets and keys do not change.
local core = require "cloudaudit.core"
local errors = require "cloudaudit.errors"
local events = require "cloudaudit.emulator.actions.events"
local random = require "cloudaudit.emulator.random"
local response = require "cloudaudit.emulator.response"

local scenarios = {}

local HOUR = 3600
local KEY_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

-- The tools of one scenario. Each has a random generator, so that scenarios do not influence each other.
local function builder(emulator, salt)
  local self = { emulator = emulator, random = random.new(emulator.options.seed * 31 + salt), ids = {},
    now = math.floor(emulator.clock:now()) }
  function self.add(ago, event)
    event.EventTime, event.EventId, event.RequestID = self.now - ago, self.random:uuid(), self.random:uuid()
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
      ErrorCode = code, SensitiveAction = "1", Location = address == "198.51.100.66" and "-" or "Shenzhen",
      RequestParameters = core.encode{ mfa = user ~= "root" } })
  end
  local failed = {}
  for hour = 23, 1, -1 do
    local user = USERS[build.random:integer(1, #USERS)]
    local ago = hour * HOUR - build.random:integer(0, 1700)
    if build.random:next() < 0.2 then
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
      SessionContext = response.object{ { "sessionToken", "leaked-" .. build.random:uuid() } } })
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
      ResourceType = "cloudaudit", ResourceName = ("%d"):format(track_id), ActionType = "Write", SensitiveAction = "1",
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

local SCENARIOS = {
  console_logins = { 1, console_logins }, leaked_key = { 2, leaked_key }, disabled_track = { 3, disabled_track },
}

--- Adds the events of a scenario ("console_logins", "leaked_key" or "disabled_track"), in the 30 hours before the
-- emulator's time. Returns `events` (their ids, in the order of insertion) and the facts to find, different for each
-- scenario.
function scenarios.play(emulator, name)
  local scenario = SCENARIOS[name]
  if not scenario then
    local names = {}
    for known in pairs(SCENARIOS) do
      names[#names + 1] = known
    end
    table.sort(names)
    return errors.misuse(("scenario: %s expected, got %s"):format(table.concat(names, ", "), tostring(name)))
  end
  local build = builder(emulator, scenario[1])
  local facts = scenario[2](build)
  facts.events = build.ids
  return facts
end

return scenarios
