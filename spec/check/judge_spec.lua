-- What the table of posture_spec.lua does not reach: every check as a function of what was read.
local events = require "cloudaudit.events.event"
local judge = require "cloudaudit.check.judge"

local STORAGE = { StorageType = "cos", StorageRegion = "ap-guangzhou", StorageName = "logs", StoragePrefix = "abc" }

local function set(fields)
  local made = { id = 1, name = "one", enabled = true, action = "all", storage = STORAGE }
  for name, value in pairs(fields or {}) do
    made[name] = value
  end
  return made
end

local function read(...)
  return { tracks = { ... }, details = { ... }, account = { id = "1" }, changes = {} }
end

describe("cloudaudit.check.judge", function()
  it("judges the union of all sets", function()
    local both = read(set{ action = "read" }, set{ id = 2, action = "write" })
    assert.same({}, judge.writes(both))
    assert.same({}, judge.reads(both))
    assert.same({ nil, "all writes are covered" }, { judge.identity(both) })
  end)

  it("does not count a set for all products that is narrowed as covering", function()
    local narrowed = read(set{ event_names = { "AddUser" } })
    assert.equal(1, #judge.writes(narrowed))
    assert.same({ "medium", "records only *: AddUser" }, { judge.unnarrowed(narrowed)[1].severity,
      judge.unnarrowed(narrowed)[1].detail })
  end)

  it("names what a storage lacks", function()
    assert.equal("the storage has no type, region, name", judge.storage(read(set{ storage = {} }))[1].detail)
    assert.equal("the storage has no region", judge.storage(read(set{ storage = { StorageType = "cos",
      StorageName = "x" } }))[1].detail)
    assert.same({}, judge.storage(read(set{ enabled = false, storage = {} })))
  end)

  it("does not know whose account it is without an event", function()
    local of = read(set{ storage = { StorageType = "cos", StorageAccountId = "2" } })
    assert.same({}, judge.elsewhere(of))
    of.account = {}
    assert.same({ nil, nil, "no event tells which account this is" }, { judge.elsewhere(of) })
    of.details[1].storage.StorageAccountId = nil
    assert.equal(1, #judge.elsewhere(of))
  end)

  it("keeps an enabled one of several sets of a name", function()
    local found = judge.names(read(set{ enabled = false }, set{ id = 2 }, set{ id = 3 }, set{ id = 4, name = "" },
      set{ id = 5, name = "" }))
    assert.equal(1, #found)
    assert.equal("cloudaudit tracks delete 1 3", found[1].fix)
  end)

  it("tells each kind of difference from the specs", function()
    local report = { missing = { "a" }, changed = { { name = "b", differences = { "x: 1 wanted, 2 found" } } },
      duplicate = { { name = "c", ids = { 1, 2 } } }, extra = { { name = "d" } } }
    local found = judge.drift({ differences = report }, { against_name = "tracks.json" })
    assert.same({ "a", "b", "c" }, { found[1].subject, found[2].subject, found[3].subject })
    assert.equal("cloudaudit tracks apply -f tracks.json", found[1].fix)
    assert.equal("x: 1 wanted, 2 found", found[2].detail)
  end)

  it("gives one failure for each actor, address and kind of change", function()
    local function change(user, name, id)
      return events.new{ id = id, name = name, user = user, source_ip = "192.0.2.1", raw = '{"eventName":"x"}',
        resource_name = "7" }
    end
    local found = judge.touched{ changes = { change("ann", "UpdateAudit", "1"), change("ann", "UpdateAudit", "2"),
      change("ann", "DeleteAuditTrack", "3"), change("bob", "UpdateAudit", "4") } }
    assert.same({ 3, "high", "critical" }, { #found, found[1].severity, found[2].severity })
    assert.same({ "1", "2" }, found[1].evidence)
    assert.equal("bob from 192.0.2.1 changed a set", found[3].detail)
  end)

  it("takes a quota and old-style sets in any notation", function()
    assert.same({}, judge.quota{ quota = { remaining = "9007199254740993" } })
    assert.equal(1, #judge.quota{ quota = { remaining = 0 } })
    assert.same({}, judge.legacy{ audits = { { AuditName = "a", AuditStatus = "0" }, {} } })
    assert.equal("a", judge.legacy{ audits = { { AuditName = "a", AuditStatus = "1" } } }[1].subject)
  end)

  it("does not claim a gap where no set is known", function()
    assert.same({ nil, "no set is known that covers all writes" }, { judge.gap(read()) })
  end)
end)
