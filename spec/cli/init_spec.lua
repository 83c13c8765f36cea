local cli = require "cloudaudit.cli"
local core = require "cloudaudit.core"

local function sink()
  local stream = { text = "" }
  function stream.write(self, ...)
    self.text = self.text .. table.concat({ ... })
    return self
  end
  return stream
end

local function run(...)
  local out, err = sink(), sink()
  local code = cli.main({ ... }, { out = out, err = err })
  return code, out.text, err.text
end

describe("cloudaudit.cli", function()
  it("shows help and version on standard output", function()
    local code, out, err = run("--help")
    assert.same({ 0, "" }, { code, err })
    assert.truthy(out:find("emulate", 1, true))
    code, out = run("--version")
    assert.equal(0, code)
    assert.truthy(out:find("^cloudaudit " .. core.version:gsub("%.", "%%.")
      .. " %(Lua[^,]*, libcurl %d[%d.]*, OpenSSL %d"), out)
    code, out, err = run("emulate", "--help")
    assert.same({ 0, "" }, { code, err })
    assert.truthy(out:find("--print-env", 1, true))
    local _, again = run("-h", "emulate", "--port", "x")
    assert.equal(out, again)
  end)

  it("shows a short help on standard error without a verb", function()
    local code, out, err = run()
    assert.same({ 2, "" }, { code, out })
    assert.truthy(err:find("who ", 1, true))
    assert.equal(2, (run("-q")))
  end)

  it("names unknown words, and the nearest known one", function()
    local cases = {
      { "unknown verb emulat\n  hint: did you mean emulate?", "emulat" },
      { "emulate: unknown option --prot\n  hint: did you mean --port?", "emulate", "--prot", "1" },
      { "emulate: too many arguments", "emulate", "x" },
      { "emulate: --order: newest, oldest expected, got \"newes\"\n  hint: did you mean newest?", "emulate", "--order",
        "newes" },
      { "--output: table, jsonl, json, csv, ocsf expected, got \"josn\"\n  hint: did you mean json?", "events", "-o",
        "josn" },
      { "unknown option --profil before the verb\n  hint: did you mean --profile?", "--profil", "x", "events" },
      { "unknown option --since before the verb\n  hint: options of a verb stand behind it", "--since", "1h",
        "events" },
      { "--max: whole number of 1 or more expected, got \"0\"", "events", "--max", "0" },
      { "'--since' requires an argument", "events", "--since" },
    }
    for _, case in ipairs(cases) do
      local code, out, err = run(case[2], case[3], case[4], case[5])
      assert.same({ 2, "" }, { code, out })
      assert.truthy(err:find(case[1], 1, true), err)
    end
  end)

  it("exits with 1 for runtime failures, with 8 for files and 2 for values", function()
    for expected, case in pairs{
      ["not a loopback address"] = { 1, "--address", "0.0.0.0" },
      ["/nonexistent/file"] = { 8, "--ready-file", "/nonexistent/file" },
      ["0 to 65535"] = { 1, "--port", "70000" },
      ["--rate: number expected"] = { 2, "--rate", "much" },
      ["console_logins"] = { 2, "--scenario", "nothing" },
      ["--now: number from 0 to 253402300799"] = { 2, "--now", "-5" },
    } do
      local code, out, err = run("emulate", case[2], case[3])
      assert.same({ case[1], "" }, { code, out }, err)
      assert.truthy(err:find(expected, 1, true), err)
      assert.is_nil(err:find(".lua:", 1, true), err)
    end
  end)

  it("says which package is missing", function()
    local loaded, searchers = package.loaded.argparse, package.preload.argparse
    package.loaded.argparse = nil
    package.preload.argparse = function()
      error("hidden")
    end
    local code, out, err = run("events")
    package.loaded.argparse, package.preload.argparse = loaded, searchers
    assert.same({ 2, "" }, { code, out })
    assert.equal("cloudaudit events: needs the Lua module argparse (Debian: lua-argparse, LuaRocks: argparse)\n", err)
  end)

  -- The least of several runs, so that a busy machine does not matter.
  local function cpu_of(word)
    local command = require "support.command"
    local least = math.huge
    for _ = 1, 8 do
      local result = command.shell(("exec bash -c 'TIMEFORMAT=\"%%U %%S\"; time %s >/dev/null'"):format(
        command.line{ word }:gsub("'", "")), { env = { LC_ALL = "C", LD_PRELOAD = "" } })
      local user, system = result.err:match("([%d.]+) ([%d.]+)\n$")
      least = math.min(least, tonumber(user) + tonumber(system))
    end
    return least
  end

  it("shows the version in 20 ms of CPU and the help in 40 (37)", function()
    if (os.getenv("CLOUDAUDIT_BUILD") or ""):find("asan$") then
      return -- the sanitizers start more slowly than the command
    end
    assert.is_true(cpu_of("--version") < 0.020)
    assert.is_true(cpu_of("--help") < 0.040)
  end)
end)
