-- Numbers in parentheses are those of the tests in the command's specification.
local track_command = require "support.track_command"

describe("cloudaudit tracks show", function()
  local rig

  setup(function()
    rig = track_command.start{ "--duplicate-names" }
  end)

  teardown(function()
    rig:stop()
  end)

  it("prints a spec, by name or id", function()
    rig:create("some-writes")
    local expected = '{"name":"some-writes","enabled":true,"action":"write","resource_type":"*","event_names":["*"],'
      .. '"storage":"cos://audit-logs@ap-guangzhou/cloudaudit?compress=1"}\n'
    local id = rig:sets()["some-writes"].id
    for _, subject in ipairs{ "some-writes", "name:some-writes", ("%d"):format(id) } do
      assert.equal(expected, rig:must("show", subject))
    end
  end)

  it("takes digits for an id, and name:DIGITS for a name (27)", function()
    rig:create("12345")
    assert.truthy(rig:must("show", "name:12345"):find('"name":"12345"', 1, true))
    local result = rig:run("show", "12345")
    assert.equal(1, result.status)
    assert.truthy(result.err:find("ResourceNotFound", 1, true), result.err)
    result = rig:run("show", "name:nothing")
    assert.same({ 1, "cloudaudit: no tracking set has the name nothing\n  hint: cloudaudit tracks list shows all\n" },
      { result.status, result.err })
  end)

  it("ends with 1 and the ids when several have the name (27)", function()
    local client = rig.served:client()
    local ids = {}
    for index = 1, 2 do
      ids[index] = assert(client:create_track{ name = "twice", action = "all", storage = track_command.STORAGE }).id
    end
    for _, words in ipairs{ { "show", "twice" }, { "set", "twice", "--action", "read" }, { "enable", "twice" },
      { "disable", "twice" }, { "delete", "twice", "--yes" } } do
      local result = rig:run((table.unpack or unpack)(words))
      assert.same({ 1, "" }, { result.status, result.out })
      assert.equal(("cloudaudit: 2 tracking sets have the name twice: %d, %d\n  hint: give one id\n"):format(ids[1],
        ids[2]), result.err)
    end
    assert.truthy(rig:must("show", ("%d"):format(ids[2])):find('"name":"twice"', 1, true))
    assert.truthy(rig:must("set", ("%d"):format(ids[2]), "--action", "read"):find('"is":"read"', 1, true))
    assert.truthy(rig:must("show", ("%d"):format(ids[1])):find('"action":"all"', 1, true))
    local created = rig:run("create", "twice", "--storage", track_command.STORAGE)
    assert.equal(1, created.status)
    assert.truthy(created.err:find(("2 tracking sets have the name twice: %d, %d"):format(ids[1], ids[2]), 1, true))
  end)
end)
