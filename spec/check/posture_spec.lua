-- Every check on a passing, a failing and an unreadable state, and its fix (28).
local catalog = require "cloudaudit.check.catalog"
local check_rig = require "support.check_rig"
local core = require "cloudaudit.core"
local posture = require "cloudaudit.check.posture"

local CLS = "cls://topic-1@ap-guangzhou/cloudaudit"
local ABROAD = check_rig.URL .. "?account_id=100000009999"
local NOW = 1767225600
local SPECS = { { name = "all-events", action = "write", storage = check_rig.URL } }

local function whole(rig)
  rig:create("all-events")
end

local function with(fields, name)
  return function(rig)
    rig:create(name or "all-events", fields)
  end
end

local function both(first, second)
  return function(rig)
    first(rig)
    second(rig)
  end
end

-- An event on the bucket of a set.
local function touch_bucket(resource, fields)
  return function(rig)
    whole(rig)
    local event = { EventName = "PutBucketLifecycle", ResourceType = "cos", ResourceName = resource,
      ActionType = "Write", Username = "mallory" }
    for name, value in pairs(fields or {}) do
      event[name] = value
    end
    rig.emulator:add_event(event)
  end
end

-- A set that was off for an hour, now an hour ago.
local function interrupted(rig)
  local track = rig:create("all-events")
  rig.emulator:advance(3600)
  assert(rig.client:disable_track(track.id))
  rig.emulator:advance(3600)
  assert(rig.client:enable_track(track.id))
  rig.emulator:advance(3600)
end

local function spec_file(rig)
  local path = rig.place.path .. "/tracks.json"
  local file = assert(io.open(path, "w"))
  file:write(core.encode(SPECS[1]))
  file:close()
  return path
end

