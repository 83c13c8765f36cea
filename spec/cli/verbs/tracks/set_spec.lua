-- Numbers in parentheses are those of the tests in the command's specification.
local core = require "cloudaudit.core"
local track_command = require "support.track_command"

describe("cloudaudit tracks set", function()
  local rig

  setup(function()
    rig = track_command.start()
    rig:create("one", "--action", "write", "--product", "cam", "--event", "CreateUser,DeleteUser")
    rig:create("several", "--filter", "cam:write")
  end)

  teardown(function()
    rig:stop()
  end)

  it("prints what changes, and leaves the rest", function()
    assert.equal("field,was,is\naction,write,all\n", rig:must("set", "one", "--action", "all", "-o", "csv"))
    assert.equal('{"field":"event_names","was":"[\\"CreateUser\\",\\"DeleteUser\\"]","is":"[\\"AddUser\\"]"}\n',
      rig:must("set", "one", "--event", "AddUser"))
    local set = rig:sets().one
    assert.same({ "all", "cam", "AddUser", true }, { set.action, set.resource_type, set.event_names[1], set.enabled })
    assert.truthy(rig:must("set", "several", "--filter", "cos:all:A"):find('"field":"filters"', 1, true))
    assert.truthy(rig:must("set", "several", "--all-members", "--disabled"):find(
      '"field":"enabled","was":"true","is":"false"}\n{"field":"all_members","was":"false","is":"true"', 1, true))
  end)

  it("like every verb of tracking sets refuses --columns before anything is sent", function()
    local path = os.tmpname()
    local file = assert(io.open(path .. ".json", "w"))
    file:write('{"name":"new-set","action":"all","storage":"cos://audit-logs@ap-guangzhou/cloudaudit"}')
    file:close()
    local requests = #rig.served:journal()
    for _, words in ipairs{ { "create", "new-set", "--storage", track_command.STORAGE }, { "disable", "one" },
      { "set", "one", "--action", "all" }, { "enable", "one" }, { "delete", "one", "--yes" },
      { "plan", "-f", path .. ".json" }, { "apply", "-f", path .. ".json" } } do
      for _, given in ipairs{ { "--columns", "bogus", "-o", "csv" }, { "--columns", "id" } } do
        local all = { (table.unpack or unpack)(words) }
        for _, word in ipairs(given) do
          all[#all + 1] = word
        end
        local result = rig:run((table.unpack or unpack)(all))
        assert.same({ 2, "" }, { result.status, result.out }, table.concat(all, " "))
        assert.truthy(result.err:find("cloudaudit: --columns: ", 1, true), result.err)
      end
    end
    assert.equal(requests, #rig.served:journal())
    os.remove(path)
    os.remove(path .. ".json")
  end)

  it("sends no write for what is so already, as the service normalizes it", function()
    local writes = rig:writes()
    rig:must("set", "one", "--event", "B,A,B")
    rig:must("set", "one", "--event", "A,B")
    rig:must("set", "one", "--storage", track_command.STORAGE)
    assert.equal(writes + 1, rig:writes())
    local result = rig:run("set", "one", "--event", "B,A")
    assert.same({ 0, "", "unchanged: one\n" }, { result.status, result.out, result.err })
  end)

  it("refuses a rename, another kind and an empty change (27)", function()
    local writes = rig:writes()
    for expected, words in pairs{
      ["--name: the name of a tracking set cannot be changed"] = { "one", "--name", "two" },
      ["--filter: the tracking set covers one product"] = { "one", "--filter", "cam:all" },
      ["the tracking set covers several products"] = { "several", "--action", "all" },
      ["nothing to change"] = { "one" },
      ["--disabled: cannot be used together with --enabled"] = { "one", "--enabled", "--disabled" },
      ["--storage.prefix: "] = { "one", "--storage", "cos://audit-logs@ap-guangzhou/x" },
    } do
      local result = rig:run("set", (table.unpack or unpack)(words))
      assert.same({ 2, "" }, { result.status, result.out }, result.err)
      assert.truthy(result.err:find(expected, 1, true), result.err)
    end
    assert.equal(writes, rig:writes())
  end)

  it("prints its request with --dry-run", function()
    local writes = rig:writes()
    local request = core.decode(rig:must("set", "one", "--action", "read", "--dry-run"))
    local body = core.decode(request.body)
    assert.same({ "ModifyAuditTrack", "Read" }, { request.headers["X-TC-Action"], body.ActionType })
    assert.is_nil(body.Storage)
    request = core.decode(rig:must("set", "several", "--all-members", "--enabled", "--dry-run"))
    assert.equal("ModifyEventsAuditTrack", request.headers["X-TC-Action"])
    assert.equal(writes, rig:writes())
  end)

  it("ends with 7 when the answer is lost, and the same command settles it", function()
    rig.served:fault{ kind = "cut_after", action = "ModifyAuditTrack" }
    local result = rig:run("set", "one", "--action", "write")
    assert.equal(7, result.status)
    assert.truthy(result.err:find("may still act on it for 300 s", 1, true), result.err)
    assert.equal("", rig:must("set", "one", "--action", "write"))
  end)
end)
