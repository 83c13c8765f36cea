local convert = require "cloudaudit.tracks.convert"

local STORAGE = { StorageType = "cos", StorageRegion = "r", StorageName = "b", StoragePrefix = "abc" }

local function refused(kind, fn, ...)
  local value, message, err = fn(...)
  assert.is_nil(value)
  assert.equal(kind, err.kind, message)
  return message, err.field
end

describe("a track id", function()
  it("is an integer or a decimal string, exact", function()
    assert.equal(1, convert.id("f", 1))
    assert.equal(1, convert.id("f", "1"))
    assert.equal(7, convert.id("f", "007"))
    assert.equal(0, convert.id("f", 0))
    assert.equal("18446744073709551615", convert.id("f", "18446744073709551615"))
    if math.type then
      assert.equal("integer", math.type(convert.id("f", 1.0)))
      assert.equal("integer", math.type(convert.id("f", "9007199254740993")))
      assert.equal("9007199254740993", ("%d"):format(convert.id("f", "9007199254740993")))
    else
      assert.equal("9007199254740993", convert.id("f", "9007199254740993"))
      assert.equal(9007199254740991, convert.id("f", "9007199254740991"))
    end
  end)

  it("is of no other form", function()
    for _, id in ipairs{ "", "x", "1.5", "-1", "1e3", "0x1", ("1"):rep(21), 1.5, -1, 0 / 0, math.huge, true, {} } do
      local message, field = refused("misuse", convert.id, "get_track", id)
      assert.truthy(message:find("^get_track%.id: integer or decimal string expected, got "), message)
      assert.equal("id", field)
    end
    for _, id in ipairs{ "18446744073709551616", "99999999999999999999" } do
      assert.equal(("get_track.id: integer below 2^64 expected, got %q"):format(id),
        (refused("misuse", convert.id, "get_track", id)))
    end
    assert.equal("get_track.id: integer or decimal string expected, got nil",
      (refused("misuse", convert.id, "get_track")))
  end)
end)

describe("a spec", function()
  it("of one product becomes CreateAuditTrack", function()
    local action, params = convert.to_create({ name = "audit", enabled = false, action = "read", resource_type = "cam",
      event_names = { "A", "B" }, storage = STORAGE, all_members = true, export_id = "e" }, true)
    assert.equal("CreateAuditTrack", action)
    assert.same({ Name = "audit", Status = 0, ActionType = "Read", ResourceType = "cam", EventNames = { "A", "B" },
      Storage = STORAGE, TrackForAllMembers = 1, ExportId = "e" }, params)
  end)

  it("has defaults: enabled, all products, all events", function()
    local _, params = convert.to_create({ name = "audit", action = "all", storage = STORAGE }, true)
    assert.same({ Name = "audit", Status = 1, ActionType = "*", ResourceType = "*", EventNames = { "*" },
      Storage = STORAGE }, params)
  end)

  it("with filters becomes CreateEventsAuditTrack", function()
    local action, params = convert.to_create({ name = "audit", all_members = false, storage = STORAGE, filters = {
      { resource_type = "cam", action = "write", event_names = { "A" } }, { action = "all" } } }, true)
    assert.equal("CreateEventsAuditTrack", action)
    assert.same({ Name = "audit", Status = 1, TrackForAllMembers = 0, Storage = STORAGE, Filters = { ResourceFields = {
      { ResourceType = "cam", ActionType = "Write", EventNames = { "A" } },
      { ResourceType = "*", ActionType = "*", EventNames = { "*" } } } } }, params)
  end)

  it("takes a storage as a URL", function()
    local _, params = convert.to_create({ name = "audit", action = "all", storage = "cls://t@ap-tokyo/p" }, true)
    assert.equal("t", params.Storage.StorageName)
    local message, field = refused("validation", convert.to_create,
      { name = "audit", action = "all", storage = "cos://b-1250000000@r/abc" }, true)
    assert.truthy(message:find("^create_track%.storage%.bucket: "), message)
    assert.equal("storage.bucket", field)
    _, params = convert.to_create({ name = "a", action = "all", storage = "cos://b_1@r/a_b" }, false)
    assert.equal("b_1", params.Storage.StorageName)
    message, field = refused("validation", convert.to_create, { name = "audit", action = "all", storage = "b" }, true)
    assert.truthy(message:find("create_track.storage: type://name@region/prefix expected", 1, true), message)
    assert.equal("storage", field)
  end)

  it("names the wrong field", function()
    local function misuse(given)
      return refused("misuse", convert.to_create, given, true)
    end
    local message, field = misuse{ storge = "x" }
    assert.equal("create_track.storge: unknown field, did you mean storage?", message)
    assert.equal("storge", field)
    assert.equal("create_track: table of fields expected, got nil", (misuse()))
    assert.equal("create_track.enabled: boolean expected, got number", (misuse{ enabled = 1 }))
    assert.equal("create_track.action: string expected, got boolean", (misuse{ action = true }))
    assert.equal("create_track.storage: table or string expected, got number", (misuse{ storage = 1 }))
    message, field = misuse{ name = "audit", action = "all" }
    assert.truthy(message:find("create_track.storage: missing (a storage helper that rejects", 1, true), message)
    assert.equal("storage", field)
    message, field = misuse{ storage = STORAGE, filters = { { action = "all" } }, event_names = { "*" } }
    assert.truthy(message:find("create_track.event_names: not allowed beside filters", 1, true), message)
    assert.equal("event_names", field)
    message, field = misuse{ storage = STORAGE, filters = { { action = "all" }, { acton = "all" } } }
    assert.equal("create_track.filters[2].acton: unknown field, did you mean action?", message)
    assert.equal("filters[2].acton", field)
    message, field = misuse{ storage = STORAGE, filters = { "cam" } }
    assert.equal("create_track.filters[1]: table of fields expected, got string", message)
    assert.equal("filters[1]", field)
    message = misuse{ storage = STORAGE, filters = { {} } }
    assert.equal("create_track.filters[1].action: missing", message)
    message = misuse{ storage = STORAGE, filters = { action = "all" } }
    assert.equal("create_track.filters: list of tables expected", message)
  end)

  it("says how to build a storage that is not whole, and names the field", function()
    local advice = "a storage must be complete: use storage.cos{ region =, bucket =, prefix = } (or cls, ckafka), or a"
      .. ' URL such as "cos://audit-logs@ap-guangzhou/cloudaudit"; to change one member, change it in '
      .. "get_track(id).storage"
    for name, storage in pairs{ prefix = { prefix = "x" }, bucket = { region = "r", bucket = "b", prefix = "abc" },
      topic_id = { StorageType = "cls", topic_id = "t" }, instance = { instance = "i", topic = "t" },
      compress = { StorageType = "cos", compress = 0 } } do
      local message, field = refused("misuse", convert.to_modify, "update_track", { storage = storage }, true)
      assert.equal(("update_track.storage.%s: %s"):format(name, advice), message)
      assert.equal("storage." .. name, field)
    end
    for name, storage in pairs{ StorageType = {}, StorageRegion = { StorageType = "cos", StoragePrefix = "abc" } } do
      local message, field = refused("misuse", convert.to_modify, "update_track", { storage = storage }, false)
      assert.equal(("update_track.storage.%s: missing; %s"):format(name, advice), message)
      assert.equal("storage." .. name, field)
    end
    local message, field = refused("misuse", convert.to_create, { storage = { StorageNme = "b" } }, true)
    assert.equal("create_track.storage.StorageNme: unknown field, did you mean StorageName?", message)
    assert.equal("storage.StorageNme", field)
    message, field = refused("misuse", convert.to_create, { storage = { StorageName = 5 } }, true)
    assert.equal("create_track.storage.StorageName: string expected, got number", message)
    assert.equal("storage.StorageName", field)
  end)

  it("names a value that breaks a rule of this library", function()
    local message, field = refused("validation", convert.to_create, { action = "raed", storage = STORAGE }, true)
    assert.equal('create_track.action: read, write or all expected, got "raed"', message)
    assert.equal("action", field)
    message, field = refused("validation", convert.to_create,
      { storage = STORAGE, filters = { { action = "*" } } }, true)
    assert.equal('create_track.filters[1].action: read, write or all expected, got "*"', message)
    assert.equal("filters[1].action", field)
    message, field = refused("validation", convert.to_create, { storage = STORAGE, filters = {} }, true)
    assert.equal("create_track.filters: at least one filter expected", message)
    assert.equal("filters", field)
  end)
end)

