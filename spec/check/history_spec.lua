local check_rig = require "support.check_rig"
local history = require "cloudaudit.check.history"

local NOW = 1767225600

describe("cloudaudit.check.history", function()
  local rig

  before_each(function()
    rig = check_rig.new{ now = NOW }
  end)

  after_each(function()
    rig:close()
  end)

  local function events(names)
    local list = {}
    for event in rig.client:events{ since = "-2d", order = "oldest", where = { event_name = names } } do
      list[#list + 1] = event
    end
    return list
  end

  local function details()
    local list = {}
    for track in rig.client:tracks() do
      list[#list + 1] = assert(rig.client:get_track(track.id))
    end
    return list
  end

  local function spans()
    local list = {}
    for index, gap in ipairs(history.gaps(details(), events(history.CHANGES)) or { { from = 0 } }) do
      list[index] = ("%d-%s"):format(gap.from - NOW, gap.to and gap.to - NOW or "now")
    end
    return table.concat(list, " ")
  end

  it("tells changes from what only turns a set on, and from what was refused", function()
    local track = rig:create("all-events")
    for _, call in ipairs{ { "disable_track" }, { "enable_track" }, { "update_track", { action = "write" } },
      { "delete_track" }, { "delete_track" } } do
      rig.emulator:advance(1)
      rig.client[call[1]](rig.client, track.id, call[2])
    end
    local found = {}
    for index, change in ipairs(history.changes(events(history.CHANGES))) do
      found[index] = change.what .. " " .. change.id
    end
    assert.same({ "off 1", "changed 1", "deleted 1" }, found)
    assert.equal("root from 127.0.0.1", history.who(events(history.CHANGES)[1]))
  end)

  it("has no gap while one of two sets is on", function()
    local first, second = rig:create("first"), rig:create("second")
    for _, call in ipairs{ { "disable_track", first }, { "enable_track", first }, { "disable_track", second } } do
      rig.emulator:advance(60)
      assert(rig.client[call[1]](rig.client, call[2].id))
    end
    assert.equal("", spans())
    rig.emulator:advance(60)
    rig.client:disable_track(first.id)
    assert.equal("240-now", spans())
    rig.emulator:advance(60)
    rig.client:enable_track(second.id)
    assert.equal("240-300", spans())
  end)

  it("has no gap before the first set, and none that was never on", function()
    rig:create("off", { enabled = false })
    rig.emulator:advance(60)
    assert.equal("", spans())
    rig:create("second")
    assert.equal("", spans())
  end)

  it("ends a gap when a set is created, also one that was deleted since", function()
    local first = rig:create("first")
    rig.emulator:advance(60)
    rig.client:delete_track(first.id)
    rig.emulator:advance(60)
    local second = rig:create("second")
    rig.emulator:advance(60)
    rig.client:delete_track(second.id)
    rig.emulator:advance(60)
    rig:create("third", { filters = { { resource_type = "*", action = "write" } } })
    assert.equal("60-120 180-240", spans())
  end)

  it("has no gap that lasts when a set is turned off and on within a second", function()
    local track = rig:create("all-events")
    for _ = 1, 5 do
      rig.client:disable_track(track.id)
      rig.client:enable_track(track.id)
    end
    assert.is_nil(spans():find("now"))
  end)

  it("knows no gap without a set that covers all writes", function()
    rig:create("reads", { action = "read" })
    assert.is_nil(history.gaps(details(), events(history.CHANGES)))
  end)

  it("finds what was done to the storages of enabled sets only", function()
    rig:create("cos")
    rig:create("kafka", { storage = "ckafka://ckafka-1/topic-a@ap-guangzhou/cloudaudit" })
    rig:create("off", { enabled = false, storage = "cls://topic-off@ap-guangzhou/cloudaudit" })
    assert.same({ "DeleteBucket", "PutBucketACL", "PutBucketPolicy", "PutBucketLifecycle", "PutBucketVersioning",
      "DeleteBucketPolicy", "DeleteTopic", "DeleteInstancePre" }, history.sink_names(details()))
    for _, event in ipairs{
      { EventName = "DeleteBucket", ResourceType = "cos", ResourceName = "audit-logs" },
      { EventName = "DeleteBucket", ResourceType = "cos", ResourceName = "audit-logs-2026a" },
      { EventName = "DeleteBucket", ResourceType = "cos", ResourceName = "audit-logs", ApiErrorCode = "AccessDenied" },
      { EventName = "PutBucketACL", ResourceType = "cos", RequestParameters = '{"Bucket":"audit-logs-1250000000"}' },
      { EventName = "DeleteTopic", ResourceType = "ckafka", RequestParameters = '{"TopicName":"topic-a"}' },
      { EventName = "DeleteInstancePre", ResourceType = "ckafka", ResourceName = "ckafka-1" },
      { EventName = "DeleteInstancePre", ResourceType = "ckafka", ResourceName = "ckafka-2" },
      { EventName = "DeleteTopic", ResourceType = "cls", ResourceName = "topic-off" },
    } do
      rig.emulator:add_event(event)
    end
    local found = {}
    for index, sink in ipairs(history.sinks(details(), events{ "DeleteBucket", "PutBucketACL", "DeleteTopic",
      "DeleteInstancePre" })) do
      found[index] = sink.event.name .. " " .. sink.storage.StorageType
    end
    table.sort(found)
    assert.same({ "DeleteBucket cos", "DeleteInstancePre ckafka", "DeleteTopic ckafka", "PutBucketACL cos" }, found)
  end)

  it("takes every logset in place of the one that holds the topic, which cannot be read", function()
    local tracks = { { enabled = true, storage = { StorageType = "cls", StorageName = "topic-1" } } }
    rig.emulator:add_event{ EventName = "DeleteLogset", ResourceType = "cls", ResourceName = "any" }
    assert.equal(1, #history.sinks(tracks, events{ "DeleteLogset" }))
  end)
end)
