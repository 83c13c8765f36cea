local cloudaudit = require "cloudaudit"
local core = require "cloudaudit.core"
local tracks = require "cloudaudit.tracks.track"

local STORAGE = { StorageType = "cos", StorageRegion = "ap-guangzhou", StorageName = "audit-logs",
  StoragePrefix = "cloudaudit" }
local ITEM = { Name = "all-writes", Status = 1, ActionType = "Write", ResourceType = "*", EventNames = { "*" },
  Storage = STORAGE, CreateTime = "2021-12-09 17:16:43" }

local function with(changes)
  local item = {}
  for name, value in pairs(ITEM) do
    item[name] = value
  end
  for name, value in pairs(changes) do
    item[name] = value ~= "none" and value or nil
  end
  return item
end

local function line(changes, id)
  return tostring(tracks.from_wire(with(changes), id or 42))
end

describe("track.from_wire", function()
  it("converts every member of a response", function()
    assert.same({ id = 5, name = "audit", enabled = true, action = "write", resource_type = "cam",
      event_names = { "A" }, storage = STORAGE, created_at = 1767294245, created_at_text = "2026-01-02 03:04:05",
      all_members = false },
      tracks.from_wire({ Name = "audit", Status = 1, ActionType = "Write", ResourceType = "cam", EventNames = { "A" },
        Storage = STORAGE, CreateTime = "2026-01-02 03:04:05", TrackForAllMembers = 0,
        Filters = { ResourceFields = {} } }, 5))
    assert.same({ id = 5, filters = { { resource_type = "cam", action = "all", event_names = { "A", "B" } } } },
      tracks.from_wire({ Filters = { ResourceFields = {
        { ResourceType = "cam", ActionType = "*", EventNames = { "A", "B" } } } } }, 5))
  end)

  it("keeps an unknown action, and leaves absent members absent", function()
    assert.same({ id = 5, action = "Manage" }, tracks.from_wire({ ActionType = "Manage" }, 5))
  end)

  it("shares no table with the response", function()
    local names = { "A" }
    local track = tracks.from_wire({ EventNames = names, Storage = STORAGE }, 5)
    assert.are_not.equal(names, track.event_names)
    assert.are_not.equal(STORAGE, track.storage)
  end)

  it("reads the time of creation as UTC+8, in epoch seconds, and keeps the text", function()
    local track = tracks.from_wire(ITEM, 1)
    assert.equal(1639041403, track.created_at)
    assert.equal("2021-12-09T09:16:43Z", cloudaudit.time.iso(track.created_at))
    assert.equal("2021-12-09 17:16:43", track.created_at_text)
    if math.type then
      assert.equal("integer", math.type(track.created_at))
    end
    for _, text in ipairs{ "", "now", "-1d", "2021-13-09 17:16:43", "2021-12-09", "yesterday" } do
      track = tracks.from_wire({ CreateTime = text }, 1)
      assert.is_nil(track.created_at, text)
      assert.equal(text, track.created_at_text)
    end
    assert.same({ id = 1 }, tracks.from_wire({ CreateTime = {} }, 1))
  end)
end)

describe("tostring(track)", function()
  it("is one line: id, name, status, events and storage", function()
    assert.equal("42 all-writes enabled write * -> cos://audit-logs@ap-guangzhou/cloudaudit", line{})
    assert.equal("42 all-writes disabled read cam (A, B) for all members"
      .. " -> cos://audit-logs@ap-guangzhou/cloudaudit",
      line{ Status = 0, ActionType = "Read", ResourceType = "cam", EventNames = { "A", "B" }, TrackForAllMembers = 1 })
    assert.equal("42 all-writes enabled write cam (A); all cos -> cls://t@r/p",
      line{ ActionType = "none", ResourceType = "none", EventNames = "none", Filters = { ResourceFields = {
        { ResourceType = "cam", ActionType = "Write", EventNames = { "A" } },
        { ResourceType = "cos", ActionType = "*", EventNames = { "*" } } } },
        Storage = { StorageType = "cls", StorageRegion = "r", StorageName = "t", StoragePrefix = "p" } })
  end)

  it("leaves out absent members and those of an unexpected type", function()
    assert.equal("(no id)", tostring(tracks.from_wire{}))
    assert.equal("7 disabled", tostring(tracks.from_wire({ Status = 0 }, 7)))
    assert.equal("7 disabled", tostring(tracks.from_wire({ Status = 0, Name = {}, ActionType = {}, ResourceType = true,
      EventNames = { {} }, Storage = 5, Filters = 5 }, 7)))
    assert.equal("7 -> (storage)", tostring(tracks.from_wire({ Storage = { StorageType = "cos" } }, 7)))
  end)

  it("shows every digit of an id", function()
    assert.truthy(line({}, 9007199254740992):find("^9007199254740992 all"))
    assert.truthy(line({}, "18446744073709551615"):find("^18446744073709551615 all"))
  end)

  it("escapes control characters, of ASCII and of Unicode", function()
    local text = line{ Name = "a\nb\0c\27[31m\127\194\155d", EventNames = { "\r" }, ActionType = "\t",
      Storage = { StorageType = "c\ns", StorageRegion = "r\n", StorageName = "b", StoragePrefix = "p" } }
    assert.equal("42 a\\x0ab\\x00c\\x1b[31m\\x7f\\u009bd enabled \\x09 * (\\x0d) -> c\\x0as://b@r%0A/p", text)
    assert.truthy(line{ Name = "审计" }:find("审计", 1, true))
    local shown = line{ Name = "a\226\128\174b\255\226\129\166c\239\187\191" }
    assert.truthy(shown:find("a\\u202eb\\xff\\u2066c\\ufeff", 1, true), shown)
  end)

  it("is the metatable's alone: fields and JSON stay as they are", function()
    local track = tracks.from_wire({ Name = "audit" }, 5)
    assert.equal("cloudaudit.Track", getmetatable(track).__name)
    assert.same({ id = 5, name = "audit" }, core.decode(core.encode(track)))
  end)

  it("holds for the tracks of every method", function()
    local emulator = cloudaudit.emulator.new{ compress = false }
    local client = emulator:client()
    local spec = { name = "audit", action = "write", storage = "cos://audit-logs@ap-guangzhou/cloudaudit" }
    local expected = "1 audit enabled write * -> cos://audit-logs@ap-guangzhou/cloudaudit"
    assert.equal(expected, tostring(assert(client:create_track(spec))))
    assert.equal(expected, tostring(assert(client:get_track(1))))
    assert.equal(expected, tostring(assert(client:find_track("audit"))))
    assert.equal(expected, tostring(client:tracks()()))
    assert.equal(expected, tostring(assert(client:ensure_track(spec))))
    assert.equal("1 disabled", tostring(assert(client:disable_track(1))))
    assert.equal("1", tostring(assert(client:update_track(1, { name = "audit" }))))
    assert.equal(expected, tostring(assert(client:ensure_track(spec))))
  end)
end)