-- For each check: `passes` and lists of `fails` {state, severity, subject, text of the fix, options of the emulator}
-- with a state of each; options of the check.
local CASES = {
  ["trail.exists"] = { passes = whole, fails = { { function() end, "critical", "account", "create all%-events" } } },
  ["trail.enabled"] = { passes = both(with({ enabled = false }, "off"), whole), fails = {
    { with{ enabled = false }, "critical", "account", "enable all%-events$" },
    { function() end, "critical", "account", "create all%-events" } } },
  ["trail.writes"] = { passes = both(with({ action = "read" }, "reads"), with({ filters = { { resource_type = "*",
    action = "write" } } }, "writes")), fails = {
    { with{ action = "read" }, "critical", "account", "create all%-writes %-%-action write" },
    { both(with({ action = "read" }, "all-writes"), with({ action = "write", resource_type = "cam" }, "cam")),
      "critical", "account", "create all%-writes%-2 " },
    { both(with({ action = "read" }, "reads"), with({ enabled = false }, "off")), "critical", "account",
      "enable off$" } } },
  ["trail.reads"] = { passes = whole, fails = {
    { with{ action = "write" }, "medium", "account", "set all%-events %-%-action all$" },
    { with{ filters = { { resource_type = "*", action = "write" }, { resource_type = "cam", action = "all",
      event_names = { "AddUser" } } } }, "medium", "account",
      "set all%-events %-%-filter '%*:all' %-%-filter cam:all:AddUser$" },
    { function() end, "medium", "account", "create all%-events" } } },
  ["trail.identity"] = { passes = with{ filters = { { resource_type = "cam", action = "write" },
    { resource_type = "account", action = "all" }, { resource_type = "sts", action = "all" },
    { resource_type = "cloudaudit", action = "all" }, { resource_type = "organization", action = "all" } } },
    fails = { { with{ action = "read" }, "high", "account", "create identity %-%-filter cam:all" },
      { with{ filters = { { resource_type = "cam", action = "all" }, { resource_type = "sts", action = "write",
        event_names = { "AssumeRole" } } } }, "high", "account", "create identity %-%-filter account:all" } } },
  ["trail.unnarrowed"] = { passes = whole, emulator = { validate = false }, fails = {
    { with{ resource_type = "cam", event_names = { "AddUser" } }, "info", "all-events",
      "set all%-events %-%-event '%*'$" },
    { with{ filters = { { resource_type = "*", action = "write", event_names = { "AddUser" } },
      { resource_type = "cos", action = "all" } } }, "medium", "all-events",
      "set all%-events %-%-filter '%*:write' %-%-filter cos:all$" } } },
  ["trail.storage"] = { passes = whole, emulator = { validate = false }, fails = { { function(rig)
    assert(rig.client:call("CreateAuditTrack", { Name = "all-events", Status = 1, ActionType = "*",
      ResourceType = "*", EventNames = { "*" }, Storage = { StorageType = "cos", StorageRegion = "",
        StorageName = "", StoragePrefix = "abc" } }))
  end, "high", "all-events", "set all%-events %-%-storage URL$" } } },
  ["trail.durable"] = { passes = both(with({ storage = CLS }, "cls"), whole), fails = {
    { with{ storage = CLS }, "medium", "account", "%(a second set" } } },
  ["trail.organization"] = { options = { organization = true }, passes = with{ all_members = true }, fails = {
    { whole, "high", "all-events", "set all%-events %-%-all%-members$" },
    { function() end, "high", "account", "create all%-events %-%-all%-members" } } },
  ["trail.elsewhere"] = { passes = with{ storage = ABROAD }, fails = {
    { whole, "low", "all-events", "account_id=ACCOUNT'$" }, { function() end, "low", "account", "account_id" },
    { with{ storage = check_rig.URL .. "?account_id=100000000001" }, "low", "all-events", "account_id" } } },
  ["trail.names"] = { emulator = { unique_names = false }, passes = both(whole, with({ action = "read" }, "reads")),
    fails = { { both(with{ action = "read", enabled = false }, both(whole, with{ action = "write" })), "low",
      "all-events", "delete %d+ %d+$" } } },
  ["trail.twice"] = { passes = both(whole, with({ storage = check_rig.URL .. "2" }, "elsewhere")), fails = {
    { both(whole, with({}, "again")), "low", "all-events", "delete %d+$" },
    { both(with{ filters = { { resource_type = "cam", action = "all" }, { resource_type = "cos", action = "read" } } },
      with({ filters = { { resource_type = "cos", action = "read" }, { resource_type = "cam", action = "all" } } },
      "again")), "low", "all-events", "delete %d+$" } } },
  ["trail.idle"] = { passes = whole, fails = {
    { with({ enabled = false }, "old"), "low", "old", "delete %d+, or cloudaudit tracks enable old$" } } },
  ["trail.quota"] = { emulator = { quota = 1 }, passes = function() end, fails = {
    { whole, "info", "account", "%(ask" } } },
  ["trail.drift"] = { options = { against = SPECS }, passes = with{ action = "write" }, fails = {
    { whole, "high", "all-events", "tracks apply %-f FILE$" }, { function() end, "high", "all-events", "apply" } } },
  ["trail.recording"] = { emulator = { record = false }, passes = function(rig)
    rig.emulator:add_event{}
  end, fails = { { function() end, "medium", "account", "%(look" } } },
  ["trail.touched"] = { emulator = { now = NOW }, passes = function(rig)
    local track = rig:create("all-events", { enabled = false })
    assert(rig.client:enable_track(track.id))
  end, fails = {
    { interrupted, "critical", "1", "%(cloudaudit who resource:1%)" },
    { function(rig)
      assert(rig.client:update_track(rig:create("all-events").id, { action = "write" }))
    end, "high", "1", "%(cloudaudit who" },
    { function(rig)
      assert(rig.client:delete_track(rig:create("all-events").id))
    end, "critical", "1", "%(cloudaudit who" } } },
  ["trail.gap"] = { emulator = { now = NOW }, passes = function(rig)
    rig:create("second")
    interrupted(rig)
  end, fails = { { interrupted, "high", "2026-01-01T01:00:00Z to 2026-01-01T02:00:00Z", "%(export" },
    { function(rig)
      local first = rig:create("first")
      rig.emulator:advance(3600)
      assert(rig.client:delete_track(first.id))
      rig.emulator:advance(60)
      rig:create("all-events")
    end, "high", "2026-01-01T01:00:00Z to 2026-01-01T01:01:00Z", "%(export" },
    { function(rig)
      local track = rig:create("all-events")
      rig.emulator:advance(3600)
      assert(rig.client:disable_track(track.id))
    end, "high", "2026-01-01T01:00:00Z to now", "%(export" } } },
  ["trail.sink"] = { passes = touch_bucket("audit-logs-of-others"), fails = {
    { touch_bucket("audit-logs"), "high", check_rig.URL .. "?compress=1", "%(inspect audit%-logs" },
    { touch_bucket("audit-logs-1250000000"), "high", check_rig.URL .. "?compress=1", "%(inspect" },
    { both(with({ storage = CLS }, "cls"), touch_bucket("", { EventName = "DeleteTopic", ResourceType = "cls",
      RequestParameters = core.encode{ TopicId = "topic-1" } })), "high", CLS, "%(inspect topic%-1" } } },
  ["trail.legacy"] = { emulator = { audits = { { AuditName = "old", AuditStatus = 0 } } }, passes = function() end,
    fails = { { function(rig)
      rig.client:StartLogging{ AuditName = "old" }
    end, "info", "old", "StopLogging" } } },
}

