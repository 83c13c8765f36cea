-- Desired state of tracks, against the emulator in this process.
local cloudaudit = require "cloudaudit"

local ONE = { name = "audit", enabled = true, action = "write", resource_type = "cam", event_names = { "A", "B" },
  all_members = false, storage = { StorageType = "cos", StorageRegion = "ap-guangzhou", StorageName = "audit-logs",
    StoragePrefix = "cloudaudit", StorageAccountId = "100000000001", StorageAppId = "1250000000", Compress = 1 } }
local SEVERAL = { name = "several", enabled = true, all_members = false, storage = ONE.storage,
  filters = { { resource_type = "cam", action = "write", event_names = { "A" } },
    { resource_type = "cos", action = "all", event_names = { "*" } } } }

local function with(base, field, value)
  local made = {}
  for key, item in pairs(base) do
    made[key] = item
  end
  local outer, inner = field:match("^(%w+)%.(%w+)$")
  if outer then
    made[outer] = with(base[outer], inner, value)
  elseif value == "none" then
    made[field] = nil
  else
    made[field] = value
  end
  return made
end

-- Each field with another value than the base has; "none": left out.
local NEAR = {
  { "enabled", false }, { "all_members", true },
  { "storage.StorageType", "cls" }, { "storage.StorageRegion", "ap-tokyo" }, { "storage.StorageName", "other" },
  { "storage.StoragePrefix", "other" }, { "storage.StorageAccountId", "100000000002" },
  { "storage.StorageAccountId", "none" }, { "storage.StorageAppId", "1250000001" }, { "storage.StorageAppId", "none" },
  { "storage.Compress", 2 }, { "storage.Compress", "none" },
}
local NEAR_ONE = { { "action", "read" }, { "action", "all" }, { "resource_type", "cos" }, { "event_names", { "A" } },
  { "event_names", { "A", "C" } }, { "event_names", { "*" } } }
local NEAR_SEVERAL = {
  { "filters", { SEVERAL.filters[1] } },
  { "filters", { SEVERAL.filters[1], { resource_type = "cos", action = "read", event_names = { "*" } } } },
  { "filters", { SEVERAL.filters[1], { resource_type = "cvm", action = "all", event_names = { "*" } } } },
  { "filters", { SEVERAL.filters[1], { resource_type = "cos", action = "all", event_names = { "Z" } } } },
}

local function each_near_miss(check)
  for _, case in ipairs{ { ONE, NEAR }, { ONE, NEAR_ONE }, { SEVERAL, NEAR }, { SEVERAL, NEAR_SEVERAL } } do
    for _, near in ipairs(case[2]) do
      check(case[1], with(case[1], near[1], near[2]), near[1])
    end
  end
end

local function new(options)
  local emulator = cloudaudit.emulator.new(options)
  return emulator, emulator:client()
end

