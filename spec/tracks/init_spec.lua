local wire = require "support.wire"

local STORAGE = { StorageType = "cos", StorageRegion = "ap-guangzhou", StorageName = "audit-cos",
  StoragePrefix = "test" }

local function spec_of(more)
  local given = { name = "audit", action = "read", storage = STORAGE }
  for key, value in pairs(more or {}) do
    given[key] = value
  end
  return given
end

local function action_of(driver, n)
  return driver.requests[n or #driver.requests].headers["X-TC-Action"]
end

local ONE = wire.success('"Name":"audit","ActionType":"Read","ResourceType":"cam","Status":1,"EventNames":["A"],'
  .. '"Storage":{"StorageType":"cos"},"CreateTime":"2026-01-02 03:04:05","TrackForAllMembers":1')
local SEVERAL = wire.success('"Name":"audit","Status":0,"Filters":{"ResourceFields":[{"ResourceType":"cam",'
  .. '"ActionType":"*","EventNames":["*"]}]}')

describe("create_track", function()
  it("sends one request and returns the track", function()
    local client, driver = wire.client(wire.success('"TrackId":5'))
    local track = client:create_track(spec_of{ resource_type = "cam", event_names = { "A" } })
    assert.same({ id = 5, name = "audit", enabled = true, action = "read", resource_type = "cam", event_names = { "A" },
      storage = STORAGE, request_id = "2d4a7fba-bba8-452e-a99e-ccf11fdaa583" }, track)
    assert.equal(1, #driver.requests)
    assert.equal("CreateAuditTrack", action_of(driver))
    assert.same({ Name = "audit", ActionType = "Read", ResourceType = "cam", Status = 1, EventNames = { "A" },
      Storage = STORAGE }, wire.body(driver))
  end)

  it("creates a track of several products", function()
    local client, driver = wire.client(wire.success('"TrackId":6'))
    local track = client:create_track{ name = "audit", enabled = false, storage = STORAGE,
      filters = { { resource_type = "cam", action = "write" } } }
    assert.equal("CreateEventsAuditTrack", action_of(driver))
    assert.same({ Name = "audit", Status = 0, Storage = STORAGE, Filters = { ResourceFields = {
      { ResourceType = "cam", ActionType = "Write", EventNames = { "*" } } } } }, wire.body(driver))
    assert.same({ { resource_type = "cam", action = "write", event_names = { "*" } } }, track.filters)
    assert.is_false(track.enabled)
  end)

  for _, case in ipairs{
    { "a short name", { name = "ab" }, "name" },
    { "a long name", { name = ("a"):rep(49) }, "name" },
    { "a wrong character in the name", { name = "au dit" }, "name" },
    { "* beside other event names", { resource_type = "cam", event_names = { "*", "A" } }, "event_names" },
    { "event names for all products", { event_names = { "A" } }, "event_names" },
    { "no event names", { resource_type = "cam", event_names = {} }, "event_names" },
    { "more than 10 event names",
      { resource_type = "cam", event_names = { "A", "B", "C", "D", "E", "F", "G", "H", "I", "J", "K" } },
      "event_names" },
    { "a bucket with its -APPID", { storage = { StorageType = "cos", StorageRegion = "r",
      StorageName = "audit-1250000000", StoragePrefix = "abc" } }, "storage.StorageName" },
    { "a Compress of 0", { storage = { StorageType = "cos", StorageRegion = "r", StorageName = "audit",
      StoragePrefix = "abc", Compress = 0 } }, "storage.Compress" },
    { "a wrong filter", { name = "audit", filters = { { action = "read", event_names = { "A" } } } },
      "filters[1].event_names" },
  } do
    it("rejects " .. case[1] .. " by our name, sends nothing, and still works afterwards", function()
      local client, driver = wire.client(wire.success('"TrackId":1'))
      local given = spec_of(case[2])
      if given.filters then
        given.action = nil
      end
      local track, message, err = client:create_track(given)
      assert.is_nil(track)
      assert.equal(1, (message:find("create_track." .. case[3] .. ": ", 1, true)), message)
      assert.equal(message, tostring(err))
      assert.equal("validation", err.kind)
      assert.equal(case[3], err.field)
      assert.equal("not_sent", err.outcome)
      assert.equal(0, #driver.requests)
      assert.equal(1, client:create_track(spec_of()).id)
    end)
  end

  for _, case in ipairs{
    { "a number for the name", { name = 5 }, "create_track.name: string expected, got number" },
    { "an unknown field", { storge = "x" }, "create_track.storge: unknown field, did you mean storage?" },
    { "a text for event names", { event_names = "A" },
      "create_track.event_names: list of strings expected, got string" },
    { "a number among event names", { event_names = { "A", 5 } },
      "create_track.event_names[2]: string expected, got number" },
    { "a wrong member of the storage", { storage = { StorageTyp = "cos" } },
      "create_track.storage.StorageTyp: unknown field, did you mean StorageType?" },
    { "a list as the name", { name = {} }, "create_track.name: string expected, got table" },
  } do
    it("raises for " .. case[1] .. " at the caller's line, sends nothing, and still works afterwards", function()
      local client, driver = wire.client(wire.success('"TrackId":1'))
      local given, where = spec_of(case[2]), nil
      local ok, message = pcall(function()
        where = wire.line(); local track = client:create_track(given)
        return track
      end)
      assert.is_false(ok)
      assert.equal(where .. " " .. case[3], message)
      assert.equal(0, #driver.requests)
      assert.equal(1, client:create_track(spec_of()).id)
    end)
  end

  it("raises for missing fields", function()
    local client = wire.client()
    assert.error_matches(function() client:create_track{ name = "audit", action = "read" } end,
      "create_track%.storage: missing %(a storage helper")
    assert.error_matches(function() client:create_track{ action = "read", storage = STORAGE } end,
      "create_track%.name: missing")
    assert.error_matches(function() client:create_track{ name = "audit", storage = STORAGE } end,
      "create_track%.action: missing")
  end)

  it("sends values that break a rule with validate = false", function()
    local client, driver = wire.client(wire.success('"TrackId":1'), { validate = false })
    assert.truthy(client:create_track(spec_of{ name = "ab", storage = "cos://audit_test@r/a_b" }))
    assert.equal("audit_test", wire.body(driver).Storage.StorageName)
  end)

  it("returns the message of the service", function()
    local client = wire.client(wire.refusal("InvalidParameterValue.AliasAlreadyExists", "the alias exists"))
    local _, message, err = client:create_track(spec_of())
    assert.equal("CreateAuditTrack: the alias exists (InvalidParameterValue.AliasAlreadyExists)", message)
    assert.equal("conflict", err.kind)
    assert.equal("rejected", err.outcome)
    assert.equal("CreateAuditTrack", err.action)
    assert.equal("r-1", err.request_id)
  end)

  it("treats a success without an id as a failure with an unknown outcome", function()
    local client = wire.client(wire.success())
    local track, message, err = client:create_track(spec_of())
    assert.is_nil(track)
    assert.equal("CreateAuditTrack: the response has no TrackId", message)
    assert.equal("protocol", err.kind)
    assert.equal("unknown", err.outcome)
    assert.equal("2d4a7fba-bba8-452e-a99e-ccf11fdaa583", err.request_id)
  end)

  it("has an intent after a success without a usable id", function()
    for _, id in ipairs{ "null", '""', "{}", "[]", '"x"', "-1", "1.5", "true", "0" } do
      local client, driver = wire.client(wire.success('"TrackId":' .. id))
      local track, message, err = client:create_track(spec_of())
      assert.is_nil(track, id)
      assert.truthy(message:find("TrackId", 1, true))
      assert.equal("unknown", err.outcome)
      assert.equal("CreateAuditTrack", err.intent.action)
      assert.equal(driver.requests[1].body, err.intent.body)
      assert.equal(tonumber(driver.requests[1].headers["X-TC-Timestamp"]), err.intent.timestamp)
      assert.equal(1, #driver.requests)
    end
    assert.equal(7, wire.client(wire.success('"TrackId":"7"')):create_track(spec_of()).id)
  end)

  it("is not retried when its outcome is unknown", function()
    local client, driver = wire.client{ function() return nil, "reset", { kind = "transport", sent = true } end }
    local _, _, err = client:create_track(spec_of())
    assert.equal("unknown", err.outcome)
    assert.equal("transport", err.kind)
    assert.equal(1, err.attempts)
    assert.equal(1, #driver.requests)
  end)
end)

describe("get_track", function()
  it("reads one track with all its members", function()
    local client, driver = wire.client(ONE)
    assert.same({ id = 5, name = "audit", enabled = true, action = "read", resource_type = "cam", event_names = { "A" },
      storage = { StorageType = "cos" }, created_at = 1767294245, created_at_text = "2026-01-02 03:04:05",
      all_members = true, request_id = "2d4a7fba-bba8-452e-a99e-ccf11fdaa583" }, client:get_track("5"))
    assert.equal('{"TrackId":5}', driver.requests[1].body)
  end)

  it("keeps every digit of an id", function()
    local client, driver = wire.client(ONE)
    client:get_track("18446744073709551615")
    assert.equal('{"TrackId":18446744073709551615}', driver.requests[1].body)
    client:get_track("9007199254740993")
    assert.equal('{"TrackId":9007199254740993}', driver.requests[2].body)
  end)

  it("validates the id", function()
    local client, driver = wire.client(ONE)
    assert.error_matches(function() client:get_track("audit") end, "get_track%.id: integer or decimal string expected")
    assert.equal(0, #driver.requests)
  end)
end)

describe("update_track", function()
  it("sends the patch alone, to the action of the track's kind", function()
    local client, driver = wire.client()
    local changed = client:update_track(5, { event_names = { "A" }, enabled = false })
    assert.equal(1, #driver.requests)
    assert.equal("ModifyAuditTrack", action_of(driver))
    assert.same({ TrackId = 5, EventNames = { "A" }, Status = 0 }, wire.body(driver))
    assert.same({ id = 5, event_names = { "A" }, enabled = false,
      request_id = "2d4a7fba-bba8-452e-a99e-ccf11fdaa583" }, changed)
    client:update_track(5, { filters = { { action = "all" } } })
    assert.equal("ModifyEventsAuditTrack", action_of(driver))
  end)

  it("determines the kind when the patch fits both", function()
    local client, driver = wire.client{ ONE, wire.success() }
    assert.truthy(client:update_track("5", { all_members = false }))
    assert.equal("DescribeAuditTrack", action_of(driver, 1))
    assert.equal("ModifyAuditTrack", action_of(driver, 2))
    assert.same({ TrackId = 5, TrackForAllMembers = 0 }, wire.body(driver))
    client, driver = wire.client{ SEVERAL, wire.success() }
    assert.truthy(client:update_track(5, { storage = "cls://t@r/p" }))
    assert.equal("ModifyEventsAuditTrack", action_of(driver, 2))
  end)

  it("enables and disables both kinds", function()
    local client, driver = wire.client{ ONE, wire.success(), SEVERAL, wire.success() }
    assert.is_true(client:enable_track(5).enabled)
    assert.same({ TrackId = 5, Status = 1 }, wire.body(driver, 2))
    assert.is_false(client:disable_track(5).enabled)
    assert.same({ TrackId = 5, Status = 0 }, wire.body(driver, 4))
    assert.equal("ModifyEventsAuditTrack", action_of(driver, 4))
  end)

  it("rejects another name before the service does, and accepts the same one", function()
    local client, driver = wire.client{ ONE, wire.success() }
    local changed, message, err = client:update_track(5, { name = "other", enabled = true })
    assert.is_nil(changed)
    assert.equal('update_track.name: the name of a tracking set cannot be changed; it is "audit"', message)
    assert.equal("validation", err.kind)
    assert.equal("name", err.field)
    assert.truthy(err.hint:find("cannot be renamed", 1, true))
    assert.equal(1, #driver.requests)
    client, driver = wire.client{ ONE, wire.success() }
    assert.is_true(client:update_track(5, { name = "audit", enabled = true }).enabled)
    assert.same({ TrackId = 5, Status = 1 }, wire.body(driver))
    client, driver = wire.client{ ONE, wire.success() }
    assert.equal(5, client:update_track(5, { name = "audit" }).id)
    assert.equal(1, #driver.requests)
  end)

  it("lets the service reject another name with validate = false", function()
    local client = wire.client({ wire.refusal("InvalidParameterValue.AuditTrackNameNotSupportModify", "no") },
      { validate = false })
    local _, _, err = client:update_track(5, { name = "other", action = "read" })
    assert.equal("rejected", err.outcome)
    assert.truthy(err.hint:find("cannot be renamed", 1, true))
  end)

  it("names what is wrong, and sends nothing", function()
    local client, driver = wire.client(ONE)
    assert.error_matches(function() client:update_track(5, {}) end,
      "update_track: empty patch: at least one field expected")
    assert.error_matches(function() client:update_track(nil, { enabled = true }) end, "update_track%.id: ")
    assert.error_matches(function() client:enable_track("x") end, "enable_track%.id: ")
    assert.error_matches(function() client:update_track(5, { event_names = "A" }) end,
      "update_track%.event_names: list of strings expected, got string")
    assert.error_matches(function() client:update_track(5, { storage = { prefix = "x" } }) end,
      "update_track%.storage%.prefix: a storage must be complete: use storage%.cos{")
    local _, message = client:update_track(5, { resource_type = "cam", event_names = {} })
    assert.truthy(message:find("^update_track%.event_names: "), message)
    assert.equal(0, #driver.requests)
  end)

  it("reports a missing track", function()
    local client, driver = wire.client(wire.refusal("ResourceNotFound.AuditNotExist", "gone"))
    local _, _, err = client:disable_track(5)
    assert.equal("not_found", err.kind)
    assert.equal(1, #driver.requests)
  end)
end)

describe("delete_track", function()
  it("deletes", function()
    local client, driver = wire.client()
    assert.same({ true, "deleted" }, { client:delete_track(5) })
    assert.equal('{"TrackId":5}', driver.requests[1].body)
  end)

  it("treats a missing track as deleted with missing_ok", function()
    local client = wire.client(wire.refusal("ResourceNotFound.AuditNotExist", "gone"))
    assert.same({ true, "missing" }, { client:delete_track(5, { missing_ok = true }) })
    local done, _, err = client:delete_track(5)
    assert.is_nil(done)
    assert.equal("not_found", err.kind)
    done, _, err = client:delete_track(5, { missing_ok = false })
    assert.is_nil(done)
    assert.equal("not_found", err.kind)
  end)

  it("never treats another failure as deleted", function()
    local client = wire.client(wire.refusal("InternalError", "boom"))
    local done, _, err = client:delete_track(5, { missing_ok = true })
    assert.is_nil(done)
    assert.equal("unknown", err.outcome)
    assert.error_matches(function() client:delete_track(5, { missing = true }) end,
      "delete_track%.missing: unknown option")
  end)
end)

describe("quota", function()
  it("returns the number that the service reports", function()
    local client, driver = wire.client(wire.success('"AuditAmount":3'))
    assert.same({ remaining = 3, request_id = "2d4a7fba-bba8-452e-a99e-ccf11fdaa583" }, client:quota())
    assert.equal("InquireAuditCredit", action_of(driver))
  end)

  it("fails as any call does", function()
    local client = wire.client(wire.refusal("UnauthorizedOperation", "no"))
    for _, amount in ipairs{ '"x"', "{}", "null", "1.5", '""' } do
      local none, _, err = wire.client(wire.success('"AuditAmount":' .. amount)):quota()
      assert.is_nil(none)
      assert.equal("AuditAmount", err.field)
    end
    assert.equal(3, wire.client(wire.success('"AuditAmount":"3"')):quota().remaining)
    local quota, message = client:quota()
    assert.is_nil(quota)
    assert.equal("InquireAuditCredit: no (UnauthorizedOperation)", message)
  end)
end)
