-- Odd answers: well-formed responses of the emulator in which one member is replaced by each value of a table, and the
-- public methods that read them. `run` performs one and returns what is wrong with its result, if anything.
local actions = require "cloudaudit.actions"
local cloudaudit = require "cloudaudit"
local core = require "cloudaudit.core"
local errors = require "cloudaudit.errors"

local odd = {}

local NOW, MOST_REQUESTS = 1767225600, 150

--- The time of the emulators.
odd.NOW = NOW

--- Values as JSON text or other bytes, by name. `false` removes the member.
odd.VALUES = {
  absent = false, null = "null", empty = '""', zero = "0", negative = "-1", beyond_double = "9007199254740993",
  fraction = "12.5", huge = "1e300", ["true"] = "true", ["false"] = "false", list = "[]", object = "{}",
  list_of_null = "[null]", list_of_number = "[1]", list_of_objects = "[{}]", object_of_x = '{"x":1}',
  text = '"x"', digits = '"17"', now = '"now"', json_text = '"[]"', latin1 = '"a\255b"', cut = '"a\228\184"',
  surrogate = '"\\ud83d"', control = '"a\1b"', escape = '"\\u001b[2J"', nested = ("["):rep(64) .. ("]"):rep(64),
  nested_text = '"' .. ("["):rep(64) .. ("]"):rep(64) .. '"',
}

--- A text of 1 MiB, on its own since it takes long.
odd.LONG = '"' .. ("x"):rep(1024 * 1024) .. '"'

-- ---- emulators with something to answer --------------------------------------------------------

local STORAGE = { StorageType = "cos", StorageRegion = "ap-guangzhou", StorageName = "audit", StoragePrefix = "test" }
local SPEC = { name = "audit-1", action = "write", storage = "cos://audit@ap-guangzhou/test" }
local SEVERAL = { name = "audit-2", filters = { { resource_type = "cam", action = "all" } },
  storage = "cos://audit@ap-guangzhou/test" }

--- Creates three tracking sets, of which the second has filters, and three events.
function odd.fill(client, add_event)
  assert(client:CreateAuditTrack{ Name = "audit-1", ActionType = "Write", ResourceType = "*", EventNames = { "*" },
    Status = 1, Storage = STORAGE })
  assert(client:CreateEventsAuditTrack{ Name = "audit-2", Status = 1, Storage = STORAGE, Filters = { ResourceFields = {
    { ResourceType = "cam", ActionType = "*", EventNames = { "*" } } } } })
  assert(client:CreateAuditTrack{ Name = "audit-3", ActionType = "Read", ResourceType = "cam",
    EventNames = { "CreateUser", "DeleteUser" }, Status = 0, Storage = STORAGE })
  for index = 1, 3 do
    add_event{ EventTime = NOW - 60 - index, SecretId = "AKIDx", ResourceName = "ins-" .. index,
      RequestParameters = '{"a":1}', SessionContext = '{"token":"t"}' }
  end
end

--- An emulator with these.
function odd.emulator()
  local emulator = cloudaudit.emulator.new{ now = NOW, record = false, rate = 0, quota = 9 }
  odd.fill(emulator:client(), function(event) emulator:add_event(event) end)
  return emulator
end

-- ---- methods -----------------------------------------------------------------------------------

-- Reads an iterator to its end; the count of items. An error that it raises must be the one in `err`.
local function read_all(iterator)
  local count = 0
  local ok, problem = pcall(function()
    for _ in iterator do
      count = count + 1
      assert(count < 1000, "an iterator without end")
    end
  end)
  if not ok then
    if not errors.is_error(iterator.err) then
      error({ raised = problem }, 0)
    end
    return nil, iterator.err.message, iterator.err, count
  end
  return count
end

local RANGE = { since = NOW - 3600, ["until"] = NOW }

