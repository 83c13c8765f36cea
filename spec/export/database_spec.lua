local database = require "cloudaudit.export.database"
local events = require "cloudaudit.events.event"
local files = require "cloudaudit.export.files"
local folder = require "support.folder"
local state = require "cloudaudit.export.state"

local TO = 1e6

describe("cloudaudit.export.database", function()
  local place, path, sink, held

  local function new_state()
    return state.new{ since = 0, filter = "", format = "jsonl", gzip = true, redacted = true }
  end

  before_each(function()
    place = folder.new()
    path = place.path .. "/audit.db"
    sink = assert(database.open(path))
    held = new_state()
    assert.is_true(sink:begin(held))
  end)

  after_each(function()
    sink:close()
    place.remove()
  end)

  local function sqlite3(sql)
    local pipe = io.popen(("env -u LD_PRELOAD sqlite3 -bail %s %q"):format(path, sql))
    local text = pipe:read("*a")
    pipe:close()
    return text
  end

  local function add(fields)
    local event = events.new(fields)
    if held:take(event, TO) then
      assert.is_true(sink:add(held, event))
    end
  end

  it("holds rows and the state after them", function()
    for index = 1, 120 do
      add{ id = "id" .. index, time = index, user = "o'hara", raw = "{}" }
    end
    assert.equal("0\n", sqlite3("select count(*) from events"))
    held:advance(TO, TO)
    assert.is_true(sink:commit(held))
    assert.equal("120|1|120|o'hara\n", sqlite3("select count(*), min(time), max(time), min(user) from events"))
    local again = database.read(path)
    assert.same({ 120, 120 }, { again.count, again.position })
    assert.equal("ok\n", sqlite3("pragma integrity_check"))
    assert.equal("1\n", sqlite3("pragma user_version"))
    assert.equal("wal\n", sqlite3("pragma journal_mode"))
    assert.equal("events_access_key_id events_name events_resource events_source_ip events_time events_user",
      (sqlite3("select name from sqlite_master where type = 'index' and sql is not null order by name")
        :gsub("\n", " "):gsub(" $", "")))
    sink:close()
    assert.same({ "audit.db" }, files.list(place.path))
  end)

  it("has text as text, exactly, and numbers and booleans as integers", function()
    local raw = '{"userIdentity":{"sessionContext":{"mfa":1}},"sensitiveAction":"0","n":9007199254740993}'
    add{ id = "a'\"\\", time = 4102444800, location = "审计\n\t'x' -- ;", raw = raw }
    add{ id = "nul", time = 7, user_agent = "x", location = "a\0b'\n", raw = "a\0" }
    assert.is_true(sink:commit(held))
    assert.equal(("a'\"\\|%s|4102444800|integer|1|0|null|审计\n\t'x' -- ;\n"):format(raw), sqlite3(
      "select id, raw, time, typeof(time), mfa, sensitive, typeof(user), location from events where id <> 'nul'"))
    assert.equal("610062270A|5|text|6100\n", sqlite3(
      "select hex(location), length(cast(location as blob)), typeof(location), hex(raw) from events where id = 'nul'"))
  end)

  it("has an id once, and all events without one", function()
    add{ id = "a", time = 1 }
    held.known = {}
    add{ id = "a", time = 1 }
    add{ time = 2, name = "b" }
    add{ time = 2, name = "c" }
    add{ time = 2, name = "c" }
    assert.is_true(sink:commit(held))
    assert.equal("3\n", sqlite3("select count(*) from events"))
  end)

  it("shows nothing of a transaction that was not committed", function()
    add{ id = "a", time = 1 }
    assert.is_true(sink:commit(held))
    for index = 1, 60 do
      add{ id = "b" .. index, time = 2 }
    end
    sink:discard()
    assert.equal("1\n", sqlite3("select count(*) from events"))
    add{ id = "c", time = 3 }
    sink:close()
    assert.equal("1\n", sqlite3("select count(*) from events"))
    assert.equal(1, database.read(path).count)
  end)

  it("is full after a thousand rows", function()
    for index = 1, 1000 do
      assert.is_false(sink:is_full())
      add{ id = "id" .. index, time = index }
    end
    assert.is_true(sink:is_full())
    assert.is_true(sink:commit(held))
    assert.is_false(sink:is_full())
  end)

  it("begins where no file is, and knows what is not an export", function()
    assert.is_false((database.is_free(path)))
    assert.is_true((database.is_free(place.path .. "/new.db")))
    local pipe = place.path .. "/pipe.db"
    os.execute("LD_PRELOAD= mkfifo " .. pipe)
    assert.is_nil((database.read(pipe))) -- without waiting for a writer
    assert.is_false((database.is_free(pipe)))
    assert.is_true((database.is_free(place.write("empty.db", ""))))
    assert.same({ nil, nil }, { database.read(place.path .. "/new.db") })
    -- What a run leaves that is killed before it has made the tables.
    os.execute(("env -u LD_PRELOAD sqlite3 %s/bare.db 'pragma journal_mode = wal' >/dev/null"):format(place.path))
    assert.same({ nil, nil }, { database.read(place.path .. "/bare.db") })
    assert.is_true((database.is_free(place.path .. "/bare.db")))
    local text = place.write("text.db", ("no database "):rep(20))
    assert.same({ nil, nil }, { database.read(text) })
    assert.same({ false, "it is not a database of an export" }, { database.is_free(text) })
    assert.same({ nil, nil }, { database.read(place.path) })
    assert.is_false((database.is_free(place.path)))
    assert.equal(0, database.read(path).count)
    sqlite3("create table x(y)")
    sqlite3("update export_state set value = '{'")
    assert.same({ nil, path .. ": export_state: it is not JSON" }, { database.read(path) })
  end)

  it("is opened by one, and commits nothing when its lock is lost", function()
    local second, message = database.open(path)
    assert.is_nil(second)
    assert.truthy(message:find("audit.db.lock: held by process", 1, true), message)
    add{ id = "a", time = 1 }
    place.write("audit.db.lock", "other")
    assert.same({ nil, path .. ".lock: another process has taken it" }, { sink:commit(held) })
    os.remove(path .. ".lock")
  end)

  it("says what cannot be written", function()
    local other = assert(database.open(place.path .. "/folder.db"))
    assert.is_true(files.make_folder(place.path .. "/folder.db"))
    local done, problem = other:begin(new_state())
    other:close()
    assert.is_nil(done)
    assert.truthy(problem:find("^" .. place.path .. "/folder%.db: unable to open database file"), problem)
    assert.truthy(select(2, database.open(place.path .. "/none/a.db")):find("^ENOENT: "))
  end)

  it("is for its owner alone when it holds secrets", function()
    local other = assert(database.open(place.path .. "/secret.db"))
    local secret = new_state()
    secret.redacted = false
    assert.is_true(other:begin(secret))
    assert.is_true(other:commit(secret))
    for _, name in ipairs(files.list(place.path)) do
      if name:find("^secret%.db") and not name:find("lock$") then
        assert.equal(384, files.luv().fs_stat(place.path .. "/" .. name).mode % 512, name)
      end
    end
    other:close()
  end)
end)