describe("the posture check", function()
  local rig

  local function start(case)
    rig = check_rig.new(case.emulator)
    return rig
  end

  after_each(function()
    rig:close()
  end)

  local function results(case, id)
    return rig:check({ id }, case.options).results
  end

  for _, row in ipairs(posture) do
    local case = CASES[row.id]

    it(row.id .. " passes", function()
      case.passes(start(case))
      local found = results(case, row.id)
      assert.same({ 1, "pass", row.severity }, { #found, found[1].result, found[1].severity }, found[1].detail)
    end)

    for index, failing in ipairs(case.fails) do
      it(("%s fails, and its fix helps (%d)"):format(row.id, index), function()
        failing[1](start(case))
        local found = results(case, row.id)
        assert.same({ 1, "fail", failing[2], failing[3] }, { #found, found[1].result, found[1].severity,
          found[1].subject })
        assert.truthy(found[1].fix:find(failing[4]), found[1].fix)
        local line = check_rig.command(found[1].fix)
        if line then
          line = line:gsub("FILE", spec_file(rig)) .. (line:find("delete") and " --yes" or "")
          local status, _, err = rig:run(line)
          assert.same({ 0, "pass" }, { status, results(case, row.id)[1].result }, line .. ": " .. err)
        else
          assert.equal("(", found[1].fix:sub(1, 1))
        end
      end)
    end

    it(row.id .. " is unknown when what it reads cannot be read, and nothing else is", function()
      case.passes(start(case))
      for _, action in ipairs(catalog.actions(row)) do
        rig.emulator:fault{ kind = "error", code = "UnauthorizedOperation", action = action, times = "always" }
      end
      local report = rig:check({ row.id }, case.options)
      assert.same({ 1, "unknown", "permission", false }, { #report.results, report.results[1].result,
        report.results[1].err.kind, report.ok })
      local denied = {}
      for _, action in ipairs(catalog.actions(row)) do
        denied[action] = true
      end
      for _, other in ipairs(rig:check({ "trail" }, case.options).results) do
        local needs = false
        for _, action in ipairs(other.reads) do
          needs = needs or denied[action] or action == "DescribeAuditTrack" and denied.DescribeAuditTracks
        end
        assert.is_true(other.result ~= "unknown" or needs, other.id)
      end
    end)
  end

  it("is one of 20, each with an id of its own", function()
    start{}
    local known = {}
    for _, row in ipairs(posture) do
      assert.is_nil(known[row.id])
      known[row.id] = true
      assert.is_true(catalog.RANK[row.severity] ~= nil and row.passes ~= nil and row.fix ~= nil)
    end
    assert.equal(20, #posture)
  end)
end)
