-- cloudaudit events when something goes wrong: pages that fail, records that are broken, output that cannot be written,
-- signals. Numbers in parentheses are those of the tests in the command's specification.
local audit_log = require "support.audit_log"
local command = require "support.command"
local emulator = require "support.emulator"
local folder = require "support.folder"

local WHOLE = (os.getenv("CLOUDAUDIT_BUILD") or "5.4") == "5.4"
local NOW = os.time()
local DAY = 86400

describe("cloudaudit events", function()
  local served, env

  local function given(...)
    return { "events", "--since", tostring(NOW - DAY), "--until", tostring(NOW - 60), ... }
  end

  local function run(words, options)
    options = options or {}
    options.env = options.env or env
    return command.run(words, options)
  end

  setup(function()
    served = emulator.start{ "--rate", "0" }
    env = command.env(served)
    audit_log.fill(served, WHOLE and 700 or 120, NOW - 3600, 60)
  end)

  teardown(function()
    served:stop()
  end)

  -- The command with a fault from the page `after` on. The status, the lines printed, and what stderr says.
  local function with_fault(after, fault, more)
    fault.action, fault.after, fault.times = "DescribeEvents", after, "always"
    served:fault(fault)
    local result = run(given((table.unpack or unpack)(more or {})))
    served:clear_faults()
    return result
  end

  it("stops when a page fails for good, and says where (4)", function()
    local before = #served:journal("DescribeEvents")
    local all = run(given()).out
    local pages = #served:journal("DescribeEvents") - before
    assert.is_true(pages >= 3)
    for page = 0, pages - 1, WHOLE and 2 or 1 do
      local result = with_fault(page, { kind = "error", code = "UnauthorizedOperation.CamNoAuth" })
      assert.equal(3, result.status, result.err)
      assert.equal(result.out, all:sub(1, #result.out))
      assert.truthy(result.out == "" or result.out:find("}\n$"))
      local count = select(2, result.out:gsub("\n", ""))
      local shown = result.err:match("stopped after ([%d ]+) events")
      assert.equal(count, tonumber((shown:gsub(" ", ""))))
      assert.equal(count > 0, result.err:find(" events at 20%d%d%-%d%d%-%d%dT") ~= nil)
      assert.truthy(result.err:find("^cloudaudit: DescribeEvents: .*%(UnauthorizedOperation%.CamNoAuth, RequestId "
        .. "[%x-]+%); stopped"), result.err)
    end
  end)

  it("exits by the kind of the failure (4)", function()
    local cases = {
      { 1, { kind = "error", code = "InternalError" } }, { 1, { kind = "status", status = 200, body = "{}" } },
      { 3, { kind = "error", code = "AuthFailure.SecretIdNotFound" } }, { 6, { kind = "cut_before" } },
      { 5, { kind = "throttle" } },
    }
    for _, case in ipairs(cases) do
      local result = with_fault(1, case[2], { "--patience", "0.2", "--call-timeout", "1" })
      assert.equal(case[1], result.status, result.err)
      assert.truthy(result.err:find("; the rest was not read", 1, true), result.err)
    end
    local result = run({ "events", "--call-timeout", "1" },
      { env = command.env(served, { CLOUDAUDIT_ENDPOINT = "http://127.0.0.1:1" }) })
    assert.equal(6, result.status)
    result = run({ "events" }, { env = command.env(served, { TENCENTCLOUD_SECRET_KEY = "wrong" }) })
    assert.equal(3, result.status)
  end)

  it("leaves a JSON array open when it stops (4)", function()
    local result = with_fault(2, { kind = "error", code = "InternalError" }, { "-o", "json", "--call-timeout", "1" })
    local parsed = command.shell("printf %s " .. command.quote(result.out) .. " | jq . >/dev/null 2>&1; echo $?")
    assert.equal(1, result.status)
    assert.is_true(result.out == "" or parsed.out ~= "0\n")
  end)

  it("waits out throttling, with one note", function()
    -- A wait that the deadline of the call does not allow.
    served:fault{ kind = "response", action = "DescribeEvents", after = 1, times = 2, status = 200, effect = false,
      headers = { ["Retry-After"] = "2" },
      body = '{"Response":{"Error":{"Code":"RequestLimitExceeded","Message":"slower"},"RequestId":"r"}}' }
    local result = run(given("--max", "60", "--call-timeout", "1"))
    served:clear_faults()
    assert.same({ 0, "note: the service limits the rate; waiting\n" }, { result.status, result.err })
    assert.equal(60, select(2, result.out:gsub("\n", "")))
  end)

  it("prints every record, however broken, and passes no control character (7)", function()
    local odd = emulator.start{}
    local records = { "", "{", "not json", '{"a":"\\u001b[2J\\u0007"}', '{"a":"\\u009b31m \\u202e"}', "[1,2]", "5",
      '{"a":"quote \\" comma , </script>"}', '{"a":"审计 😀"}', '"text"', '{"a":"' .. ("x"):rep(1048576) .. '"}' }
    local list, expected = {}, {}
    for index, record in ipairs(records) do
      expected[index] = ("odd-%02d"):format(index)
      list[index] = { EventId = expected[index], EventTime = NOW - 600 - index, CloudAuditEvent = record,
        RequestID = "r",
        Username = "a\27[31m\r\nb,\"审计\" \194\155", ResourceName = "</script>\t" }
    end
    for _, event in ipairs(list) do
      odd:admin("events", event)
    end
    for _, format in ipairs{ "jsonl", "json", "csv", "table" } do
      local words = { "events", "--until", tostring(NOW - 60), "-o", format }
      if format == "csv" or format == "table" then
        words[6], words[7] = "--columns", "id,user,resource,detail"
      end
      local result = run(words, { env = command.env(odd) })
      assert.same({ 0, "" }, { result.status, result.err })
      local ids = {}
      for id in result.out:gmatch("odd%-%d%d") do
        ids[#ids + 1] = id
      end
      assert.same(expected, ids, format)
      if format ~= "csv" then
        assert.is_nil(result.out:find("[%z\1-\9\11-\31\127]"), format)
        assert.is_nil(result.out:find("\194[\128-\159]"), format)
      end
      if format == "jsonl" or format == "table" then
        assert.equal(#records + (format == "table" and 1 or 0), select(2, result.out:gsub("\n", "")))
      end
      assert.truthy(result.out:find("not json", 1, true))
    end
    odd:stop()
  end)

  it("ends silently when its reader has enough (9)", function()
    local line = "{ " .. command.line(given()) .. "; echo $? >&3; } 3>&2 | head -1"
    local result = command.shell(line, { env = env })
    assert.equal("141\n", result.err)
    assert.equal(1, select(2, result.out:gsub("\n", "")))
    result = command.shell("trap '' PIPE; " .. line, { env = env })
    assert.equal("141\n", result.err)
  end)

  it("exits with 8 when it cannot write (10)", function()
    for _, words in ipairs{ given("-o", "jsonl", "--max", "5"),
      given("-o", "table", "--max", "5"), given("-o", "csv", "--max", "5"),
      given("-o", "json", "--user", "x"), { "who", "@ann", "-o", "table", "--max", "5" },
      { "--help" }, { "--version" }, { "events", "--help" }, { "emulate", "--print-env" } } do
      for redirection, message in pairs{ [">/dev/full"] = "No space left on device",
        [">&-"] = "Bad file descriptor" } do
        local result = run(words, { after = redirection })
        -- Behind what emulate and who say to people.
        local told = "cloudaudit: standard output: " .. message .. "\n"
        assert.same({ 8, told }, { result.status, result.err:sub(-#told) }, table.concat(words, " "))
      end
    end
  end)

  it("keeps the descriptors of streams that are closed", function()
    local result = run(given("--max", "1"), { after = "<&- 2>&-" })
    assert.same({ 0, 1 }, { result.status, select(2, result.out:gsub("\n", "")) })
  end)

  it("dies by SIGINT within a second, whatever it does (11)", function()
    served:fault{ kind = "delay", seconds = 3, action = "DescribeEvents", after = 2, times = "always" }
    for moment = 1, WHOLE and 8 or 2 do
      local result = run(given("--parallel", moment % 3 == 0 and "3" or "1"), { interrupt = moment * 0.04 })
      assert.same({ 2, "" }, { result.signal, result.err })
      assert.is_true(result.stopped < 1, result.stopped)
    end
    served:clear_faults()
    served:fault{ kind = "throttle", action = "DescribeEvents", times = "always" }
    local result = run(given("-q"), { interrupt = 1.2 })
    assert.same({ 2, "" }, { result.signal, result.err })
    assert.is_true(result.stopped < 1, result.stopped)
    served:clear_faults()
    served:fault{ kind = "delay", seconds = 3, action = "DescribeEvents", times = "always" }
    result = run(given(), { interrupt = 0.3, env = command.env(served,
      { LUA_INIT = "package.preload.luv = function() error('hidden') end" }) })
    served:clear_faults()
    assert.same({ 2, "" }, { result.signal, result.err })
  end)

  it("dies by SIGINT while it loads its modules (11)", function()
    local place = folder.new()
    place.write("cloudaudit/cli/status.lua", 'io.popen("kill -s INT $PPID"):close() while true do end')
    local result = run(given(), { env = command.env(served, { LUA_PATH = place.path .. "/?.lua;;" }) })
    place.remove()
    assert.same({ 2, "" }, { result.signal, result.err })
  end)

  it("keeps what was printed before SIGINT", function()
    local result = run(given("--progress"), { interrupt = "output" })
    assert.truthy(result.signal == 2 or result.status == 0)
    assert.truthy(result.out:find("^{.*}\n$"))
  end)

  it("works without luv, and names argparse when that is missing (38)", function()
    local result = run(given("--max", "2"), { env = command.env(served,
      { LUA_INIT = "package.preload.luv = function() error('hidden') end" }) })
    assert.same({ 0, "", 2 }, { result.status, result.err, select(2, result.out:gsub("\n", "")) })
    for _, verb in ipairs{ "events", "who", "emulate" } do
      result = run({ verb, "x" }, { env = command.env(served,
        { LUA_INIT = "package.preload.argparse = function() error('hidden') end" }) })
      assert.same({ 2, "cloudaudit " .. verb .. ": needs the Lua module argparse (Debian: lua-argparse, LuaRocks: "
        .. "argparse)\n" }, { result.status, result.err })
    end
    result = run({ "--help" }, { env = { LUA_INIT = "package.preload.argparse = function() error('hidden') end" } })
    assert.equal(0, result.status)
  end)

  it("starts within 20 ms of CPU for --version and 40 ms for --help (37)", function()
    for words, limit in pairs{ ["--version"] = 0.02, ["--help"] = 0.04, ["events --help"] = 0.04 } do
      local result = command.shell(("i=0; while [ $i -lt 10 ]; do %s %s >/dev/null || exit; i=$((i+1)); done; times")
        :format(command.program, words))
      local minutes, seconds, system_minutes, system = result.out:match("\n(%d+)m([%d.]+)s (%d+)m([%d.]+)s")
      local used = (minutes * 60 + seconds + system_minutes * 60 + system) / 10
      assert.is_true(used < limit or os.getenv("LD_PRELOAD") ~= nil, words .. ": " .. used)
    end
  end)

  it("loads no module of the current folder", function()
    local place = folder.new()
    for _, name in ipairs{ "luv.lua", "argparse.lua", "cjson.lua" } do
      place.write(name, 'error("x")')
    end
    local result = command.shell(command.program .. " events --max 1 --until " .. NOW - 60 .. " --since 1d",
      { cwd = place.path, env = command.env(served, { LUA_PATH = "", LUA_CPATH = "" }) })
    place.remove()
    assert.same({ 0, "" }, { result.status, result.err })
  end)
end)