describe("a patch", function()
  local function modify(patch)
    return convert.to_modify("update_track", patch, true)
  end

  it("determines the kind of track if possible", function()
    local action, params = modify{ event_names = { "A" } }
    assert.equal("ModifyAuditTrack", action)
    assert.same({ EventNames = { "A" } }, params)
    action, params = modify{ filters = { { action = "all" } }, enabled = true }
    assert.equal("ModifyEventsAuditTrack", action)
    assert.equal(1, params.Status)
  end)

  it("otherwise fits both kinds, and keeps false values", function()
    for _, case in ipairs{ { { enabled = false }, { Status = 0 } },
      { { all_members = false }, { TrackForAllMembers = 0 } }, { { storage = STORAGE }, { Storage = STORAGE } },
      { { name = "x" }, { Name = "x" } } } do
      local action, params, err = modify(case[1])
      assert.is_nil(action)
      assert.is_nil(err)
      assert.same(case[2], params)
    end
  end)

  it("must have a field, and only fields that can be changed", function()
    assert.equal("update_track: empty patch: at least one field expected", (refused("misuse", modify, {})))
    assert.equal("update_track: table of fields expected, got nil", (refused("misuse", modify)))
    assert.equal("update_track.export_id: can only be set when the track is created",
      (refused("misuse", modify, { export_id = "e" })))
    assert.equal("update_track.enabld: unknown field, did you mean enabled?",
      (refused("misuse", modify, { enabld = true })))
  end)
end)

describe("a place in a message", function()
  local function translate(field, text)
    local fields = convert.in_our_names({ field = field, text = text,
      message = ("CreateAuditTrack.%s: %s"):format(field, text) }, "create_track")
    return fields.message, fields.field
  end

  it("has our names", function()
    for wire, ours in pairs{ Name = "name", Status = "enabled", TrackId = "id", ["EventNames[2]"] = "event_names[2]",
      Storage = "storage", ["Storage.StorageName"] = "storage.StorageName", ["Filters"] = "filters",
      ["Filters.ResourceFields[2].EventNames[1]"] = "filters[2].event_names[1]",
      ["Filters.ResourceFields[2]"] = "filters[2]", ["Filters.ResourceFields"] = "filters", PageSize = "PageSize" } do
      local message, field = translate(wire, "wrong")
      assert.equal("create_track." .. ours .. ": wrong", message)
      assert.equal(ours, field)
    end
  end)

  it("is unchanged in messages of the service", function()
    local fields = { message = "CreateAuditTrack: no (InternalError)", field = "secret_id" }
    assert.same({ message = "CreateAuditTrack: no (InternalError)", field = "secret_id" },
      convert.in_our_names(fields, "create_track"))
  end)
end)
