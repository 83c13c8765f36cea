local core = require "cloudaudit.core"
local diff = require "cloudaudit.tracks.diff"
local tracks = require "cloudaudit.tracks.track"

local function track(more)
  local made = { id = 1, name = "audit", enabled = true, action = "write", resource_type = "cam",
    event_names = { "A", "B" }, all_members = false,
    storage = { StorageType = "cos", StorageRegion = "r", StorageName = "b", StoragePrefix = "abc" } }
  for key, value in pairs(more or {}) do
    made[key] = value
  end
  return made
end

local function storage(more)
  local made = track().storage
  for key, value in pairs(more) do
    made[key] = value
  end
  return track{ storage = made }
end

local function fields(wanted, found)
  local list = {}
  for index, difference in ipairs((diff.compare(wanted, found))) do
    list[index] = difference.field
  end
  return list
end

local function several(filters)
  local made = track{ filters = filters or { { resource_type = "cam", action = "all", event_names = { "*" } },
    { resource_type = "cos", action = "read", event_names = { "A", "B" } } } }
  made.action, made.resource_type, made.event_names = nil, nil, nil
  return made
end

describe("two tracks", function()
  it("are the same when every field is", function()
    assert.same({}, fields(track(), track()))
    assert.same({}, fields(several(), several()))
    assert.same({}, fields(track{ id = 7, name = "other" }, track()))
  end)

  it("differ in each single field", function()
    for field, value in pairs{ enabled = false, action = "read", resource_type = "cos", event_names = { "A" },
      all_members = true } do
      assert.same({ field }, fields(track(), track{ [field] = value }))
      assert.same({ field }, fields(track{ [field] = value }, track()))
    end
    for member, value in pairs{ StorageType = "cls", StorageRegion = "x", StorageName = "x", StoragePrefix = "x",
      StorageAccountId = "1", StorageAppId = "2" } do
      assert.same({ "storage." .. member }, fields(track(), storage{ [member] = value }))
      assert.same({ "storage." .. member }, fields(storage{ [member] = value }, track()))
    end
  end)

  it("compare event names as a set", function()
    assert.same({}, fields(track(), track{ event_names = { "B", "A" } }))
    assert.same({}, fields(track(), track{ event_names = { "B", "A", "B" } }))
    assert.same({ "event_names" }, fields(track(), track{ event_names = { "A", "b" } }))
    assert.same({ "event_names" }, fields(track(), track{ event_names = { "AB" } }))
  end)

  it("compare filters as a set of sets", function()
    local turned = several{ { resource_type = "cos", action = "read", event_names = { "B", "A" } },
      { resource_type = "cam", action = "all", event_names = { "*" } } }
    assert.same({}, fields(several(), turned))
    for _, change in ipairs{ { "resource_type", "x" }, { "action", "write" }, { "event_names", { "A" } } } do
      turned.filters[1][change[1]] = change[2]
      assert.same({ "filters" }, fields(several(), turned))
      turned.filters[1] = { resource_type = "cos", action = "read", event_names = { "B", "A" } }
    end
    turned.filters[2] = nil
    assert.same({ "filters" }, fields(several(), turned))
  end)

  it("can be of different kinds", function()
    local list, other_kind = diff.compare(track(), several())
    assert.is_true(other_kind)
    assert.equal("filters", list[1].field)
    list, other_kind = diff.compare(several(), track())
    assert.is_true(other_kind)
    assert.equal("filters", list[1].field)
    assert.is_false((select(2, diff.compare(track(), track{ action = "all" }))))
  end)

  it("compare Compress only when the spec has it, and an empty text as absent", function()
    assert.same({}, fields(track(), storage{ Compress = 2 }))
    assert.same({ "storage.Compress" }, fields(storage{ Compress = 1 }, storage{ Compress = 2 }))
    assert.same({ "storage.Compress" }, fields(storage{ Compress = 1 }, track()))
    assert.same({}, fields(storage{ Compress = 1 }, storage{ Compress = "1" }))
    assert.same({}, fields(track(), storage{ StorageAccountId = "", StorageAppId = "" }))
  end)

  it("count an absent all_members as false, and accept any response", function()
    local silent = track()
    silent.all_members = nil
    assert.same({}, fields(silent, track()))
    assert.same({}, fields(track(), silent))
    assert.same({ "all_members" }, fields(track{ all_members = true }, silent))
    assert.is_true(#fields(track(), { id = 1 }) >= 7)
    assert.is_true(#fields(track(), { id = 1, storage = "x", event_names = 5 }) >= 7)
  end)
end)

describe("a difference", function()
  it("reads as a line", function()
    local list = diff.compare(track{ event_names = { "A" } }, track{ enabled = false })
    assert.equal("enabled: true wanted, false found; event_names: {A} wanted, {A, B} found", diff.describe(list))
    list = diff.compare(several(), several{ { resource_type = "cam", action = "all", event_names = { "*" } } })
    assert.equal("filters: {cam/all/{*}, cos/read/{A, B}} wanted, {cam/all/{*}} found", tostring(list[1]))
  end)

  it("determines the parameters that remove it", function()
    local params = { Name = "audit", Status = 1, ActionType = "Write", ResourceType = "cam", EventNames = { "A" },
      Storage = {} }
    local list = diff.compare(track{ event_names = { "A" } }, track{ enabled = false, all_members = true })
    assert.same({ Status = 1, ResourceType = "cam", EventNames = { "A" }, TrackForAllMembers = 0 },
      diff.params(list, params))
    assert.same({}, diff.params({}, params))
  end)
end)

describe("a value in another form", function()
  local function found(json)
    return (tracks.from_wire(core.decode(json), 1))
  end

  local function item(more)
    return ('{"Name":"audit","Status":1,"Storage":{"StorageType":"cos","StorageRegion":"r","StorageName":"b",'
      .. '"StoragePrefix":"abc"%s},%s}'):format(more[1] or "", more[2])
  end

  local function differences(wanted, more)
    return fields(wanted, found(item(more)))
  end

  it("is not a difference: ids as numbers, empty texts, all products", function()
    local PLAIN = '"ActionType":"Write","ResourceType":"cam","EventNames":["A","B"]'
    assert.same({}, differences(storage{ StorageAppId = "1250000000", StorageAccountId = "100000000001" },
      { ',"StorageAppId":1250000000,"StorageAccountId":100000000001', PLAIN }))
    assert.same({}, differences(storage{ StorageAppId = 1250000000 }, { ',"StorageAppId":"1250000000"', PLAIN }))
    assert.same({}, differences(track(), { ',"StorageAppId":"","StorageAccountId":null,"Compress":""', PLAIN }))
    assert.same({ "storage.StorageAppId" }, differences(track(), { ',"StorageAppId":1250000000', PLAIN }))
    for wanted, forms in pairs{ [1] = { "1", '"1"' }, [2] = { "2", '"2"', "0", "null", '""' } } do
      for _, form in ipairs(forms) do
        assert.same({}, differences(storage{ Compress = wanted }, { ',"Compress":' .. form, PLAIN }))
        assert.same({ "storage.Compress" }, differences(storage{ Compress = 3 - wanted },
          { ',"Compress":' .. form, PLAIN }))
      end
    end
    local all = track{ resource_type = "*", event_names = { "*" }, action = "all" }
    for _, names in ipairs{ "null", "[]", '[""]', '["*"]', "[null]" } do
      for _, product in ipairs{ '"*"', '""', "null" } do
        assert.same({}, differences(all, { "",
          ('"ActionType":"*","ResourceType":%s,"EventNames":%s,"TrackForAllMembers":""'):format(product, names) }))
        assert.same({ "event_names" }, differences(track{ resource_type = "*", action = "all" }, { "",
          ('"ActionType":"","ResourceType":%s,"EventNames":%s,"Filters":{}'):format(product, names) }))
      end
      local filters = { { resource_type = "cam", action = "all", event_names = { "*" } } }
      assert.same({}, fields(several(filters), found(item{ "",
        ('"Filters":{"ResourceFields":[{"ResourceType":"cam","ActionType":"*","EventNames":%s}]}'):format(names) })))
    end
    assert.same({}, fields(track(), found(item{ "", PLAIN .. ',"Status":"1"' })))
    assert.same({}, fields(track(), found(item{ "", PLAIN .. ',"Status":true' })))
  end)
end)
