-- --from: what events and who print from an export is what they print from the service.
local audit_log = require "support.audit_log"
local command = require "support.command"
local emulator = require "support.emulator"
local folder = require "support.folder"

local WHOLE = (os.getenv("CLOUDAUDIT_BUILD") or "5.4") == "5.4"
local NOW = os.time()
local DAY = 86400

describe("cloudaudit --from", function()
  local served, env, place, log

  -- No credentials, no endpoint.
  local function run(words, options)
    options = options or {}
    options.env = options.env or { TZ = "UTC", HOME = "/nonexistent", TENCENTCLOUD_SECRET_ID = "",
      TENCENTCLOUD_SECRET_KEY = "", CLOUDAUDIT_ENDPOINT = "http://127.0.0.1:1" }
    return command.run(words, options)
  end

  local function printed(words, options)
    local result = run(words, options)
    assert.same({ 0, "" }, { result.status, result.err }, table.concat(words, " "))
    return result.out
  end

  setup(function()
    served = emulator.start{ "--rate", "0", "--no-record" }
    env = command.env(served)
    place = folder.new()
    log = audit_log.fill(served, WHOLE and 300 or 120, NOW - 100, 4000)
    local base = place.path .. "/"
    printed({ "export", base .. "folder", "--since", "80d", "--part-size", "0.01" }, { env = env })
    printed({ "export", base .. "a.db", "--since", "80d" }, { env = env })
    printed({ "events", "--since", "80d", "-o", "jsonl" }, { env = env, after = ">" .. base .. "lines.jsonl" })
    os.execute(("env -u LD_PRELOAD gzip -k %slines.jsonl"):format(base))
  end)

  teardown(function()
    served:stop()
    place.remove()
  end)

  it("prints the same as from the service, in every format and order", function()
    for _, way in ipairs{ { "newest", "jsonl" }, { "oldest", "jsonl" }, { "newest", "csv" }, { "oldest", "table" } } do
      local words = { "events", "--since", "80d", "--order", way[1], "-o", way[2], "--utc" }
      local expected = printed(words, { env = env })
      for _, name in ipairs{ "folder", "a.db", "lines.jsonl", "lines.jsonl.gz" } do
        words[3], words[2] = place.path .. "/" .. name, "--from"
        assert.equal(expected, printed(words), name)
      end
    end
    assert.equal(printed{ "events", "--from", place.path .. "/folder" }, printed({ "events", "--from", "-" },
      { after = "<" .. place.path .. "/lines.jsonl" }))
  end)

  it("applies every filter, each on one of the three (2)", function()
    for index, filter in ipairs(audit_log.FILTERS) do
      local expected = audit_log.ids(log, filter[2])
      for number, name in ipairs{ "folder", "a.db", "lines.jsonl" } do
        if index % 3 == number - 1 then
          local words = { "events", "-q", "--from", place.path .. "/" .. name, (table.unpack or unpack)(filter[1]) }
          assert.equal(expected, audit_log.members(printed(words), "id"), table.concat(words, " "))
        end
      end
    end
    local from, to = NOW - 5 * DAY, NOW - 2 * DAY
    local expected = audit_log.ids(log, function(e) return e.EventTime >= from and e.EventTime <= to end)
    for _, name in ipairs{ "folder", "a.db", "lines.jsonl" } do
      local words = { "events", "--from", place.path .. "/" .. name, "--since", tostring(from), "--until",
        tostring(to) }
      assert.equal(expected, audit_log.members(printed(words), "id"))
    end
    assert.equal(7, #command.lines(printed{ "events", "--from", place.path .. "/folder", "--max", "7" }))
  end)

  it("is a source of who", function()
    local words = { "who", "res-3", "--since", "80d" }
    local service, export = run(words, { env = env }), run{ "who", "res-3", "--from", place.path .. "/a.db" }
    assert.same({ service.out, service.err, 0 }, { export.out, export.err, export.status })
    assert.is_true(#command.lines(export.out) > 5)
  end)

  it("refuses what it cannot do, and says where an export is damaged", function()
    local lines = place.path .. "/lines.jsonl"
    local cases = {
      { { "events", "--from", place.path .. "/none" }, 2, "--from: " .. place.path .. "/none: No such file" },
      { { "events", "--from", lines, "--location" }, 2, "--location: asks the service" },
      { { "events", "--from", lines, "--where", "Tags=x" }, 2, "--where: Tags cannot be tested on an export" },
      { { "tail", "--from", lines }, 2, "--from: an export does not go on" },
      { { "export", place.path .. "/x", "--from", lines }, 2, "--from: an export is made from the service" },
      { { "events", "--from", place.write("ocsf.jsonl", '{"class_uid":6003}\n') }, 2, "ocsf.jsonl:1: it is OCSF" },
      { { "events", "--from", place.write("bad.jsonl", "{}\n") }, 1, "bad.jsonl:1: it is not a row of this command" },
    }
    for _, case in ipairs(cases) do
      local result = run(case[1])
      assert.equal(case[2], result.status, result.err)
      assert.truthy(result.err:find(case[3], 1, true), result.err)
    end
    local names = {}
    for name in io.popen("env -u LD_PRELOAD sh -c 'ls " .. place.path .. "/folder/dt=*/part*'"):lines() do
      names[#names + 1] = name
    end
    local file = io.open(names[5], "rb")
    local bytes = file:read("*a")
    file:close()
    place.write(names[5]:sub(#place.path + 2), bytes:sub(1, -5))
    local result = run{ "events", "--order", "oldest", "--from", place.path .. "/folder" }
    place.write(names[5]:sub(#place.path + 2), bytes)
    assert.equal(1, result.status)
    assert.equal(("cloudaudit: %s: it is cut off; stopped after %d events at "):format(names[5],
      #command.lines(result.out)), result.err:match("^.- events at "))
  end)
end)
