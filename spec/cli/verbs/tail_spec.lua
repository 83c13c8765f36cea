-- Numbers in parentheses are those of the tests in the command's specification.
local command = require "support.command"
local emulator = require "support.emulator"
local core = require "cloudaudit.core"
local folder = require "support.folder"
local luv = require "luv"

local WHOLE = (os.getenv("CLOUDAUDIT_BUILD") or "5.4") == "5.4"

local UNWRITABLE = { [">/dev/full"] = "No space left on device", [">&-"] = "Bad file descriptor" }

describe("cloudaudit tail", function()
  local served, env, place

  before_each(function()
    served, place = emulator.start{ "--rate", "0" }, folder.new()
    env = command.env(served)
  end)

  after_each(function()
    served:stop()
    place.remove()
  end)

  local function add(id, ago, more)
    local event = { EventId = id, EventTime = os.time() - (ago or 0), ResourceType = "cos", EventName = "PutBucket",
      Username = "ann", ResourceName = "logs" }
    for name, value in pairs(more or {}) do
      event[name] = value
    end
    served:admin("events", event)
    return core.time()
  end

  -- Calls fn after seconds, while a command runs.
  local function later(seconds, fn)
    return function()
      local timer = luv.new_timer()
      timer:start(math.floor(seconds * 1000), 0, function()
        timer:close()
        fn()
      end)
    end
  end

  local function run(words, options)
    local given = { "tail", "--product", "cos", "--interval", "0.2" }
    for _, word in ipairs(words) do
      given[#given + 1] = word
    end
    options = options or {}
    options.env = env
    return command.run(given, options)
  end

  local function ids(text)
    local list = {}
    for id in text:gmatch('{"id":"([^"]*)"') do
      list[#list + 1] = id
    end
    return table.concat(list, " ")
  end

  it("hands a line to its reader within a second (12)", function()
    local shown = {}
    local result = run({ "--max", "3", "--timeout", "8" }, {
      after = "| while read -r line; do echo \"$(date +%s.%N) $line\"; done",
      on_start = function()
        for index = 1, 3 do
          later(0.7 + index * 0.4, function()
            shown[index] = add("id-" .. index)
          end)()
        end
      end })
    assert.equal(3, #command.lines(result.out))
    for index, line in ipairs(command.lines(result.out)) do
      local time, id = line:match('^([%d.]+) {"id":"([^"]*)"')
      assert.equal("id-" .. index, id)
      assert.is_true(tonumber(time) - shown[index] < 1, time)
    end
  end)

  it("starts now, or at --since, oldest first", function()
    add("old", 3000)
    add("new", 1000)
    assert.equal("", run({ "--timeout", "0.5" }).out)
    assert.equal("old new", ids(run({ "--since", "1h", "--timeout", "0.5" }).out))
    assert.equal("new", ids(run({ "--since", "30m", "--timeout", "0.5" }).out))
  end)

  it("ends with 4 when --timeout comes before --max, otherwise with 0", function()
    add("one", 60)
    assert.equal(4, run({ "--since", "1h", "--max", "2", "--timeout", "0.5" }).status)
    assert.equal(0, run({ "--since", "1h", "--max", "1", "--timeout", "5" }).status)
    assert.equal(0, run({ "--since", "1h", "--timeout", "0.5" }).status)
  end)

  it("merges the queries of --resource, each event once", function()
    add("a", 30, { ResourceId = "logs" })
    add("b", 20, { ResourceName = "else", ResourceId = "logs" })
    add("c", 10)
    assert.equal("a b c", ids(run({ "--since", "1h", "--resource", "logs", "--timeout", "0.5" }).out))
  end)

  it("waits out throttling and network trouble, with a note; 3 ends it", function()
    add("one", 60)
    for _, kind in ipairs{ "throttle", "cut_before" } do
      served:fault{ kind = kind, action = "DescribeEvents", times = "always" }
      local result = run({ "--since", "1h", "--max", "1", "--timeout", "20", "--call-timeout", "0.4" },
        { on_start = later(1.2, function()
          served:clear_faults()
        end) })
      assert.same({ 0, "one" }, { result.status, ids(result.out) }, result.err)
      assert.truthy(result.err:find("^note: [^\n]*; waiting\n"), result.err)
    end
    served:fault{ kind = "error", code = "UnauthorizedOperation", action = "DescribeEvents" }
    assert.equal(3, run({ "--since", "1h" }).status)
  end)

  it("prints CSV, with one head", function()
    add("one", 60)
    add("two", 50)
    local lines = command.lines(run({ "--since", "1h", "--max", "2", "-o", "csv", "--columns", "id,name" }).out)
    assert.same({ "id,name", "one,PutBucket", "two,PutBucket" }, lines)
  end)

  it("refuses --until and json, before anything is sent", function()
    assert.equal(2, run({ "--until", "1h" }).status)
    assert.equal(2, run({ "-o", "json" }).status)
    assert.equal(2, run({ "--lag", "-5" }).status)
    assert.same({}, served:journal())
  end)

  it("prints lines that jq reads, with -v and --progress too (13)", function()
    add("one", 60)
    local result = run({ "--since", "1h", "--timeout", "0.5", "-o", "jsonl", "-v", "--progress" },
      { after = "| jq -r .id" })
    assert.equal("one\n", result.out)
  end)

  it("marks an event that appears late on a terminal, not those of the past (14)", function()
    add("past", 3000)
    local given = { "tail", "--product", "cos", "--interval", "0.3", "--since", "1h", "--timeout", "2" }
    for _, columns in ipairs(WHOLE and { 40, 200 } or { 80 }) do
      local result = command.on_terminal(given, columns, { env = env, on_start = later(1, function()
        add("late-" .. columns, 430, { ResourceName = "日志存储桶" })
        add("fresh-" .. columns, 5)
      end) })
      assert.equal(1, select(2, result.out:gsub("late 7m", "")), result.out)
      for _, line in ipairs(command.lines(result.out)) do
        assert.is_true(require("cloudaudit.cli.width").of((line:gsub("\27%[[%d;]*[mK]", ""))) <= columns, line)
      end
    end
    assert.is_nil(run({ "--since", "1h", "--timeout", "1", "-o", "table" }, { on_start = later(0.5, function()
      add("late", 430)
    end) }).out:find("late 7m", 1, true))
  end)

  it("dies by SIGINT within a second, with what was printed (11)", function()
    add("one", 60)
    local path = place.path .. "/tail.json"
    for moment = 1, WHOLE and 6 or 2 do
      local given = { "tail", "--product", "cos", "--since", "1h", "--checkpoint", path }
      local result = command.run(given, { env = env, interrupt = moment * 0.12 })
      assert.same({ 2, "" }, { result.signal, result.err })
      assert.is_true(result.stopped < 1, result.stopped)
      assert.truthy(result.out == "" or result.out:find("\n$"))
    end
    run({ "--checkpoint", path, "--timeout", "0.3" })
    local files = command.shell("ls -A " .. command.quote(place.path)).out
    assert.equal("tail.json\n", files)
  end)

  it("ends silently when its reader has enough, and with 8 when it cannot write (9, 10)", function()
    for index = 1, 5 do
      add("id-" .. index, 60)
    end
    -- Its own reads are events too, so that it goes on printing.
    local line = ("{ %s; echo $? >&3; } 3>&2 | head -1"):format(
      command.line{ "tail", "--since", "1h", "--interval", "0.1", "--timeout", "9" })
    assert.equal("141\n", command.shell(line, { env = env }).err)
    for _, words in ipairs{ { "tail", "--since", "1h", "--timeout", "1" }, { "tracks", "list", "-o", "json" },
      { "doctor" }, { "call", "ListAudits" }, { "call", "--list" }, { "completion", "bash" }, { "tracks", "--help" },
      { "tail", "--help" }, { "tracks", "plan", "--help" } } do
      for redirection, message in pairs(UNWRITABLE) do
        local result = command.run(words, { env = env, after = redirection })
        assert.same({ 8, "cloudaudit: standard output: " .. message .. "\n" }, { result.status, result.err },
          table.concat(words, " "))
      end
    end
  end)

  it("resumes from --checkpoint: each event once, also with --max", function()
    local path, found = place.path .. "/tail.json", {}
    for index = 1, 5 do
      add("id-" .. index, 100 - index)
    end
    for _ = 1, 5 do
      found[#found + 1] = ids(run({ "--since", "1h", "--max", "1", "--timeout", "3", "--checkpoint", path }).out)
    end
    assert.equal("id-1 id-2 id-3 id-4 id-5", table.concat(found, " "))
    add("id-6", 120)
    assert.equal("id-6", ids(run({ "--timeout", "0.5", "--checkpoint", path }).out))
    local result = run({ "--resource", "logs", "--checkpoint", path })
    assert.same({ 2, true }, { result.status, result.err:find("belongs to another filter", 1, true) ~= nil })
    assert.equal(8, run({ "--checkpoint", place.path .. "/none/tail.json" }).status)
  end)

  it("runs --exec one at a time, and stops after three failures; nothing is skipped", function()
    local path, seen = place.path .. "/tail.json", place.path .. "/seen"
    for index = 1, 4 do
      add("id-" .. index, 100 - index)
    end
    local good = "jq -r .id >>" .. seen .. "; echo to-standard-output"
    local bad = 'echo "try $CLOUDAUDIT_ID" >>' .. seen .. '; [ "$CLOUDAUDIT_ID" != id-3 ]'
    local result = run({ "--since", "1h", "--checkpoint", path, "--exec", bad })
    assert.equal(1, result.status)
    assert.truthy(result.err:find("--exec: failed 3 times for the event id-3", 1, true), result.err)
    result = run({ "--since", "1h", "--checkpoint", path, "--timeout", "1", "--exec", good })
    assert.equal(0, result.status)
    assert.is_nil(result.out:find("to-standard-output", 1, true))
    local file = assert(io.open(seen))
    assert.equal("try id-1\ntry id-2\ntry id-3\ntry id-3\ntry id-3\nid-3\nid-4\n", file:read("*a"))
    file:close()
  end)

  it("works without luv, as do the other verbs; without argparse each says so (38)", function()
    add("one", 60)
    env.LUA_INIT = "package.preload.luv = function() error('hidden') end"
    assert.equal("one", ids(run({ "--since", "1h", "--timeout", "0.3", "--checkpoint", place.path .. "/c.json" }).out))
    for _, words in ipairs{ { "tracks", "list" }, { "call", "ListAudits" }, { "completion", "bash" } } do
      assert.equal(0, command.run(words, { env = env }).status)
    end
    env.LUA_INIT = "package.preload.argparse = function() error('hidden') end"
    for _, verb in ipairs{ "tail", "tracks list", "doctor", "call", "completion" } do
      local words = {}
      for word in verb:gmatch("%S+") do
        words[#words + 1] = word
      end
      if verb == "completion" then
        words[2] = "bash"
      end
      local result = command.run(words, { env = env })
      assert.same({ 2, ("cloudaudit %s: needs the Lua module argparse (Debian: lua-argparse, LuaRocks: argparse)\n")
        :format(verb) }, { result.status, result.err })
    end
  end)
end)