local function range(fields)
  local query = { since = RANGE.since, ["until"] = RANGE["until"] }
  for name, value in pairs(fields or {}) do
    query[name] = value
  end
  return query
end

local function use_events(iterator)
  local events = {}
  local ok, problem = pcall(function()
    for event in iterator do
      events[#events + 1] = event
      assert(#events < 1000, "an iterator without end")
    end
  end)
  for _, event in ipairs(events) do
    -- What a program does with an event must not raise either.
    for _, use in ipairs{ tostring, cloudaudit.redact, core.encode } do
      use(event)
    end
    assert(event.detail ~= false)
  end
  if not ok then
    if not errors.is_error(iterator.err) then
      error({ raised = problem }, 0)
    end
    return nil, iterator.err.message, iterator.err, #events
  end
  local cursor = iterator.cursor
  if cursor ~= nil then
    cloudaudit.emulator.new{ now = NOW, record = false }:client():events{ cursor = cursor }
  end
  return #events
end

-- Two polls of a tail, a failed one included: what the first could not read comes with the second.
local function use_tail(client)
  local tail = assert(client:tail{ since = RANGE.since })
  local count = 0
  for _ = 1, 2 do
    local events, message, err = tail:poll()
    if not events then
      return nil, message, err, count
    end
    count = count + #events
  end
  return count
end

-- The method of an action itself.
local function raw(action, params)
  return function(client) return client[action](client, params) end
end

--- By action: the methods that read its responses. `items`: it returns how many it gave; `write`: the actions that must
-- not be sent twice; `waits`: it waits failures out.
odd.METHODS = {
  DescribeEvents = {
    { "events", function(client) return use_events(client:events(range())) end, items = true },
    { "events, ordered", function(client) return use_events(client:events(range{ order = "oldest" })) end,
      items = true },
    { "events, parallel", function(client) return use_events(client:events(range{ parallel = 2 })) end,
      items = true },
    { "lookup", function(client)
      local result, message, err = client:lookup(range())
      return result and #result.events, message, err
    end, items = true },
    { "tail", use_tail, items = true },
    { "wait_for", function(client)
      return client:wait_for({ since = RANGE.since, where = { event_name = "DescribeInstances" } }, 5)
    end, waits = true },
    { "DescribeEvents", raw("DescribeEvents", { StartTime = RANGE.since, EndTime = NOW }) },
  },
  LookUpEvents = {
    { "LookUpEvents", raw("LookUpEvents", { StartTime = RANGE.since, EndTime = NOW }) },
  },
  DescribeAuditTracks = {
    { "tracks", function(client) return read_all(client:tracks()) end, items = true },
    { "find_track", function(client) return client:find_track("audit-3") end },
    { "ensure_track", function(client) return client:ensure_track(SPEC) end,
      write = { "CreateAuditTrack", "ModifyAuditTrack" } },
    { "ensure_track of several products", function(client) return client:ensure_track(SEVERAL) end,
      write = { "CreateEventsAuditTrack", "ModifyEventsAuditTrack" } },
    { "diff_tracks", function(client) return client:diff_tracks{ SPEC, SEVERAL } end },
    { "DescribeAuditTracks", raw("DescribeAuditTracks", { PageNumber = 1, PageSize = 10 }) },
  },
  DescribeAuditTrack = {
    { "get_track", function(client) return client:get_track(2) end },
    { "disable_track", function(client) return client:disable_track(2) end, write = { "ModifyEventsAuditTrack" } },
    { "ensure_track", function(client) return client:ensure_track(SEVERAL) end,
      write = { "CreateEventsAuditTrack", "ModifyEventsAuditTrack" } },
    { "diff_tracks", function(client) return client:diff_tracks{ SPEC, SEVERAL } end },
  },
  CreateAuditTrack = {
    { "create_track", function(client)
      return client:create_track{ name = "new", action = "read", storage = "cos://audit@ap-guangzhou/test" }
    end, write = { "CreateAuditTrack" } },
    { "ensure_track", function(client)
      return client:ensure_track{ name = "new", action = "read", storage = "cos://audit@ap-guangzhou/test" }
    end, write = { "CreateAuditTrack" } },
  },
  CreateEventsAuditTrack = {
    { "create_track", function(client)
      return client:create_track{ name = "new", filters = SEVERAL.filters, storage = SEVERAL.storage }
    end, write = { "CreateEventsAuditTrack" } },
  },
  ModifyAuditTrack = {
    { "update_track", function(client) return client:update_track(1, { action = "read" }) end,
      write = { "ModifyAuditTrack" } },
    { "ensure_track", function(client)
      return client:ensure_track{ name = "audit-1", action = "read", storage = SPEC.storage }
    end, write = { "ModifyAuditTrack" } },
  },
  ModifyEventsAuditTrack = {
    { "disable_track", function(client) return client:disable_track(2) end, write = { "ModifyEventsAuditTrack" } },
  },
  DeleteAuditTrack = {
    { "delete_track", function(client) return client:delete_track(1) end, write = { "DeleteAuditTrack" } },
  },
  InquireAuditCredit = {
    { "quota", function(client) return client:quota() end },
    { "async quota", function(client) return client.async:quota():await() end },
  },
}

-- The other actions have a method of their own name.
for action, params in pairs{ DescribeAudit = { AuditName = "legacy" }, ListAudits = {}, ListCosEnableRegion = {},
  ListCmqEnableRegion = {}, ListKeyAliasByRegion = { KmsRegion = "ap-guangzhou" }, GetAttributeKey = {} } do
  odd.METHODS[action] = { { action, raw(action, params) } }
end
for action, params in pairs{ StartLogging = { AuditName = "legacy" }, StopLogging = { AuditName = "legacy" },
  UpdateAudit = { AuditName = "legacy" } } do
  odd.METHODS[action] = { { action, raw(action, params), write = { action } } }
end

-- ---- one run -----------------------------------------------------------------------------------

local function describe(value)
  return type(value) == "table" and tostring(value.raised or value.message or value) or tostring(value)
end

-- What is wrong with an error of a method, if anything.
local function check_failure(message, err, case)
  if type(message) ~= "string" or not errors.is_error(err) then
    return "a failure without an error: " .. describe(message)
  elseif err.kind == "misuse" then
    return "the caller is blamed: " .. message
  elseif not core.encode(message) then
    return "the message is not valid UTF-8"
  elseif case.refusal and err.outcome == "unknown" then
    return "a refusal became unknown: " .. message
  elseif case.method.waits and err.kind == "timeout" then
    return nil -- it waits failures out
  elseif case.refusal and not err.code then
    return "the code of a refusal was lost: " .. message
  end
end

--- Performs one case {method=, at_least= (items), nothing= (the answer may mean that there is nothing), refusal= (it
-- is an error with a code)} with `client`, whose emulator has its fault already. `count(action)` is the number of
-- requests. Returns what is wrong, nil if nothing is.
function odd.check(case, client, count)
  local ok, result, message, err, given = pcall(case.method[2], client)
  for _, action in ipairs(actions.names) do
    if count(action) > MOST_REQUESTS then
      return ("%d requests for %s"):format(count(action), action)
    end
  end
  for _, action in ipairs(case.method.write or {}) do
    if count(action) > 1 then
      return action .. " was sent " .. count(action) .. " times"
    end
  end
  if not ok then
    return "raised: " .. describe(result)
  elseif result == nil and message == nil and case.nothing then
    return nil -- find_track has found nothing
  elseif result == nil then
    return check_failure(message, err, case)
  elseif case.refusal then
    return "a refusal was taken for a success"
  elseif case.method.items and case.at_least and result < case.at_least then
    return ("%d of %d items, and no error"):format(given or result, case.at_least)
  end
end

return odd
