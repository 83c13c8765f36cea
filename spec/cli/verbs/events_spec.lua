-- cloudaudit events as a process against a served emulator. The numbers in parentheses are those of the tests in the
-- command's specification.
local audit_log = require "support.audit_log"
local command = require "support.command"
local emulator = require "support.emulator"

-- All of it for Lua 5.4; a slice for the others, and under sanitizers, which are slow.
local WHOLE = (os.getenv("CLOUDAUDIT_BUILD") or "5.4") == "5.4"

local NOW = os.time()
local HOUR, DAY = 3600, 86400

local function ids(text)
  return audit_log.members(text, "id")
end

describe("cloudaudit events", function()
  local served, env, log

  -- The arguments for the time range of the log, which ends before the emulator's own records begin.
  local function range(...)
    return { "events", "--since", tostring(NOW - DAY), "--until", tostring(NOW - 60), ... }
  end

  local function run(given, options)
    options = options or {}
    options.env = options.env or env
    return command.run(given, options)
  end

  setup(function()
    served = emulator.start{ "--rate", "0", "--tls" }
    env = command.env(served)
    log = audit_log.fill(served, 140, NOW - HOUR - 1, 120)
  end)

  teardown(function()
    served:stop()
  end)

  it("prints the last hour, newest first, as JSON lines in a pipe", function()
    local other = emulator.start{}
    other:admin("events", { events = {
      { EventId = "recent", EventTime = NOW - 1800, EventName = "RunInstances" },
      { EventId = "newer", EventTime = NOW - 900 }, { EventId = "older", EventTime = NOW - HOUR - 60 } } })
    local result = run({ "events", "--until", tostring(NOW - 60) }, { env = command.env(other) })
    assert.same({ 0, 0, "" }, { result.status, result.signal, result.err })
    assert.equal("newer recent", ids(result.out))
    assert.truthy(result.out:find('"name":"RunInstances"', 1, true))
    other:stop()
  end)

  it("applies every filter, and every pair of them (2)", function()
    local filters = audit_log.FILTERS
    local function check(first, second)
      local given = range("-q")
      for _, filter in ipairs{ first, second } do
        for _, word in ipairs(filter[1]) do
          given[#given + 1] = word
        end
      end
      local result = run(given)
      local name = table.concat(given, " ")
      assert.same({ 0, "" }, { result.status, result.err }, name)
      assert.equal(audit_log.ids(log, function(event)
        return first[2](event) and (not second or second[2](event))
      end), ids(result.out), name)
    end
    for index, filter in ipairs(filters) do
      check(filter)
      for other = index + 1, WHOLE and #filters or 0 do
        if not filter.alone and not filters[other].alone then
          check(filter, filters[other])
        end
      end
    end
  end)

  it("finds a resource by name and by id, each event once", function()
    local both = { EventId = "both", EventTime = NOW - 3 * HOUR, ResourceName = "twice", ResourceId = "twice" }
    local by_id = { EventId = "by-id", EventTime = NOW - 2 * HOUR, ResourceId = "twice" }
    served:admin("events", { events = { both, by_id } })
    assert.equal("by-id both", ids(run(range("--resource", "twice")).out))
    assert.equal("both by-id", ids(run(range("--resource", "twice", "--order", "oldest")).out))
  end)

  it("counts --max after all filters (3)", function()
    local function rare(event)
      return event.ActionType == "Write" and audit_log.result(event) == "denied"
    end
    local expected = {}
    for id in audit_log.ids(log, rare):gmatch("%S+") do
      expected[#expected + 1] = #expected < 7 and id or nil
    end
    assert.equal(7, #expected)
    assert.equal(table.concat(expected, " "), ids(run(range("--denied", "--write", "--max", "7")).out))
  end)

  it("refuses more than 90 days before it asks, and names the earliest second (5)", function()
    local before = #served:journal()
    local result = run{ "events", "--since", "91d" }
    assert.same({ 2, "" }, { result.status, result.out })
    local earliest = result.err:match("the earliest is %-%-since (%S+);")
    assert.truthy(earliest, result.err)
    assert.equal(before, #served:journal())
    assert.equal(0, run{ "events", "--since", earliest, "--max", "1" }.status)
    assert.equal(0, run{ "events", "--since", "90d", "--max", "1" }.status)
  end)

  it("sends and prints the same on a terminal and in a pipe (6)", function()
    local function requests_of(fn)
      local before = #served:journal("DescribeEvents")
      fn()
      local entries, texts = served:journal("DescribeEvents"), {}
      for index = before + 1, #entries do
        texts[#texts + 1] = entries[index].body
      end
      assert.is_true(#texts > 0)
      return table.concat(texts, "\n")
    end
    local piped, shown
    local requests = requests_of(function()
      piped = run(range("-o", "jsonl")).out
    end)
    assert.equal(requests, requests_of(function()
      shown = command.on_terminal(range("-o", "jsonl"), 80, { env = env }).out
    end))
    assert.equal(piped, shown)
    assert.equal(requests, requests_of(function()
      command.on_terminal(range(), 80, { env = env })
    end))
  end)

  it("gives machines whole documents, whatever is said beside (13)", function()
    for _, format in ipairs{ "jsonl", "json" } do
      local result = run(range("-o", format, "-v", "--progress"),
        { after = "2>/dev/null | jq -c . >/dev/null; echo $?" })
      assert.equal("0\n", result.out)
    end
    local result = run(range("-v"))
    assert.truthy(result.err:find("DescribeEvents attempt 1", 1, true))
    assert.equal(audit_log.ids(log), (ids(result.out):gsub("by%-id ", ""):gsub("both ", "")))
  end)

  it("prints the columns that are asked for", function()
    local result = run(range("--columns", "event,user,result", "-o", "csv", "--max", "2", "--order", "oldest"))
    local lines = command.lines(result.out)
    assert.equal("name,user,result", lines[1])
    assert.equal(3, #lines)
    result = run(range("--columns", "tiem"))
    assert.same({ 2, "" }, { result.status, result.out })
  end)

  it("answers with nothing, a heading or [] when no event matches", function()
    local function of(format)
      local result = run(range("--user", "nobody", "-o", format))
      assert.same({ 0, "" }, { result.status, result.err })
      return result.out
    end
    assert.same({ "", "[]\n", "" }, { of("jsonl"), of("json"), of("table") })
    assert.truthy(of("csv"):find("^id,time,[%w_,]+,detail\n$"))
    local result = command.on_terminal(range("--user", "nobody"), 80, { env = env })
    assert.equal("no events match\n", result.out)
  end)

  it("works over plain HTTP, and through the shell half of the program", function()
    local plain = emulator.start{}
    audit_log.fill(plain, 3, NOW - 600, 1)
    local result = command.shell(command.program .. " events --max 3 --until " .. NOW - 60,
      { env = command.env(plain) })
    assert.same({ 0, "id-000001 id-000002 id-000003" }, { result.status, ids(result.out) }, result.err)
    plain:stop()
  end)
end)

describe("cloudaudit events of a long time range", function()
  it("prints each of 10,000 events once, in any order and in parallel (1)", function()
    local count = WHOLE and 10000 or 400
    local served = emulator.start{ "--rate", "0", "--short-pages", "0.1" }
    local log = audit_log.fill(served, count, NOW - HOUR, math.floor(89 * DAY / count))
    local expected = {}
    for id in audit_log.ids(log):gmatch("%S+") do
      expected[#expected + 1] = id
    end
    table.sort(expected)
    -- All at once, since the client asks at most 18 times a second.
    local ways = { "", "--order oldest", "--parallel 4", "--parallel 3 --order oldest" }
    local lines, name = {}, os.tmpname()
    local base = command.line{ "events", "--since", "90d", "--until", tostring(NOW - 60) }
    for index, way in ipairs(ways) do
      lines[index] = ("{ %s %s >%s.%d; echo $?; } &"):format(base, way, name, index)
    end
    local result = command.shell(table.concat(lines, "\n") .. "\nwait", { env = command.env(served) })
    assert.same({ "0\n0\n0\n0\n", "" }, { result.out, result.err })
    for index, way in ipairs(ways) do
      local found, last, path = {}, nil, name .. "." .. index
      for line in io.lines(path) do
        local id, time = line:match('^{"id":"([^"]*)","time":(%d+)')
        found[#found + 1], time = id, tonumber(time)
        assert.is_true(not last or time == last or (time > last) == (way:find("oldest") ~= nil), line)
        last = time
      end
      os.remove(path)
      table.sort(found)
      assert.same(expected, found, way)
    end
    os.remove(name)
    served:stop()
  end)
end)
