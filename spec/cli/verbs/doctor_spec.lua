-- Numbers in parentheses are those of the tests in the command's specification.
local command = require "support.command"
local emulator = require "support.emulator"
local core = require "cloudaudit.core"

describe("cloudaudit doctor", function()
  local served, other

  -- The status, and the rows by check; a state that was expected for each name of `states`.
  local function doctor(changes, ...)
    local result = command.run({ "doctor", "-o", "jsonl", ... }, { env = command.env(served, changes) })
    local rows = {}
    for line in result.out:gmatch("[^\n]+") do
      local row = assert(core.decode(line))
      rows[row.check] = row
    end
    return result.status, rows, result
  end

  local function states(rows, ...)
    local list = {}
    for index, name in ipairs{ ... } do
      list[index] = rows[name] and rows[name].state or "absent"
    end
    return table.concat(list, " ")
  end

  setup(function()
    served = emulator.start{ "--tls", "--rate", "0" }
    other = emulator.start{ "--tls" }
  end)

  teardown(function()
    served:stop()
    other:stop()
  end)

  it("finds everything in order, and reads only (34)", function()
    local status, rows = doctor()
    assert.equal(0, status)
    assert.equal("ok ok ok ok ok ok ok ok ok ok ok ok ok", states(rows, "lua", "cloudaudit", "libcurl", "terminal",
      "region", "endpoint", "ca_file", "credentials", "name", "connection", "TLS", "clock", "quota"))
    assert.equal("verified", rows.TLS.found)
    assert.truthy(rows.region.found:find("^ap%-guangzhou %(default%)$"))
    assert.truthy(rows.endpoint.found:find("%(environment CLOUDAUDIT_ENDPOINT%)$"))
    for _, entry in ipairs(served:journal()) do
      assert.is_false(require("cloudaudit.actions").get(entry.action).writes)
    end
  end)

  it("trusts what the client trusts: a directory in CLOUDAUDIT_CA_PATH", function()
    local folder = require("support.folder").new()
    finally(folder.remove)
    local hashed = require("support.certificates").hashed_name
    for _, case in ipairs{ { served, 0, "ok" }, { other, 6, "fail" } } do
      local file = assert(io.open(case[1].ca_file))
      folder.write(hashed(case[1].ca_file), file:read("*a"))
      file:close()
      local status, rows = doctor{ CLOUDAUDIT_CA_FILE = "", CLOUDAUDIT_CA_PATH = folder.path }
      assert.same({ case[2], case[3] }, { status, rows.TLS.state })
      assert.equal(folder.path .. " (environment CLOUDAUDIT_CA_PATH)", rows.ca_path.found)
      os.remove(folder.path .. "/" .. hashed(case[1].ca_file))
    end
  end)

  it("shows no secret in any format (34)", function()
    for _, format in ipairs{ "table", "jsonl", "json", "csv" } do
      for _, changes in ipairs{ {}, { TENCENTCLOUD_SECRET_KEY = "canary-key", TENCENTCLOUD_TOKEN = "canary-token" } } do
        local result = command.run({ "doctor", "-o", format, "-v" }, { env = command.env(served, changes) })
        local text = result.out .. result.err
        assert.is_nil(text:find("canary", 1, true))
        assert.is_nil(text:find(served.secret_key, 1, true))
        assert.is_nil(text:find(served.secret_id, 1, true))
      end
    end
  end)

  it("without credentials: 3, and the connection is looked at all the same (34)", function()
    local status, rows = doctor{ TENCENTCLOUD_SECRET_ID = "" }
    assert.equal(3, status)
    assert.equal("fail ok ok ok ok absent", states(rows, "credentials", "name", "connection", "TLS", "clock",
      "DescribeEvents"))
  end)

  it("with a wrong key: 3, at the calls (34)", function()
    local status, rows = doctor{ TENCENTCLOUD_SECRET_KEY = "wrong" }
    assert.equal(3, status)
    assert.equal("ok ok fail fail warn", states(rows, "credentials", "clock", "DescribeAuditTracks", "DescribeEvents",
      "quota"))
    assert.truthy(rows.DescribeAuditTracks.found:find("AuthFailure.SignatureFailure", 1, true))
  end)

  it("with a wrong clock: a warning, and the calls work (34)", function()
    local away = emulator.start{ "--tls", "--now", tostring(os.time() - 1000) }
    local result = command.run({ "doctor", "-o", "jsonl" }, { env = command.env(away) })
    away:stop()
    assert.equal(0, result.status, result.out)
    assert.truthy(result.out:find('{"state":"warn","check":"clock","found":"%+%d+ s from the service'), result.out)
    assert.truthy(result.out:find('{"state":"ok","check":"DescribeEvents"', 1, true), result.out)
  end)

  it("without a name, a listener or the right CA: 6, at that check (34)", function()
    local status, rows = doctor({}, "--endpoint", "https://no.such.invalid")
    assert.same({ 6, "fail absent absent" }, { status, states(rows, "name", "connection", "DescribeEvents") })
    status, rows = doctor({}, "--endpoint", "https://127.0.0.1:1")
    assert.same({ 6, "ok fail absent" }, { status, states(rows, "name", "connection", "TLS") })
    status, rows = doctor({}, "--ca-file", other.ca_file)
    assert.same({ 6, "ok ok fail absent" }, { status, states(rows, "name", "connection", "TLS", "clock") })
    assert.truthy(rows.TLS.hint)
    status, rows = doctor({}, "--proxy", "http://127.0.0.1:1")
    assert.same({ 6, "ok fail" }, { status, states(rows, "proxy", "connection") })
  end)

  it("with one permission missing: 3, at that call; a refused quota is a warning (34)", function()
    for _, action in ipairs{ "DescribeAuditTracks", "DescribeEvents", "InquireAuditCredit" } do
      -- The first DescribeAuditTracks is the one of the connection.
      served:fault{ kind = "error", code = "UnauthorizedOperation", action = action, times = "always" }
      local status, rows = doctor()
      served:clear_faults()
      local legacy = action == "InquireAuditCredit"
      assert.equal(legacy and 0 or 3, status)
      for _, name in ipairs{ "DescribeAuditTracks", "DescribeEvents", "quota" } do
        local struck = name == action or legacy and name == "quota"
        assert.equal(struck and (legacy and "warn" or "fail") or "ok", rows[name].state, name)
      end
    end
  end)

  it("reports malformed settings as a failed check", function()
    local status, rows = doctor({}, "--endpoint", "ftp://x")
    assert.same({ 2, "fail" }, { status, states(rows, "configuration") })
  end)

  it("names an optional module that is missing, with its use and packages (38)", function()
    local status, rows = doctor{ LUA_INIT = "for name in ('luv zlib luasql.sqlite3'):gmatch('%S+') do "
      .. "package.preload[name] = function() error('hidden') end end" }
    assert.equal(0, status)
    for module, hint in pairs{ luv = "for export, color, progress and the width of the terminal: Debian lua-luv, "
      .. "LuaRocks luv", zlib = "for compressed exports: Debian lua-zlib, LuaRocks lua-zlib",
      ["luasql.sqlite3"] = "for exports to a database: Debian lua-sql-sqlite3, LuaRocks luasql-sqlite3" } do
      assert.same({ state = "warn", check = "module " .. module, found = "missing", hint = hint },
        rows["module " .. module])
    end
  end)
end)
