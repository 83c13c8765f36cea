-- Numbers in parentheses are those of the tests in the command's specification.
local core = require "cloudaudit.core"
local track_command = require "support.track_command"

local WHOLE = (os.getenv("CLOUDAUDIT_BUILD") or "5.4") == "5.4"
local STORAGE = track_command.STORAGE

describe("cloudaudit tracks create", function()
  local rig

  setup(function()
    rig = track_command.start{ "--quota", "200" }
  end)

  teardown(function()
    rig:stop()
  end)

  it("creates, leaves what is so, and refuses what differs", function()
    local first = rig:must("create", "all-events", "--storage", STORAGE)
    local id = core.decode(first).id
    assert.equal(('{"result":"created","id":%d,"name":"all-events"}\n'):format(id), first)
    assert.equal(('{"result":"unchanged","id":%d,"name":"all-events"}\n'):format(id),
      rig:must("create", "all-events", "--storage", STORAGE))
    local writes = rig:writes()
    local result = rig:run("create", "all-events", "--storage", STORAGE, "--action", "read")
    assert.equal(1, result.status)
    assert.truthy(result.err:find(("^cloudaudit: the tracking set all%%-events %%(%d%%) has other settings: "):format(
      id) .. "action: read wanted, all found.*\n  hint: cloudaudit tracks set changes it\n$"), result.err)
    assert.equal(writes, rig:writes())
  end)

  it("names the option that is wrong, and sends nothing", function()
    local before = #rig.served:journal()
    for expected, words in pairs{
      ["--storage: missing, it is required"] = { "abc" },
      ["--storage: type://name@region/prefix expected"] = { "abc", "--storage", "x" },
      ["--action: read, write, all expected, got \"wirte\"\n  hint: did you mean write?"] =
        { "abc", "--storage", STORAGE, "--action", "wirte" },
      ["--filter: cannot be used together with --action"] = { "abc", "--storage", STORAGE, "--filter", "cam:all",
        "--action", "all" },
      ["NAME: "] = { "a", "--storage", STORAGE },
      ["unknown option --storge\n  hint: did you mean --storage"] = { "abc", "--storge", STORAGE },
    } do
      local result = rig:run("create", (table.unpack or unpack)(words))
      assert.same({ 2, "" }, { result.status, result.out })
      assert.truthy(result.err:find(expected, 1, true), result.err)
    end
    assert.equal(before, #rig.served:journal())
  end)

  it("prints its request with --dry-run", function()
    local before = #rig.served:journal()
    local request = assert(core.decode(rig:must("create", "dry-run", "--storage", STORAGE, "--dry-run")))
    assert.same({ "POST", "[redacted]", "CreateAuditTrack" }, { request.method, request.headers.Authorization,
      request.headers["X-TC-Action"] })
    assert.equal("dry-run", core.decode(request.body).Name)
    request = assert(core.decode(rig:must("create", "dry-run", "--storage", STORAGE, "--dry-run", "--no-redact")))
    assert.truthy(request.headers.Authorization:find("^TC3"))
    assert.equal(before, #rig.served:journal())
  end)

  -- A create whose answer is lost by the fault. Looking for the set fails too, so that its fate stays unknown.
  -- `existing`: how many sets there are; the first look at them takes a page for each 20.
  local function lose(name, fault, existing)
    fault.action = "CreateAuditTrack"
    rig.served:fault(fault)
    rig.served:fault{ kind = "error", code = "UnauthorizedOperation", action = "DescribeAuditTracks",
      after = math.floor(existing / 20) + 1, times = "always" }
    local result = rig:run("create", name, "--storage", STORAGE)
    rig.served:clear_faults()
    return result
  end

  it("ends with 7 when the answer is lost at any byte; the same command settles it (24)", function()
    local names, unknown = {}, 0
    for bytes = 0, 90, WHOLE and 1 or 30 do
      local name = ("lost-%02d"):format(bytes)
      names[#names + 1] = name
      local result = lose(name, { kind = "truncate", bytes = bytes }, #names)
      if result.status ~= 0 then
        unknown = unknown + 1
        assert.same({ 7, "" }, { result.status, result.out }, result.err)
        assert.truthy(result.err:find("it may have been done, and the service may still act on it for %d+ s\n  hint: "
          .. "the same command settles it"), result.err)
      else
        break -- the answer is shorter than that
      end
      local settled = rig:must("create", name, "--storage", STORAGE)
      assert.truthy(settled:find('"result":"unchanged"', 1, true), settled)
    end
    assert.is_true(unknown >= (WHOLE and 70 or 3))
    local counts = {}
    for name in rig:must("list"):gmatch('"name":"(lost[^"]*)"') do
      counts[name] = (counts[name] or 0) + 1
    end
    for _, name in ipairs(names) do
      assert.equal(1, counts[name])
    end
  end)

  it("adopts the set when it can be found after the answer was lost", function()
    rig.served:fault{ kind = "cut_after", action = "CreateAuditTrack" }
    assert.truthy(rig:must("create", "adopted", "--storage", STORAGE):find('"result":"adopted"', 1, true))
  end)
end)
