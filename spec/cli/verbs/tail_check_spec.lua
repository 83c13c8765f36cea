-- tail --check: findings in place of events. Numbers in parentheses are those of the command's specification.
local command = require "support.command"
local core = require "cloudaudit.core"
local emulator = require "support.emulator"
local folder = require "support.folder"

describe("cloudaudit tail --check", function()
  local served, env, place

  before_each(function()
    served, place = emulator.start{ "--rate", "0", "--scenario", "alarms" }, folder.new()
    env = command.env(served)
  end)

  after_each(function()
    served:stop()
    place.remove()
  end)

  -- Reads an hour a poll, so that a day takes some seconds.
  local function run(since, seconds, ...)
    return command.run({ "tail", "--since", since, "--interval", "0.2", "--timeout", seconds, ... }, { env = env })
  end

  -- Each finding as "id severity subject", sorted.
  local function found_in(text)
    local list = {}
    for line in text:gmatch("[^\n]+") do
      local row = assert(core.decode(line))
      list[#list + 1] = row.result == "fail" and ("%s %s %s"):format(row.id, row.severity, row.subject) or nil
    end
    table.sort(list)
    return list
  end

  it("finds what check finds (30)", function()
    local checked = command.run({ "check", "activity", "--since", "25h" }, { env = env })
    local tailed = run("25h", "3", "--check")
    assert.equal(0, tailed.status, tailed.err)
    assert.same(found_in(checked.out), found_in(tailed.out))
    assert.is_true(#found_in(tailed.out) > 15)
  end)

  it("hands findings to --exec, and keeps a checkpoint of events", function()
    local path, log = place.path .. "/tail.json", place.path .. "/log"
    local words = { "--check=root.login,key.revealed", "--checkpoint", path, "--exec",
      ("{ cat; echo \"$CLOUDAUDIT_EVENT $CLOUDAUDIT_USER\"; } >>%s"):format(log) }
    local result = run("9h", "1.2", (table.unpack or unpack)(words))
    assert.equal(0, result.status, result.err)
    local lines = {}
    for line in io.lines(log) do
      lines[#lines + 1] = line
    end
    assert.same({ 4, "key.revealed", "QueryKeyBySecretId mallory", "root.login", "ConsoleLogin root" },
      { #lines, core.decode(lines[1]).id, lines[2], core.decode(lines[3]).id, lines[4] })
    assert.equal("", command.run({ "tail", "--interval", "0.2", "--timeout", "0.5", (table.unpack or unpack)(words) },
      { env = env }).out)
  end)

  it("stops after --max findings, with the fix below each in a table", function()
    local result = run("3h", "9", "--check", "--max", "1", "-o", "table")
    assert.equal(0, result.status)
    assert.truthy(result.out:find("^SEVERITY +ID [^\n]*\n[^\n]*\n  fix: [^\n]*\n  seen: [%x-]+"), result.out)
  end)

  it("refuses rules that it cannot apply, before anything is sent", function()
    for given, message in pairs{ ["recon"] = "--check: recon compares with earlier days",
      ["trail.exists"] = "--check: trail.exists is not an activity rule", ["x"] = "--check: unknown check x" } do
      local result = run("1h", "9", "--check=" .. given)
      assert.equal(2, result.status)
      assert.truthy(result.err:find(message, 1, true), result.err)
    end
    assert.same({}, served:journal())
  end)
end)
