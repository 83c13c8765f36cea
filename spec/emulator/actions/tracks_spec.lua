local emulator = require "cloudaudit.emulator"
local signed = require "support.signed"

local FILTERS = { ResourceFields = { { ResourceType = "cam", ActionType = "*", EventNames = { "*" } } } }

local function multi(changes)
  local params = signed.track{ Name = "multi", ActionType = false, ResourceType = false, EventNames = false,
    TrackForAllMembers = false, Filters = FILTERS }
  for name, value in pairs(changes or {}) do
    params[name] = value
  end
  return params
end

describe("cloudaudit.emulator.actions.tracks", function()
  local emu

  local function start(options)
    options = options or {}
    options.now = options.now or signed.NOW
    emu = emulator.new(options)
  end

  before_each(function() start() end)

  local function send(action, params)
    return (signed.send(emu, action, params))
  end

  local function code(action, params)
    return (signed.code(emu, action, params))
  end

  it("creates, describes and lists a tracking set", function()
    assert.equal(1, send("CreateAuditTrack", signed.track()).TrackId)
    local track = send("DescribeAuditTrack", { TrackId = 1 })
    track.RequestId = nil
    local expected = signed.track()
    expected.CreateTime, expected.Storage.Compress = "2019-02-26 00:44:25", 1
    assert.same(expected, track)
    local list = send("DescribeAuditTracks", { PageNumber = 1, PageSize = 10 })
    expected.TrackId, expected.TrackForAllMembers = 1, nil
    assert.same({ expected }, list.Tracks)
    assert.equal(1, list.TotalCount)
  end)

  it("creates, describes and lists a multi-product tracking set", function()
    assert.equal(1, send("CreateEventsAuditTrack", multi()).TrackId)
    local track = send("DescribeAuditTrack", { TrackId = 1 })
    assert.same(FILTERS, track.Filters)
    assert.equal(0, track.TrackForAllMembers)
    assert.same({ "", "", {} }, { track.ActionType, track.ResourceType, track.EventNames })
    local item = send("DescribeAuditTracks", { PageNumber = 1, PageSize = 10 }).Tracks[1]
    assert.is_nil(item.Filters)
    assert.is_nil(item.TrackForAllMembers)
    assert.same({}, item.EventNames)
    assert.equal("InvalidParameter", code("CreateEventsAuditTrack", multi{ Name = "none", Filters = {} }))
    assert.equal("InvalidParameterValue", code("CreateEventsAuditTrack", multi{ Name = "bad",
      Filters = { ResourceFields = { { ResourceType = "*", ActionType = "*", EventNames = { "A" } } } } }))
  end)

  it("fills in Compress for COS, according to the option compress", function()
    for _, compress in ipairs{ 1, 2, false } do
      start{ compress = compress }
      send("CreateAuditTrack", signed.track())
      assert.equal(compress or nil, send("DescribeAuditTrack", { TrackId = 1 }).Storage.Compress)
      local list = send("DescribeAuditTracks", { PageNumber = 1, PageSize = 1 })
      assert.equal(compress or nil, list.Tracks[1].Storage.Compress)
    end
    start()
    send("CreateAuditTrack", signed.track{ Storage = { StorageType = "cls", StorageRegion = "ap-guangzhou",
      StorageName = "topic", StoragePrefix = "p" } })
    assert.is_nil(send("DescribeAuditTrack", { TrackId = 1 }).Storage.Compress)
  end)

  it("never reuses an id", function()
    send("CreateAuditTrack", signed.track())
    send("DeleteAuditTrack", { TrackId = 1 })
    assert.equal(2, send("CreateAuditTrack", signed.track()).TrackId)
  end)

  it("enforces unique names unless unique_names is false", function()
    send("CreateAuditTrack", signed.track())
    assert.equal("InvalidParameterValue.AliasAlreadyExists", code("CreateAuditTrack", signed.track()))
    assert.equal("InvalidParameterValue.AliasAlreadyExists", code("CreateEventsAuditTrack", multi{ Name = "audit" }))
    start{ unique_names = false }
    assert.is_nil(code("CreateAuditTrack", signed.track()))
    assert.is_nil(code("CreateAuditTrack", signed.track()))
    assert.equal(2, #emu:all_tracks())
  end)

  it("enforces the quota, and a deletion frees a place", function()
    start{ quota = 2 }
    for i = 1, 2 do
      assert.is_nil(code("CreateAuditTrack", signed.track{ Name = "audit-" .. i }))
    end
    assert.equal("LimitExceeded.OverAmount", code("CreateEventsAuditTrack", multi()))
    send("DeleteAuditTrack", { TrackId = 1 })
    assert.is_nil(code("CreateEventsAuditTrack", multi()))
  end)

  it("modifies the given parameters and keeps the others", function()
    send("CreateAuditTrack", signed.track())
    assert.is_nil(code("ModifyAuditTrack", { TrackId = 1, Status = 0, TrackForAllMembers = 0, Name = "audit" }))
    local expected = signed.track{ Status = 0, TrackForAllMembers = 0 }
    expected.id, expected.kind, expected.created = 1, "single", signed.NOW
    assert.same({ expected }, emu:all_tracks())
  end)

  it("replaces Storage as a whole", function()
    local storage = signed.track().Storage
    storage.Compress = 2
    send("CreateAuditTrack", signed.track{ Storage = storage })
    assert.equal(2, send("DescribeAuditTrack", { TrackId = 1 }).Storage.Compress)
    send("ModifyAuditTrack", { TrackId = 1, Storage = signed.track().Storage })
    assert.is_nil(emu:all_tracks()[1].Storage.Compress)
    assert.equal(1, send("DescribeAuditTrack", { TrackId = 1 }).Storage.Compress)
    assert.equal("MissingParameter", code("ModifyAuditTrack", { TrackId = 1, Storage = { StorageName = "x" } }))
  end)

  it("refuses a new name, the other kind, and inconsistent parameters", function()
    send("CreateAuditTrack", signed.track())
    send("CreateEventsAuditTrack", multi())
    local name_refused = "InvalidParameterValue.AuditTrackNameNotSupportModify"
    assert.equal(name_refused, code("ModifyAuditTrack", { TrackId = 1, Name = "other" }))
    assert.equal(name_refused, code("ModifyEventsAuditTrack", { TrackId = 2, Name = "other" }))
    assert.equal("InvalidParameter", code("ModifyAuditTrack", { TrackId = 2, Status = 0 }))
    assert.equal("InvalidParameter", code("ModifyEventsAuditTrack", { TrackId = 1, Status = 0 }))
    assert.equal("InvalidParameterValue", code("ModifyAuditTrack", { TrackId = 1, ResourceType = "*" }))
    assert.is_nil(code("ModifyAuditTrack", { TrackId = 1, ResourceType = "*", EventNames = { "*" } }))
    assert.is_nil(code("ModifyEventsAuditTrack", { TrackId = 2, Status = 0, Filters = FILTERS }))
  end)

  it("returns AuditNotExist for a deleted tracking set", function()
    send("CreateAuditTrack", signed.track())
    send("DeleteAuditTrack", { TrackId = 1 })
    for action, params in pairs{ DescribeAuditTrack = {}, DeleteAuditTrack = {}, ModifyAuditTrack = { Status = 0 },
      ModifyEventsAuditTrack = { Status = 0 } } do
      params.TrackId = 1
      assert.equal("ResourceNotFound.AuditNotExist", code(action, params), action)
    end
  end)

  it("validates buckets, topics and regions against its options", function()
    start{ buckets = { "audit-cos" }, topics = { "topic" }, cos_regions = { "ap-guangzhou" } }
    local function with(storage)
      for name, value in pairs{ StorageRegion = "ap-guangzhou", StoragePrefix = "test" } do
        storage[name] = storage[name] or value
      end
      return code("CreateAuditTrack", signed.track{ Name = "audit-" .. #emu:all_tracks(), Storage = storage })
    end
    assert.is_nil(with{ StorageType = "cos", StorageName = "audit-cos" })
    assert.equal("ResourceNotFound.CosNotExist", with{ StorageType = "cos", StorageName = "other" })
    assert.equal("InvalidParameterValue.CosRegionError",
      with{ StorageType = "cos", StorageName = "audit-cos", StorageRegion = "mars" })
    assert.is_nil(with{ StorageType = "cls", StorageName = "topic" })
    assert.equal("FailedOperation.CheckClsTopicIsExistFailed", with{ StorageType = "cls", StorageName = "other" })
    assert.is_nil(with{ StorageType = "ckafka", StorageName = "ckafka-1/topic" })
    assert.equal("InvalidParameterValue", with{ StorageType = "ftp", StorageName = "x" })
  end)

  it("lists in pages", function()
    start{ max_page_size = 3 }
    for i = 1, 5 do
      send("CreateAuditTrack", signed.track{ Name = "audit-" .. i })
    end
    local names = {}
    for page = 1, 4 do
      local list = send("DescribeAuditTracks", { PageNumber = page, PageSize = 2 })
      assert.equal(5, list.TotalCount)
      for _, track in ipairs(list.Tracks) do
        names[#names + 1] = track.Name
      end
    end
    assert.same({ "audit-1", "audit-2", "audit-3", "audit-4", "audit-5" }, names)
    assert.equal("InvalidParameterValue", code("DescribeAuditTracks", { PageNumber = 1, PageSize = 4 }))
    assert.equal("InvalidParameterValue", code("DescribeAuditTracks", { PageNumber = 0, PageSize = 2 }))
  end)

  it("delays changes in the list by list_lag, but not elsewhere", function()
    start{ list_lag = 5 }
    local function listed()
      local list = send("DescribeAuditTracks", { PageNumber = 1, PageSize = 10 })
      return list.TotalCount, list.Tracks[1] and list.Tracks[1].Status
    end
    send("CreateAuditTrack", signed.track())
    assert.equal(0, (listed()))
    assert.equal(1, send("DescribeAuditTrack", { TrackId = 1 }).Status)
    emu:advance(5)
    assert.same({ 1, 1 }, { listed() })
    send("ModifyAuditTrack", { TrackId = 1, Status = 0 })
    assert.same({ 1, 1 }, { listed() })
    emu:advance(5)
    assert.same({ 1, 0 }, { listed() })
    send("DeleteAuditTrack", { TrackId = 1 })
    assert.equal(1, (listed()))
    assert.equal("ResourceNotFound.AuditNotExist", code("DescribeAuditTrack", { TrackId = 1 }))
    emu:advance(5)
    assert.equal(0, (listed()))
  end)
end)
