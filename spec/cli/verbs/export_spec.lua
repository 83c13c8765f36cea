-- cloudaudit export as a process against a served emulator. The numbers in parentheses are those of the tests in the
-- command's specification.
local audit_log = require "support.audit_log"
local command = require "support.command"
local core = require "cloudaudit.core"
local emulator = require "support.emulator"
local exported = require "support.exported"
local folder = require "support.folder"

local WHOLE = (os.getenv("CLOUDAUDIT_BUILD") or "5.4") == "5.4"
local NOW = os.time()
local DAY = 86400

describe("cloudaudit export", function()
  local served, env, log, place

  setup(function()
    served = emulator.start{ "--rate", "0", "--no-record" }
    env = command.env(served)
    local count = WHOLE and 400 or 150
    log = audit_log.fill(served, count, NOW - 100, 100, 12) -- over three windows of the service
  end)

  teardown(function()
    served:stop()
  end)

  before_each(function()
    place = folder.new()
  end)

  after_each(function()
    place.remove()
  end)

  local function run(name, words, options)
    options = options or {}
    options.env = options.env or env
    return command.run({ "export", place.path .. "/" .. name, (table.unpack or unpack)(words or {}) }, options)
  end

  local function export(name, ...)
    local result = run(name, { ... })
    assert.same({ 0, "", "" }, { result.status, result.out, result.err })
    return exported.ids(place.path .. "/" .. name)
  end

  -- The ids of the log, sorted.
  local function expected(test)
    local list = {}
    for id in audit_log.ids(log, test):gmatch("%S+") do
      list[#list + 1] = id
    end
    table.sort(list)
    return list
  end

  it("keeps every event once, in daily parts that gzip reads", function()
    assert.same(expected(), export("a", "--since", "80d"))
    local days = {}
    for _, row in ipairs(exported.rows(place.path .. "/a")) do
      assert.equal(row.time_iso:sub(1, 10), row.day)
      days[row.day] = true
      assert.equal(row.id, core.decode(row.raw).eventID)
    end
    assert.is_true(next(days, next(days)) ~= nil)
    assert.same({}, exported.leftovers(place.path .. "/a"))
    assert.same(expected(), export("b", "--since", "80d", "--no-gzip", "--part-size", "0.02", "--parallel", "4"))
  end)

  it("goes on where it was, and finds late events once (18)", function()
    assert.same(expected(function(e) return e.EventTime <= NOW - 40000 end),
      export("a", "--since", "80d", "--until", tostring(NOW - 40000)))
    assert.same(expected(), export("a", "--since", "80d"))
    local late = audit_log.event(9001, NOW - 600)
    served:admin("events", { events = { late } })
    log[#log + 1] = late
    assert.same(expected(), export("a"))
    assert.same(expected(), export("a"))
  end)

  it("merges the queries of a resource, in small chunks and runs", function()
    for name, id in pairs{ name = "res-3", id = "rid-4" } do
      local words = { "--since", "80d", "--resource", id, "--part-size", "0.0001" }
      assert.equal(0, run(name, { "--since", "80d", "--resource", id, "--until", tostring(NOW - 40 * DAY) }).status)
      assert.equal(0, run(name, { "--since", "80d", "--resource", id, "--max", "5" }).status)
      assert.equal(0, run(name, words).status)
      assert.same(expected(function(e) return e.ResourceName == id or e.ResourceId == id end),
        exported.ids(place.path .. "/" .. name))
    end
  end)

  it("counts --max without what is there already", function()
    for count = 1, 3 do
      assert.equal(7 * count, #export("a", "--since", "80d", "--max", "7"))
    end
  end)

  it("applies filters, and refuses others on the same export (21)", function()
    local function test(event)
      return event.ActionType == "Write" and event.Username == "ann"
    end
    assert.same(expected(test), export("a", "--since", "75d", "--write", "--user", "ann"))
    local before = exported.digest(place.path .. "/a")
    local cases = {
      { { "--write" }, "was begun with the options --write --user=ann --format=jsonl, now they are --write "
        .. "--format=jsonl" },
      { { "--write", "--user", "ann", "--no-gzip" }, "now they are --write --user=ann --format=jsonl --no-gzip" },
      { { "--write", "--user", "ann", "--no-redact" }, "now they are --write --user=ann --format=jsonl --no-redact" },
      { { "--write", "--user", "ann", "--format", "ocsf" }, "now they are --write --user=ann --format=ocsf" },
      { { "--write", "--user", "ann", "--since", "80d" }, "which is later than" },
      { { "--write", "--user", "ann", "--fresh" }, "--fresh: " .. place.path .. "/a is an export already" },
    }
    for _, case in ipairs(cases) do
      local requests = #served:journal()
      local result = run("a", case[1])
      assert.equal(2, result.status, result.err)
      assert.truthy(result.err:find(case[2], 1, true), result.err)
      assert.equal(requests, #served:journal())
    end
    assert.equal(before, exported.digest(place.path .. "/a"))
    assert.same(expected(test), export("a", "--user", "ann", "--write"))
  end)

  it("takes other options when the first run failed before it had an event", function()
    for _, name in ipairs{ "a", "a.db" } do
      served:fault{ action = "DescribeEvents", times = "always", kind = "error",
        code = "UnauthorizedOperation.CamNoAuth" }
      assert.equal(3, run(name, { "--since", "80d", "--read" }).status)
      served:clear_faults()
      assert.equal(2, run(name, {}).status)
      assert.same(expected(function(e) return e.ActionType == "Write" end), export(name, "--since", "80d", "--write"))
      assert.equal(2, run(name, { "--since", "80d", "--read" }).status)
    end
  end)

  it("needs a beginning, and an empty place", function()
    local result = run("none")
    assert.same({ 2, "cloudaudit: --since: needed for the first export to " .. place.path
      .. "/none\n  hint: such as --since 90d\n" }, { result.status, result.err })
    assert.is_nil(io.open(place.path .. "/none"))
    result = command.run({ "export", "", "--since", "1d" }, { env = env })
    assert.same({ 2, "cloudaudit: DIR|FILE.db: the name of a folder or a file expected\n" },
      { result.status, result.err })
    place.write("other/diary.txt", "x")
    result = run("other", { "--since", "1d", "--fresh" })
    assert.same({ 2, "cloudaudit: " .. place.path .. "/other: it is not an export, and diary.txt is there\n"
      .. "  hint: export to an empty place\n" }, { result.status, result.err })
    result = run("other/diary.txt", { "--since", "1d" })
    assert.same({ 2, "cloudaudit: " .. place.path .. "/other/diary.txt: it is not a folder\n"
      .. "  hint: export to an empty place\n" }, { result.status, result.err })
    place.write("other.db/diary.txt", "x")
    result = run("other.db", { "--since", "1d" })
    assert.same({ 2, "cloudaudit: " .. place.path .. "/other.db: it is not a database of an export\n"
      .. "  hint: export to an empty place\n" }, { result.status, result.err })
    assert.same(expected(function(e) return e.EventTime >= NOW - DAY end), export("new", "--since", tostring(NOW - DAY),
      "--fresh"))
    result = run("old", { "--since", "91d" })
    assert.equal(2, result.status)
    assert.truthy(result.err:find("the earliest is --since ", 1, true), result.err)
  end)

  it("names the stretch that is lost after 90 days, and goes on with --accept-gap only", function()
    export("a", "--since", tostring(NOW - 80 * DAY), "--until", tostring(NOW - 79 * DAY))
    exported.change_state(place.path .. "/a", function(held)
      held.since, held.position = NOW - 100 * DAY, NOW - 95 * DAY
    end)
    local result = run("a", { "--since", tostring(NOW - 100 * DAY) })
    assert.equal(2, result.status)
    assert.truthy(result.err:find("events from " .. os.date("!%Y-%m-%dT%H:%M:%S", NOW - 95 * DAY), 1, true), result.err)
    assert.truthy(result.err:find("are lost: they are older than 90 days\n  hint: --accept-gap", 1, true), result.err)
    result = run("a", { "--accept-gap" })
    assert.equal(0, result.status, result.err)
    assert.truthy(result.err:find("^note: events from [^\n]* are lost[^\n]*\n$"), result.err)
    assert.same(expected(), exported.ids(place.path .. "/a"))
  end)

  it("is the only writer, and takes over from a dead one (17)", function()
    place.write("a/_cloudaudit.lock", core.encode{ pid = served.pid, host = require("luv").os_gethostname(),
      name = "1-1" })
    local result = run("a", { "--since", "80d" })
    assert.equal(8, result.status)
    assert.equal(("cloudaudit: %s/a/_cloudaudit.lock: held by process %d on %s\n"):format(place.path, served.pid,
      require("luv").os_gethostname()), result.err)
    place.write("a/_cloudaudit.lock", core.encode{ pid = served.pid, started = "1",
      host = require("luv").os_gethostname(), name = "1-1" })
    assert.same(expected(), export("a", "--since", "80d"))
  end)

  it("keeps what was read when a page fails for good, and goes on from there", function()
    for name, fault in pairs{ a = { kind = "error", code = "UnauthorizedOperation.CamNoAuth" },
      ["b.db"] = { kind = "throttle" } } do
      fault.action, fault.after, fault.times = "DescribeEvents", WHOLE and 6 or 3, "always"
      served:fault(fault)
      local result = run(name, { "--since", "80d", "--patience", "0.1", "--call-timeout", "1" })
      served:clear_faults()
      assert.equal(name == "a" and 3 or 5, result.status, result.err)
      local kept = #exported.ids(place.path .. "/" .. name)
      assert.equal(kept, tonumber((result.err:match("stopped after ([%d ]+) events"):gsub(" ", ""))))
      assert.is_true(kept > 0 and kept < #log)
      assert.same(expected(), export(name))
    end
  end)

  it("keeps odd records, byte for byte where they are text (7)", function()
    local own, odd = emulator.start{ "--rate", "0", "--no-record" }, { "", "{", "null", "[1,2", '{"a":"</script>"}',
      '{"n":9007199254740993,"t":"\\u0000\\u001b[31m"}', "tab\tquote\" 'single' \\ backslash\nline", "审计 😀 \127",
      '{"long":"' .. ("x"):rep(2 ^ 20) .. '"}' }
    local events = {}
    for index, raw in ipairs(odd) do
      events[index] = { EventId = "e" .. index, EventTime = NOW - 500 - index, CloudAuditEvent = raw }
    end
    own:admin("events", { events = events })
    for _, name in ipairs{ "a", "a.db" } do
      local result = run(name, { "--since", "1d" }, { env = command.env(own) })
      assert.same({ 0, "" }, { result.status, result.err })
      local found = {}
      for _, row in ipairs(exported.rows(place.path .. "/" .. name)) do
        found[tonumber(row.id:sub(2))] = row.raw
      end
      assert.same(odd, found)
    end
    local printed = command.run({ "events", "--since", "1d", "-o", "jsonl" }, { env = command.env(own) }).out
    assert.equal(printed, command.run{ "events", "--from", place.path .. "/a" }.out)
    assert.equal(printed, command.run{ "events", "--from", place.path .. "/a.db" }.out)
    own:stop()
  end)

  it("leaves no secret in an exported byte, but the key ids (22)", function()
    local secret = "Canary7secret7canary7secret7xx"
    local own = emulator.start{ "--rate", "0", "--no-record" }
    own:admin("events", { events = { { EventId = "a", EventTime = NOW - 500, SecretId = "AKIDcanarykey000001",
      RequestParameters = ('{"Password":"%s","x":{"token":"%s"}}'):format(secret, secret),
      ResponseElements = ('{"SecretKey":"%s"}'):format(secret) } } })
    for _, name in ipairs{ "a", "b" } do
      local given = { "--since", "1d", "--no-gzip", name == "b" and "--no-redact" or nil }
      local result = run(name, given, { env = command.env(own) })
      assert.same({ 0, "" }, { result.status, result.err })
      local bytes = exported.bytes(place.path .. "/" .. name)
      assert.equal(name == "b", bytes:find(secret, 1, true) ~= nil)
      assert.truthy(bytes:find("AKIDcanarykey000001", 1, true))
      for path, mode in pairs(exported.modes(place.path .. "/" .. name)) do
        assert.equal(name == "b" and "600" or "644", mode, path)
      end
      -- What is read from it is redacted too.
      for _, more in ipairs{ false, "--no-redact" } do
        result = command.run({ "events", "--from", place.path .. "/" .. name, more or nil })
        assert.equal(name == "b" and more ~= false, result.out:find(secret, 1, true) ~= nil)
        assert.equal(0, result.status)
      end
    end
    own:stop()
  end)

  it("writes OCSF, as the other verbs print it, with the record", function()
    local result = run("a", { "--since", "80d", "--format", "ocsf", "--no-gzip" })
    assert.same({ 0, "" }, { result.status, result.err })
    local objects, ids = exported.rows(place.path .. "/a"), {}
    for index, object in ipairs(objects) do
      ids[index] = object.metadata.uid
      assert.equal(6003, object.class_uid)
      assert.equal(object.metadata.uid, core.decode(object.raw_data).eventID)
    end
    table.sort(ids)
    assert.same(expected(), ids)
    for _, words in ipairs{ { "events", "--since", "80d" }, { "who", "--all", "res-3", "--since", "80d" },
      { "tail", "--since", "1h", "--max", "1" } } do
      words[#words + 1] = "-o"
      words[#words + 1] = "ocsf"
      result = command.run(words, { env = env })
      assert.equal(0, result.status, result.err)
      local lines = command.lines(result.out)
      assert.is_true(#lines >= 1)
      assert.truthy(lines[1]:find('^{"activity_id":'))
      assert.is_nil(result.out:find('"raw_data"', 1, true))
    end
    result = command.run{ "events", "--from", place.path .. "/a" }
    assert.equal(2, result.status)
    assert.truthy(result.err:find(": it is OCSF, which has no rows", 1, true), result.err)
  end)

  it("dies of SIGINT, and the next run leaves no stray file (11)", function()
    served:fault{ action = "DescribeEvents", after = 3, times = "always", kind = "delay", seconds = 2 }
    local result = run("a", { "--since", "80d", "--part-size", "0.001" }, { interrupt = 0.3 })
    served:clear_faults()
    assert.same({ 2, "" }, { result.signal, result.err })
    assert.is_true(result.stopped < 1, result.stopped)
    assert.same(expected(), export("a", "--since", "80d"))
    assert.same({}, exported.leftovers(place.path .. "/a"))
  end)

  it("tells at the end what it did, on a terminal", function()
    local result = command.on_terminal({ "export", place.path .. "/a", "--since", "80d", "--utc" }, 100, { env = env })
    assert.truthy(result.out:find(("%d events in %d files; 20"):format(#log, #exported.names(place.path .. "/a")), 1,
      true), result.out)
    result = command.on_terminal({ "export", place.path .. "/a", "--utc" }, 100, { env = env })
    assert.truthy(result.out:find("0 events in 0 files; 20", 1, true), result.out)
  end)

  it("names the packages that it needs (38)", function()
    local function without(module, words, whole)
      local hidden = place.write("hidden/" .. module:gsub("%.", "/") .. ".lua", "error('hidden')")
      assert.truthy(hidden)
      local options = { env = command.env(served, { LUA_PATH = place.path .. "/hidden/?.lua;" .. os.getenv("LUA_PATH"),
        LUA_PATH_5_4 = "", LUA_PATH_5_3 = "" }) }
      return whole and command.run(words, options) or not whole and run("x", words, options)
    end
    local result = without("luv", { "--since", "1d" })
    assert.same({ 2, "cloudaudit export: needs the Lua module luv (Debian: lua-luv, LuaRocks: luv)\n" },
      { result.status, result.err })
    os.remove(place.path .. "/hidden/luv.lua")
    result = without("zlib", { "--since", "1d" })
    assert.same({ 2, "cloudaudit export: needs the Lua module zlib (Debian: lua-zlib, LuaRocks: lua-zlib)\n" },
      { result.status, result.err })
    assert.equal(0, without("zlib", { "--since", "1d", "--no-gzip" }).status)
    os.remove(place.path .. "/hidden/zlib.lua")
    local needs = "needs the Lua module luasql.sqlite3 (Debian: lua-sql-sqlite3, LuaRocks: luasql-sqlite3)\n"
    place.write("y.db", "SQLite format 3\0")
    for _, words in ipairs{ { "export", place.path .. "/x.db", "--since", "1d" },
      { "events", "--from", place.path .. "/y.db" } } do
      result = without("luasql.sqlite3", words, true)
      assert.same({ 2, ("cloudaudit %s: %s"):format(words[1], needs) }, { result.status, result.err })
    end
  end)
end)
