-- cloudaudit events and who on a terminal: widths, colors, progress. Numbers in parentheses are those of the tests in
-- the command's specification.
local command = require "support.command"
local emulator = require "support.emulator"
local width = require "cloudaudit.cli.width"

local WHOLE = (os.getenv("CLOUDAUDIT_BUILD") or "5.4") == "5.4"
local NOW = os.time()

local function plain(text)
  return (text:gsub("\27%[[%d;]*[mK]", ""))
end

describe("cloudaudit events on a terminal", function()
  local served

  local function show(columns, given, more)
    local words = { "events", "--since", tostring(NOW - 86400), "--until", tostring(NOW - 60) }
    for _, word in ipairs(given or {}) do
      words[#words + 1] = word
    end
    local variables = command.env(served, { TERM = "xterm", TZ = "Asia/Shanghai" })
    for name, value in pairs(more or {}) do
      variables[name] = value
    end
    return command.on_terminal(words, columns, { env = variables })
  end

  setup(function()
    served = emulator.start{ "--rate", "0" }
    local list = {}
    for index = 1, 60 do
      list[index] = { EventId = ("event-%03d"):format(index), EventTime = NOW - 600 - index, Username = index % 2 == 0
        and "审计管理员" or "ann", EventName = index % 3 == 0 and "ListAttachedUserAllPolicies" or "PutBucket",
        SourceIPAddress = "203.0.113." .. index, ResourceName = ("bucket-name-"):rep(1 + index % 4) .. "日志存储桶",
        ApiErrorCode = index % 5 == 0 and "UnauthorizedOperation" or nil }
    end
    served:admin("events", { events = list })
  end)

  teardown(function()
    served:stop()
  end)

  it("fits every width, with whole times and aligned columns (14)", function()
    for _, columns in ipairs(WHOLE and { 40, 59, 60, 80, 100, 140, 200 } or { 80 }) do
      local result = show(columns)
      assert.equal(0, result.status)
      local starts, times, names = {}, 0, ""
      for _, line in ipairs(command.lines(plain(result.out))) do
        assert.is_true(width.of(line) <= columns, columns .. ": " .. line)
        local at = line:find("203%.0%.") or columns >= 60 and line:find("203…")
        if at and columns >= 60 then
          starts[width.of(line:sub(1, at - 1))] = true
        end
        times = times + (line:find("^20%d%d%-%d%d%-%d%dT%d%d:%d%d:%d%d%+08:00") and 1 or 0)
        names = names .. line:gsub("[^%a]", "")
      end
      assert.equal(60, times, columns)
      if columns >= 100 then
        assert.equal(20, select(2, result.out:gsub("ListAttachedUserAllPolicies", "")))
        local first = next(starts)
        assert.is_true(first ~= nil and next(starts, first) == nil, columns .. ": SOURCE is not aligned")
      end
      assert.equal(columns >= 140, result.out:find("REGION", 1, true) ~= nil)
    end
  end)

  it("draws cells as a terminal does (14)", function()
    local session = "cloudaudit-" .. NOW .. "-" .. tostring({}):match("0x(%x+)")
    local words = command.line{ "events", "--since", tostring(NOW - 86400), "--until", tostring(NOW - 60),
      "--max", "6" }
      .. "; echo finished; sleep 9"
    local result = command.shell(([[tmux -f /dev/null -L %s new-session -d -x 90 -y 40 %s
      for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
        tmux -L %s capture-pane -p | grep -q finished && break
        sleep 0.2
      done
      tmux -L %s capture-pane -p; tmux -L %s kill-server]]):format(session, command.quote(words), session,
      session, session), { env = command.env(served, { LC_ALL = "C.UTF-8", TERM = "xterm" }) })
    local lines = command.lines(result.out)
    assert.equal("finished", lines[8], result.out .. result.err)
    local column
    for index = 2, 7 do
      local line = lines[index]
      local at = assert(line:find("203.0", 1, true), line)
      column = column or width.of(line:sub(1, at - 1))
      assert.equal(column, width.of(line:sub(1, at - 1)))
      assert.truthy(line:find("[okdenied…]$"), line)
    end
  end)

  it("colors results only where that is wanted (14)", function()
    local function colored(given, more)
      return show(100, given, more).out:find("\27[31m", 1, true) ~= nil
    end
    assert.is_true(colored())
    assert.is_false(colored(nil, { NO_COLOR = "1" }))
    assert.is_false(colored(nil, { TERM = "dumb" }))
    assert.is_true(colored({ "--color", "always" }, { NO_COLOR = "1" }))
    assert.is_false(colored{ "--color", "never" })
    assert.is_false(colored{ "-o", "jsonl", "--color", "always" })
    assert.equal(plain(show(100).out), show(100, { "--color", "never" }).out)
  end)

  it("shows times in the local zone or in UTC", function()
    local shown = show(100, { "--max", "1" }).out:match("\n(20[%d%-T:]+)%+08:00 ")
    local utc = show(100, { "--max", "1", "--utc" }).out:match("\n(20[%d%-T:]+)Z ")
    assert.equal(os.date("!%Y-%m-%dT%H:%M:%S", NOW - 601 + 8 * 3600), shown)
    assert.equal(os.date("!%Y-%m-%dT%H:%M:%S", NOW - 601), utc)
  end)

  it("takes the table from CLOUDAUDIT_OUTPUT, and the option before it", function()
    local variables = command.env(served, { CLOUDAUDIT_OUTPUT = "table" })
    local words = { "events", "--until", tostring(NOW - 60), "--max", "1" }
    assert.truthy(command.run(words, { env = variables }).out:find("^TIME "))
    words[#words + 1] = "--output=csv"
    assert.truthy(command.run(words, { env = variables }).out:find("^id,time,"))
    variables.CLOUDAUDIT_OUTPUT = "xml"
    local result = command.run({ "events" }, { env = variables })
    assert.same({ 2, 'cloudaudit: CLOUDAUDIT_OUTPUT: table, jsonl, json, csv, ocsf expected, got "xml"\n' },
      { result.status, result.err })
  end)

  it("shows progress only while nothing else is, and removes it", function()
    served:fault{ kind = "delay", seconds = 1.2, action = "DescribeEvents" }
    served:fault{ kind = "throttle", action = "DescribeEvents", after = 0, times = 3 }
    local result = show(120)
    served:clear_faults()
    assert.equal(0, result.status)
    assert.truthy(result.out:find("\r0 events  (waiting for the rate limit)\27[K", 1, true), result.out:sub(1, 200))
    local last = result.out:match(".*()\27%[K")
    local drawn = plain(result.out:sub(last)):gsub("\r", "")
    assert.equal(60, select(2, drawn:gsub("\n20%d%d%-", "")))
  end)
end)
