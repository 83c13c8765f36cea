-- Numbers in parentheses are those of the tests in the command's specification.
local track_command = require "support.track_command"

describe("cloudaudit tracks delete", function()
  local rig

  before_each(function()
    rig = track_command.start()
    rig:create("one")
    rig:create("two")
  end)

  after_each(function()
    rig:stop()
  end)

  it("needs --yes where nobody can be asked, and sends nothing without (25)", function()
    local before = #rig.served:journal()
    local result = rig:run("delete", "one")
    assert.same({ 2, "cloudaudit: tracks delete: --yes is needed where nobody can be asked\n" }, { result.status,
      result.err })
    assert.equal(before, #rig.served:journal())
    local id = rig:sets().one.id
    assert.equal(('{"result":"deleted","id":%d,"name":"one"}\n'):format(id), rig:must("delete", "one", "--yes"))
  end)

  it("asks on a terminal; only yes is a yes (25)", function()
    local writes = rig:writes()
    for _, keys in ipairs{ "n\\n", "\\n", "\\004" } do
      local result = rig:typed(keys, "delete", "one", "two")
      assert.equal(1, result.status)
      assert.truthy(result.out:find("Delete one %(%d+%): write %*; two %(%d+%): write %*%? %[y/N%] "), result.out)
      assert.truthy(result.out:find("nothing was deleted", 1, true), result.out)
    end
    assert.equal(writes, rig:writes())
    local result = rig:typed("y\\n", "delete", "one")
    assert.equal(0, result.status)
    assert.truthy(result.out:find("deleted", 1, true))
    assert.is_nil(rig:sets().one)
  end)

  it("dies by Ctrl-C at the question (11, 25)", function()
    local writes = rig:writes()
    local result = rig:typed("\\003", "delete", "one")
    assert.equal(130, result.status)
    assert.is_nil(result.out:find("traceback", 1, true))
    assert.is_true(result.seconds < 2.5, result.seconds)
    assert.equal(writes, rig:writes())
  end)

  it("deletes each once; a missing one is an error before anything is deleted, unless --missing-ok", function()
    local writes = rig:writes()
    assert.equal(1, rig:run("delete", "one", "nothing", "--yes").status)
    assert.equal(writes, rig:writes())
    local id = ("%d"):format(rig:sets().one.id)
    local out = rig:must("delete", "one", id, "nothing", "999", "--yes", "--missing-ok")
    assert.equal(('{"result":"deleted","id":%s,"name":"one"}\n'):format(id)
      .. '{"result":"missing","id":null,"name":"nothing"}\n{"result":"missing","id":null,"name":"999"}\n', out)
  end)

  it("tries all, and shows the worst status", function()
    rig.served:fault{ kind = "cut_after", action = "DeleteAuditTrack" }
    rig.served:fault{ kind = "error", code = "UnauthorizedOperation", action = "DeleteAuditTrack" }
    local result = rig:run("delete", "one", "two", "--yes", "-o", "csv")
    assert.equal(7, result.status)
    assert.equal("result,id,name unknown,1,one failed,2,two ", (result.out:gsub("\n", " ")))
    assert.truthy(result.err:find("may still act on it for 300 s", 1, true), result.err)
    assert.truthy(result.err:find("UnauthorizedOperation", 1, true), result.err)
  end)

  it("prints its requests with --dry-run", function()
    local writes = rig:writes()
    assert.equal(2, select(2, rig:must("delete", "one", "two", "--dry-run"):gsub("DeleteAuditTrack", "")))
    assert.equal(writes, rig:writes())
  end)
end)
