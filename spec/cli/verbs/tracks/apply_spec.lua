-- Numbers in parentheses are those of the tests in the command's specification.
local folder = require "support.folder"
local track_command = require "support.track_command"

local STORAGE = track_command.STORAGE

describe("cloudaudit tracks apply", function()
  local rig, place, path

  before_each(function()
    rig, place = track_command.start{ "--quota", "3" }, folder.new()
    path = place.path .. "/tracks.lua"
  end)

  after_each(function()
    rig:stop()
    place.remove()
  end)

  local function write(text)
    local file = assert(io.open(path, "w"))
    file:write((text:gsub("STORAGE", "'" .. STORAGE .. "'")))
    file:close()
  end

  it("prints the plan on standard error and the results on standard output", function()
    rig:create("changed", "--action", "read")
    write [[return { { name = 'changed', action = 'all', storage = STORAGE },
      { name = 'fresh', action = 'all', storage = STORAGE } }]]
    local result = rig:run("apply", "-f", path)
    assert.same({ 0, '{"result":"updated","id":1,"name":"changed"}\n{"result":"created","id":2,"name":"fresh"}\n',
      "+ fresh\n~ changed action: read -> all\n" }, { result.status, result.out, result.err })
  end)

  it("deletes only with --prune, which needs --yes where nobody can be asked", function()
    rig:create("extra")
    write "return {}"
    assert.equal("", rig:must("apply", "-f", path))
    local before = #rig.served:journal()
    assert.equal(2, rig:run("apply", "-f", path, "--prune").status)
    assert.equal(before, #rig.served:journal())
    assert.truthy(rig:must("apply", "-f", path, "--prune", "--yes"):find('"result":"deleted"', 1, true))
  end)

  it("asks on a terminal", function()
    write "return { name = 'fresh', action = 'all', storage = STORAGE }"
    local result = rig:typed("n\\n", "apply", "-f", path)
    assert.equal(1, result.status)
    assert.truthy(result.out:find("Make the changes to 1 tracking sets? [y/N] ", 1, true), result.out)
    assert.equal(0, rig:writes())
    assert.equal(0, rig:typed("yes\\n", "apply", "-f", path).status)
    assert.equal(1, rig:writes())
  end)

  it("tries all; 7 comes before other failures (27)", function()
    rig:create("kind", "--filter", "cam:all")
    write [[return { { name = 'kind', action = 'all', storage = STORAGE },
      { name = 'one', action = 'all', storage = STORAGE },
      { name = 'two', action = 'all', storage = STORAGE } }]]
    local result = rig:run("apply", "-f", path, "-o", "csv")
    assert.equal(1, result.status)
    assert.equal("result,id,name failed,,kind created,2,one created,3,two ", (result.out:gsub("\n", " ")))
    assert.truthy(result.err:find("cloudaudit: the tracking set kind (1) is of the other kind", 1, true), result.err)
    rig:must("set", "one", "--action", "read")
    rig.served:fault{ kind = "cut_after", action = "ModifyAuditTrack" }
    rig.served:fault{ kind = "error", code = "UnauthorizedOperation", action = "DescribeAuditTrack", after = 5,
      times = "always" }
    result = rig:run("apply", "-f", path)
    rig.served:clear_faults()
    assert.equal(7, result.status, result.err)
    assert.truthy(result.out:find('"result":"unknown"', 1, true), result.out)
  end)

  it("prints its requests with --dry-run", function()
    rig:create("changed", "--action", "read")
    rig:create("extra")
    write [[return {
      { name = 'changed', action = 'all', resource_type = 'cos', event_names = { 'A' }, storage = STORAGE },
      { name = 'fresh', action = 'all', storage = STORAGE } }]]
    local writes = rig:writes()
    local out = rig:must("apply", "-f", path, "--dry-run", "--prune")
    local actions = {}
    for action in out:gmatch('"X%-TC%-Action":"(%a+)"') do
      actions[#actions + 1] = action
    end
    assert.same({ "CreateAuditTrack", "ModifyAuditTrack", "DeleteAuditTrack" }, actions)
    assert.equal(writes, rig:writes())
  end)
end)
