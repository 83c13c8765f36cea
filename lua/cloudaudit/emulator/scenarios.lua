-- Stories for tests and demonstrations: sets of events that belong together, the same for the same seed
-- and time. They only add events; no tracking set and no key changes.
local core = require "cloudaudit.core"
local errors = require "cloudaudit.errors"
local events = require "cloudaudit.emulator.actions.events"
local random = require "cloudaudit.emulator.random"
local wire = require "cloudaudit.emulator.response"

local scenarios = {}

local HOUR = 3600
local KEY_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

-- What a scenario tells with: its own chance, so that one does not change another.
local function teller(emulator, salt)
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

local PEOPLE = {
  { "ann", "203.0.113.10" }, { "bob", "203.0.113.11" }, { "cem", "203.0.113.12" },
}

-- A day of console logins: three people at their usual addresses, some mistyped passwords, and at last
-- the root account from an address that nobody knows.
local function console_logins(tell)
  local function login(ago, user, address, code)
    return tell.add(ago, { EventName = "ConsoleLogin", EventNameCn = "控制台登录", EventSource = "cloud.tencent.com",
      Username = user, SourceIPAddress = address, ResourceType = "account", ResourceName = user, ActionType = "Write",
      ErrorCode = code, SensitiveAction = "1", Location = address == "198.51.100.66" and "-" or "Shenzhen",
      RequestParameters = core.encode{ mfa = user ~= "root" } })
  end
  local failed = {}
  for hour = 23, 1, -1 do
    local who = PEOPLE[tell.random:integer(1, #PEOPLE)]
    local ago = hour * HOUR - tell.random:integer(0, 1700)
    if tell.random:next() < 0.2 then
      failed[#failed + 1] = login(ago + 30, who[1], who[2], 4)
    end
    login(ago, who[1], who[2], 0)
  end
  return { suspicious = login(600, "root", "198.51.100.66", 0), failed = failed }
end

local LEAK = {
  { "GetUserAppId", "cam", "Read" }, { "ListUsers", "cam", "Read" }, { "ListAttachedUserAllPolicies", "cam", "Read" },
  { "CreateAccessKey", "cam", "Write" }, { "AddUser", "cam", "Write" },
  { "AttachUserPolicy", "cam", "Write", "UnauthorizedOperation" }, { "DescribeZones", "cvm", "Read" },
}

-- A build's access key does its work, then turns up at a strange address: looks around, makes itself at
-- home and starts machines until it is stopped.
local function leaked_key(tell)
  local key, stranger = tell.key_id(), "198.51.100.77"
  local function call(ago, address, name, product, kind, code)
    return tell.add(ago, { EventName = name, EventSource = product .. ".tencentcloudapi.com", Username = "ci",
      SecretId = key, SourceIPAddress = address, ResourceType = product, ActionType = kind, ApiErrorCode = code,
      SessionContext = wire.object{ { "sessionToken", "leaked-" .. tell.random:uuid() } } })
  end
  for hour = 12, 3, -1 do
    call(hour * HOUR - tell.random:integer(0, 900), "10.0.4.20", "DescribeInstances", "cvm", "Read")
  end
  local ago = 2 * HOUR
  for _, step in ipairs(LEAK) do
    call(ago, stranger, step[1], step[2], step[3], step[4])
    ago = ago - tell.random:integer(5, 60)
  end
  for _ = 1, 20 do
    call(ago, stranger, "RunInstances", "cvm", "Write")
    ago = ago - tell.random:integer(1, 20)
  end
  return { access_key_id = key, source_ip = stranger, since = tell.now - 2 * HOUR, count = #LEAK + 20 }
end

-- Somebody switches the tracking set off, deletes what is in the way, and switches it on again.
local function disabled_track(tell)
  local track_id = 10000 + tell.random:integer(1, 999)
  local function change(ago, user, name, params)
    return tell.add(ago, { EventName = name, EventSource = "cloudaudit.tencentcloudapi.com", Username = user,
      ResourceType = "cloudaudit", ResourceName = ("%d"):format(track_id), ActionType = "Write", SensitiveAction = "1",
      RequestParameters = core.encode(params) })
  end
  change(30 * HOUR, "ann", "CreateAuditTrack", { Name = "all-writes", Status = 1 })
  local disabled = change(5 * HOUR, "mallory", "ModifyAuditTrack", { TrackId = track_id, Status = 0 })
  local ago, hidden = 5 * HOUR, {}
  for index = 1, 8 do
    ago = ago - tell.random:integer(60, 600)
    hidden[index] = tell.add(ago, { EventName = "DeleteBucket", EventSource = "cos.tencentcloudapi.com",
      Username = "mallory", ResourceType = "cos", ResourceName = "backup-" .. index, ActionType = "Write",
      SensitiveAction = "1" })
  end
  local enabled = change(ago - 120, "mallory", "ModifyAuditTrack", { TrackId = track_id, Status = 1 })
  return { track_id = track_id, user = "mallory", disabled = disabled, enabled = enabled, hidden = hidden }
end

local STORIES = {
  console_logins = { 1, console_logins }, leaked_key = { 2, leaked_key }, disabled_track = { 3, disabled_track },
}

--- Adds the events of a scenario ("console_logins", "leaked_key", "disabled_track"), the last 30 hours
-- before the emulator's now. Returns what to look for: `events` (the ids, in the order in which they were
-- added) and members of the scenario's own.
function scenarios.play(emulator, name)
  local story = STORIES[name]
  if not story then
    local names = {}
    for known in pairs(STORIES) do
      names[#names + 1] = known
    end
    table.sort(names)
    return errors.misuse(("scenario: %s expected, got %s"):format(table.concat(names, ", "), tostring(name)))
  end
  local tell = teller(emulator, story[1])
  local told = story[2](tell)
  told.events = tell.ids
  return told
end

return scenarios
