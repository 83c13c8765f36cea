local cloudaudit = require "cloudaudit"
local folder = require "support.folder"
local ledgers = require "live.ledger"
local wires = require "live.wire"

local STORAGE = { StorageType = "cos", StorageRegion = "ap-guangzhou", StorageName = "audit-logs",
  StoragePrefix = "audit" }
local PREFIX = "cloudaudit-live-0123456789ab-"

describe("live.ledger", function()
  local place, emulator
  before_each(function()
    place = folder.new()
    emulator = cloudaudit.emulator.new{ quota = 50 }
  end)
  after_each(function() place.remove() end)

  local function new(settle)
    local wire = wires.new{ client = emulator:client(), driver = emulator:driver(),
      time = function() return emulator:now() end }
    return ledgers.new{ wire = wire, path = place.path .. "/state", storage = STORAGE, settle = settle or 5 }
  end

  local function create(name)
    return assert(emulator:client():create_track{ name = name, action = "all", enabled = false,
      storage = "cos://audit-logs@ap-guangzhou/cloudaudit" }).id
  end

  it("makes a random prefix, and knows no other text as one", function()
    local one, two = new(), new()
    assert.is_true(ledgers.is_prefix(one.prefix))
    assert.are_not.equal(one.prefix, two.prefix)
    for _, text in ipairs{ "", "cloudaudit-live-", "audit", PREFIX .. "1", "cloudaudit-live-XYZ456789abc-" } do
      assert.is_false(ledgers.is_prefix(text))
    end
    assert.is_false(ledgers.is_prefix(nil))
  end)

  it("creates disabled sets under its prefix, and deletes them", function()
    local ledger = new()
    local seen
    assert.equal("done", ledger:with(ledger:params(), function(id, name)
      seen = emulator:all_tracks()[1]
      assert.equal(tostring(seen.id), id)
      assert.equal(name, seen.Name)
      return "done"
    end))
    assert.equal(0, tonumber(seen.Status))
    assert.equal(ledger.prefix, seen.Name:sub(1, #ledger.prefix))
    assert.same({}, emulator:all_tracks())
    assert.error(function() ledger:create(ledger:params{ Name = "audit" }) end)
    assert.same({ 0, {} }, { ledger:clean() })
    assert.is_nil(ledgers.state(ledger.path))
  end)

  it("notes a create before it is sent", function()
    local ledger = new()
    local write = ledger.wire.write
    function ledger.wire.write(...)
      local state = ledgers.state(ledger.path)
      assert.equal(1, state.unknown)
      assert.is_true(state.prefixes[ledger.prefix])
      return write(...)
    end
    ledger:create(ledger:params())
    local state = ledgers.state(ledger.path)
    assert.equal(0, state.unknown)
    assert.same({ ["1"] = ledger.prefix }, state.ids)
  end)

  it("finds the set of a create whose answer was lost", function()
    emulator:fault{ kind = "cut_after", action = "CreateAuditTrack" }
    local ledger = new()
    local answer, id = ledger:create(ledger:params())
    assert.truthy(answer.lost)
    assert.equal("1", id)
    emulator:fault{ kind = "cut_before", action = "CreateAuditTrack" }
    answer, id = ledger:create(ledger:params())
    assert.truthy(answer.lost)
    assert.is_nil(id)
    assert.equal(1, (ledger:clean()))
    assert.same({}, emulator:all_tracks())
  end)

  it("cleans up what a killed run left, by id and by prefix, and nothing else", function()
    local ids = {}
    for index, name in ipairs{ PREFIX .. "1", PREFIX .. "2", "cloudaudit-live-of-mine",
      "cloudaudit-live-ffffffffffff-1", "audit" } do
      ids[index] = create(name)
    end
    for index = 1, 25 do -- more than a page
      create("other-" .. index)
    end
    -- The first create was answered, the second was not; the last line was cut short.
    place.write("/state", ("create %s 1\nmade %s %d\ncreate %s %d\nmade %s"):format(PREFIX, PREFIX, ids[1], PREFIX,
      math.floor(emulator:now()), PREFIX))
    assert.same({ 2, {} }, { new():clean() })
    assert.equal(28, #emulator:all_tracks())
    for _, track in ipairs(emulator:all_tracks()) do
      assert.is_nil(track.Name:find(PREFIX, 1, true))
    end
    assert.is_nil(ledgers.state(place.path .. "/state"))
  end)

  it("waits for a list that lags behind an unknown create", function()
    emulator = cloudaudit.emulator.new{ list_lag = 3 }
    create(PREFIX .. "1")
    place.write("/state", ("create %s %d\n"):format(PREFIX, math.floor(emulator:now())))
    local removed, left = new(5):clean()
    assert.same({}, left)
    assert.is_true(removed >= 1)
    assert.same({}, emulator:all_tracks())
  end)

  it("deletes nothing for lines that it did not write", function()
    create("audit")
    place.write("/state", "create  1\nmade x 1\ncreate audit 1\nmade audit 1\nmade " .. PREFIX .. " x\ngone\n")
    assert.same({ 0, {} }, { new():clean() })
    assert.equal(1, #emulator:all_tracks())
  end)

  it("keeps the file, and says what is left, when a delete is refused", function()
    local ledger = new()
    ledger:create(ledger:params())
    emulator:fault{ kind = "error", code = "UnauthorizedOperation", action = "DeleteAuditTrack", times = "always" }
    local removed, left = ledger:clean()
    assert.equal(0, removed)
    assert.truthy(left[1]:find("UnauthorizedOperation", 1, true))
    assert.is_table(ledgers.state(ledger.path))
    emulator:clear_faults()
    assert.same({ 1, {} }, { new():clean() })
  end)
end)