describe("ensure_track", function()
  it("creates a missing track, and then leaves it unchanged", function()
    for _, spec in ipairs{ ONE, SEVERAL } do
      local emulator, client = new()
      local track, what, differences = assert(client:ensure_track(spec))
      assert.equal("created", what)
      assert.same({}, differences)
      assert.equal(1, track.id)
      assert.truthy(track.request_id)
      track, what, differences = assert(client:ensure_track(spec))
      assert.equal("unchanged", what)
      assert.same({}, differences)
      assert.equal(spec.name, track.name)
      assert.equal(track.created_at, cloudaudit.time.parse(track.created_at_text))
      assert.equal(1, emulator:count("CreateAuditTrack") + emulator:count("CreateEventsAuditTrack"))
      assert.equal(0, emulator:count("ModifyAuditTrack") + emulator:count("ModifyEventsAuditTrack"))
    end
  end)

  it("applies the defaults of a spec", function()
    local _, client = new()
    local short = { name = "audit", action = "all", storage = "cls://t@ap-guangzhou/p" }
    assert(client:ensure_track(short))
    assert.equal("unchanged", select(2, client:ensure_track(short)))
    assert(client:update_track(1, { all_members = true, enabled = false }))
    local track, what, differences = client:ensure_track(short)
    assert.equal("updated", what)
    assert.equal(2, #differences)
    assert.is_true(track.enabled)
    assert.is_false(track.all_members)
    assert.equal("unchanged", select(2, client:ensure_track(short)))
  end)

  it("changes each field that differs, and only that one, on both kinds", function()
    each_near_miss(function(spec, near, field)
      local emulator, client = new{ compress = false }
      assert(client:create_track(near))
      -- A Compress that the spec has and the service does not return counts as different.
      local track, what, differences = assert(client:ensure_track(spec))
      assert.equal("updated", what, field)
      assert.equal(1, #differences, field)
      assert.equal(field, differences[1].field)
      assert.equal(1, emulator:count("ModifyAuditTrack") + emulator:count("ModifyEventsAuditTrack"))
      local read = assert(client:get_track(track.id))
      for _, name in ipairs{ "id", "name", "enabled", "action", "resource_type", "event_names", "storage", "created_at",
        "created_at_text", "all_members", "filters" } do
        assert.same(read[name], track[name], name)
      end
      assert.equal(tostring(read), tostring(track))
      assert.equal("unchanged", select(2, client:ensure_track(spec)), field)
      assert.equal(1, #emulator:all_tracks())
    end)
  end)

  it("reports each field that differs when update = false", function()
    each_near_miss(function(spec, near, field)
      local emulator, client = new{ compress = false }
      assert(client:create_track(near))
      local track, message, err = client:ensure_track(spec, { update = false })
      assert.is_nil(track)
      assert.equal("conflict", err.kind)
      assert.equal("not_sent", err.outcome)
      assert.equal(field, err.differences[1].field)
      assert.truthy(message:find(field, 1, true))
      assert.same({ 1 }, err.ids)
      assert.equal(0, emulator:count("ModifyAuditTrack") + emulator:count("ModifyEventsAuditTrack"))
    end)
  end)

  it("ignores the order of event names and filters, and members that the service fills in", function()
    local _, client = new()
    assert(client:create_track(ONE))
    assert.equal("unchanged", select(2, client:ensure_track(with(ONE, "event_names", { "B", "A", "A" }))))
    assert.equal("unchanged", select(2, client:ensure_track(with(ONE, "storage.Compress", "none"))))
    assert(client:create_track(SEVERAL))
    local turned = { SEVERAL.filters[2], SEVERAL.filters[1] }
    assert.equal("unchanged", select(2, client:ensure_track(with(SEVERAL, "filters", turned))))
  end)

  it("fails when the kind differs, which cannot be changed", function()
    for _, case in ipairs{ { ONE, SEVERAL }, { SEVERAL, ONE } } do
      local emulator, client = new()
      assert(client:create_track(case[1]))
      local track, message, err = client:ensure_track(with(case[2], "name", case[1].name))
      assert.is_nil(track)
      assert.equal("conflict", err.kind)
      assert.truthy(message:find("other kind", 1, true))
      assert.equal("filters", err.differences[1].field)
      assert.equal(1, emulator:count("CreateAuditTrack") + emulator:count("CreateEventsAuditTrack"))
    end
  end)

  it("reports several tracks of one name, and changes none", function()
    local emulator, client = new{ unique_names = false }
    assert(client:create_track(ONE))
    assert(client:create_track(with(ONE, "action", "read")))
    local track, message, err = client:ensure_track(ONE)
    assert.is_nil(track)
    assert.equal("conflict", err.kind)
    assert.same({ 1, 2 }, err.ids)
    assert.equal("ensure_track: 2 tracking sets have the name audit: 1, 2", message)
    assert.equal(2, emulator:count("CreateAuditTrack"))
    assert.equal(0, emulator:count("ModifyAuditTrack"))
  end)

  it("compares names exactly", function()
    local emulator, client = new()
    assert(client:create_track(with(ONE, "name", "Audit")))
    assert.equal("created", select(2, client:ensure_track(ONE)))
    assert.equal(2, #emulator:all_tracks())
  end)

  it("creates when the track was deleted between two reads", function()
    local emulator, client = new{ list_lag = 3 }
    assert(client:create_track(ONE))
    emulator:advance(4)
    assert(client:delete_track(1))
    assert.equal("audit", client:tracks()().name) -- the list still has it
    local track, what = assert(client:ensure_track(ONE))
    assert.equal("created", what)
    assert.equal(2, track.id)
  end)

  it("validates the spec before it reads", function()
    local emulator, client = new()
    local track, message, err = client:ensure_track(with(ONE, "name", "a b"))
    assert.is_nil(track)
    assert.equal("validation", err.kind)
    assert.truthy(message:find("^ensure_track%.name: "), message)
    track, message = client:ensure_track(with(ONE, "storage.StorageName", "audit-1250000000"))
    assert.is_nil(track)
    assert.truthy(message:find("^ensure_track%.storage%.StorageName: "), message)
    for pattern, arguments in pairs{
      ["ensure_track%.storge: unknown field, did you mean storage%?"] = { with(ONE, "storge", 1) },
      ["ensure_track%.storage: missing"] = { with(ONE, "storage", "none") },
      ["ensure_track%.name: missing"] = { with(ONE, "name", "none") },
      ["ensure_track%.event_names: list of strings expected"] = { with(ONE, "event_names", "A") },
      ["ensure_track%.updte: unknown option, did you mean update%?"] = { ONE, { updte = true } },
      ['ensure_track%.on_unknown: "reconcile" or "resend" expected, got "retry"'] = { ONE, { on_unknown = "retry" } },
      ["ensure_track%.wait: number of seconds greater than 0"] = { ONE, { wait = 0 } },
    } do
      assert.error_matches(function() client:ensure_track(arguments[1], arguments[2]) end, pattern)
    end
    assert.equal(0, #emulator:journal())
  end)

  it("requires a name, even with validate = false", function()
    local emulator = cloudaudit.emulator.new()
    local client = emulator:client{ validate = false }
    assert(client:create_track(ONE))
    assert.error_matches(function() client:ensure_track(with(ONE, "name", "none")) end, "ensure_track%.name: missing")
    assert.error_matches(function() client:ensure_track(with(ONE, "name", "")) end, "ensure_track%.name: missing")
  end)

  it("returns the first failure when its client is closed, or it is cancelled, while it looks", function()
    local emulator = cloudaudit.emulator.new()
    assert(emulator:client():create_track(ONE))
    emulator:fault{ kind = "cut_before", action = "ModifyAuditTrack", times = 2 }
    local client
    client = emulator:client{ sleep = function() client:close() end }
    local track, _, err = client:ensure_track(with(ONE, "action", "read"))
    assert.is_nil(track)
    assert.equal("unknown", err.outcome)
    assert.equal("action", err.differences[1].field)

    client = emulator:client()
    local future = client.async:ensure_track(with(ONE, "action", "read"))
    while #emulator:journal("ModifyAuditTrack") < 2 do
      client:step(0)
    end
    client:step(0)
    future:cancel()
    assert.is_true(future:done())
    track, _, err = future:result()
    assert.is_nil(track)
    assert.equal("unknown", err.outcome)
    assert.equal("ModifyAuditTrack", err.action)
  end)

  it("fails as its calls do", function()
    local emulator, client = new{ quota = 1 }
    assert(client:create_track(ONE))
    local _, _, err = client:ensure_track(SEVERAL)
    assert.equal("quota", err.kind)
    emulator:fault{ kind = "error", code = "UnauthorizedOperation" }
    _, _, err = client:ensure_track(ONE)
    assert.equal("permission", err.kind)
    emulator:fault{ kind = "error", action = "DescribeAuditTrack", code = "InternalError", times = "always" }
    _, _, err = client:ensure_track(ONE)
    assert.equal("InternalError", err.code)
    assert.equal(1, #emulator:all_tracks())
  end)
end)

describe("diff_tracks", function()
  it("names missing, changed, extra and duplicate, and writes nothing", function()
    local emulator, client = new{ unique_names = false, quota = 10 }
    assert(client:create_track(ONE))
    assert(client:create_track(SEVERAL))
    assert(client:create_track(with(ONE, "name", "extra")))
    assert(client:create_track(with(ONE, "name", "twice")))
    assert(client:create_track(with(ONE, "name", "twice")))
    local written = #emulator:journal()
    local report = assert(client:diff_tracks{ with(ONE, "action", "read"), SEVERAL, with(ONE, "name", "missing"),
      with(ONE, "name", "twice") })
    assert.is_false(report.same)
    assert.same({ "missing" }, report.missing)
    assert.same({ { name = "extra", id = 3 } }, report.extra)
    assert.same({ { name = "twice", ids = { 4, 5 } } }, report.duplicate)
    assert.equal(1, #report.changed)
    assert.equal("audit", report.changed[1].name)
    assert.equal(1, report.changed[1].id)
    assert.equal("action: read wanted, write found", tostring(report.changed[1].differences[1]))
    for index, entry in ipairs(emulator:journal()) do
      assert.is_true(index <= written or entry.action:find("^Describe") ~= nil)
    end
  end)

  it("has same = true when every track matches its spec", function()
    local _, client = new()
    local report = assert(client:diff_tracks{})
    assert.is_true(report.same)
    assert(client:ensure_track(ONE))
    assert(client:ensure_track(SEVERAL))
    assert.same({ missing = {}, changed = {}, extra = {}, duplicate = {}, same = true },
      client:diff_tracks{ SEVERAL, ONE })
  end)

  it("counts a track deleted meanwhile as missing, and fails when it cannot read", function()
    local emulator, client = new()
    assert(client:create_track(ONE))
    emulator:fault{ kind = "error", action = "DescribeAuditTrack", code = "ResourceNotFound.AuditNotExist" }
    assert.same({ "audit" }, assert(client:diff_tracks{ ONE }).missing)
    emulator:fault{ kind = "error", action = "DescribeAuditTrack", code = "UnauthorizedOperation" }
    local report, _, err = client:diff_tracks{ ONE }
    assert.is_nil(report)
    assert.equal("permission", err.kind)
  end)

  it("names a wrong spec by its index", function()
    local emulator, client = new()
    for pattern, specs in pairs{
      ["diff_tracks: list of specs expected, got nil"] = "nil", ["diff_tracks: list of specs expected"] = ONE,
      ["diff_tracks%[2%]%.actoin: unknown field, did you mean action%?"] = { ONE, with(SEVERAL, "actoin", "read") },
      ["diff_tracks%[2%]%.name: the same as in diff_tracks%[1%]"] = { ONE, with(SEVERAL, "name", "audit") },
    } do
      assert.error_matches(function() client:diff_tracks(specs ~= "nil" and specs or nil) end, pattern)
    end
    local report, _, err = client:diff_tracks{ with(ONE, "name", "a") }
    assert.is_nil(report)
    assert.equal('diff_tracks[1].name: 3 to 48 letters, digits, hyphens or underscores expected, got "a"', err.message)
    assert.equal(0, #emulator:journal())
    emulator:fault{ kind = "error", code = "UnauthorizedOperation" }
    report, _, err = client:diff_tracks{ ONE }
    assert.is_nil(report)
    assert.equal("permission", err.kind)
  end)
end)

describe("a list with holes", function()
  it("of filters or specs is refused", function()
    local _, client = new()
    local holes = { SEVERAL.filters[1], nil, SEVERAL.filters[2] }
    assert.error_matches(function() client:ensure_track(with(SEVERAL, "filters", holes)) end,
      "ensure_track.filters: list of tables expected")
    assert.error_matches(function() client:diff_tracks{ ONE, nil, SEVERAL } end, "diff_tracks: list of specs expected")
  end)
end)
