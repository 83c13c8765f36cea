local events = require "cloudaudit.events.event"
local files = require "cloudaudit.export.files"
local folder = require "cloudaudit.export.folder"
local state = require "cloudaudit.export.state"
local temporary = require "support.folder"

local DAY = 86400
local TO = 10 * DAY

local function new_state()
  return state.new{ since = 0, filter = "", format = "jsonl", gzip = false, redacted = true }
end

describe("cloudaudit.export.folder", function()
  local place, path, sink

  before_each(function()
    place = temporary.new()
    path = place.path .. "/archive"
    sink = assert(folder.open(path))
    sink:begin(new_state(), { limit = 1e6, line = function(event) return event.id end })
  end)

  after_each(function()
    place.remove()
  end)

  local function tree()
    local list = {}
    for _, day in ipairs(files.list(path)) do
      for _, name in ipairs(day:find("^dt=") and files.list(path .. "/" .. day) or {}) do
        list[#list + 1] = day .. "/" .. name .. ": " .. files.read(path .. "/" .. day .. "/" .. name):gsub("\n", " ")
      end
    end
    return list
  end

  local function add(held, id, time)
    local event = events.new{ id = id, time = time }
    if held:take(event, TO) then
      assert.is_true(sink:add(held, event))
    end
  end

  -- As a process that was killed: the lock is a live process's, this one's.
  local function reopen()
    files.luv().fs_unlink(path .. "/" .. folder.LOCK)
    sink = assert(folder.open(path))
    local held = sink:read()
    assert.is_true(sink:begin(held, { limit = 1e6, line = function(event) return event.id end }))
    return held
  end

  it("has parts by day and chunk, and a manifest", function()
    local held = new_state()
    add(held, "a", 5)
    add(held, "b", DAY)
    held:advance(TO, TO)
    assert.is_true(sink:commit(held))
    add(held, "c", DAY)
    held:finish(TO, TO)
    assert.is_true(sink:commit(held))
    assert.same({ "dt=1970-01-01/part-000001.jsonl: a ", "dt=1970-01-02/part-000001.jsonl: b ",
      "dt=1970-01-02/part-000002.jsonl: c " }, tree())
    local again = folder.read(path)
    assert.same({ 3, 3, 2, TO - state.LAG }, { again.count, again.parts, again.number, again.position })
    sink:close()
    assert.is_false(files.exists(path .. "/" .. folder.LOCK))
  end)

  it("shows nothing of a chunk that was not committed, and the next run removes it", function()
    local held = new_state()
    add(held, "a", 5)
    assert.is_true(sink:commit(held))
    add(held, "b", 6)
    sink.parts:close()
    files.replace(path .. "/x", "")
    place.write("archive/._cloudaudit.json.tmp", "half")
    assert.same({ "dt=1970-01-01/.part-000002.jsonl.tmp: b ", "dt=1970-01-01/part-000001.jsonl: a " }, tree())
    assert.equal(1, reopen().count)
    assert.same({ "dt=1970-01-01/part-000001.jsonl: a " }, tree())
    assert.is_false(files.exists(path .. "/._cloudaudit.json.tmp"))
  end)

  it("shows a chunk whose manifest is there, though its parts were not renamed", function()
    local held = new_state()
    add(held, "a", 5)
    add(held, "b", DAY)
    local luv = files.luv()
    local original = luv.fs_rename
    luv.fs_rename = function(from, to)
      if to:find("dt=1970-01-02", 1, true) then
        return nil, "EIO: i/o error", "EIO"
      end
      return original(from, to)
    end
    local done = sink:commit(held)
    sink:discard()
    luv.fs_rename = original
    assert.is_nil(done)
    assert.same({ "dt=1970-01-01/part-000001.jsonl: a ", "dt=1970-01-02/.part-000001.jsonl.tmp: b " }, tree())
    assert.equal(2, reopen().count)
    assert.same({ "dt=1970-01-01/part-000001.jsonl: a ", "dt=1970-01-02/part-000001.jsonl: b " }, tree())
  end)

  it("drops a chunk that it cannot write", function()
    local held = new_state()
    add(held, "a", 5)
    local luv = files.luv()
    local original = luv.fs_rename
    luv.fs_rename = function() return nil, "ENOSPC: no space left on device", "ENOSPC" end
    assert.same({ nil, "ENOSPC: no space left on device" }, { sink:commit(held) })
    luv.fs_rename = original
    assert.same({}, tree())
    assert.is_nil(folder.read(path))
  end)

  it("keeps a chunk whose manifest is there, though the folder could not be synced", function()
    local held = new_state()
    add(held, "a", 5)
    local luv = files.luv()
    local original, calls = luv.fs_fsync, 0
    luv.fs_fsync = function(fd)
      calls = calls + 1
      if calls == 4 then -- the part, its folder, the manifest, its folder
        return nil, "EIO: i/o error", "EIO"
      end
      return original(fd)
    end
    assert.same({ nil, "EIO: i/o error: " .. path }, { sink:commit(held) })
    luv.fs_fsync = original
    sink:discard()
    assert.same({ "dt=1970-01-01/.part-000001.jsonl.tmp: a " }, tree())
    assert.equal(1, reopen().count)
    assert.same({ "dt=1970-01-01/part-000001.jsonl: a " }, tree())
  end)

  it("commits nothing when its lock is somebody else's", function()
    local held = new_state()
    add(held, "a", 5)
    place.write("archive/_cloudaudit.lock", "other")
    assert.same({ nil, path .. "/_cloudaudit.lock: another process has taken it" }, { sink:commit(held) })
    assert.is_nil(folder.read(path))
  end)

  it("leaves the files of the process that has taken its lock", function()
    local held, first = new_state(), sink
    add(held, "a", 5)
    files.luv().fs_unlink(path .. "/" .. folder.LOCK)
    sink = assert(folder.open(path))
    assert.is_true(sink:begin(new_state(), { limit = 1e6, line = function(event) return event.id end }))
    local other = new_state()
    add(other, "a", 5)
    assert.is_nil((first:commit(held)))
    assert.is_true(sink:commit(other))
    assert.same({ "dt=1970-01-01/part-000001.jsonl: a " }, tree())
  end)

  it("begins where nothing is, or what a killed run left", function()
    local held = new_state()
    add(held, "a", 5)
    sink.parts:close()
    place.write("archive/._cloudaudit.json.tmp", "half")
    assert.is_true(folder.is_free(path))
    assert.is_true(folder.is_free(place.path .. "/none"))
    place.write("archive/dt=1970-01-01/part-000001.jsonl", "x")
    assert.same({ false, "it is not an export, and dt=1970-01-01/part-000001.jsonl is there" },
      { folder.is_free(path) })
    place.write("archive/diary.txt", "x")
    assert.same({ false, "it is not an export, and diary.txt is there" }, { folder.is_free(path) })
    assert.same({ false, "it is not a folder" }, { folder.is_free(path .. "/diary.txt") })
  end)

  it("is opened by one", function()
    local second, message = folder.open(path)
    assert.is_nil(second)
    assert.truthy(message:find("held by process", 1, true), message)
  end)

  it("says what is wrong with a manifest or a place", function()
    assert.same({ nil, nil }, { folder.read(place.path .. "/none") })
    place.write("archive/_cloudaudit.json", "{")
    assert.same({ nil, path .. "/_cloudaudit.json: it is not JSON" }, { folder.read(path) })
    assert.truthy(select(2, folder.open(place.path .. "/none/deep")):find("^ENOENT: "))
    place.write("file", "x")
    assert.truthy(select(2, folder.open(place.path .. "/file")):find("^ENOTDIR: "))
  end)
end)
