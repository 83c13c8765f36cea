local command = require "support.command"
local track_command = require "support.track_command"

describe("cloudaudit tracks list", function()
  local rig

  setup(function()
    rig = track_command.start()
  end)

  teardown(function()
    rig:stop()
  end)

  it("prints nothing, [] or a heading when there is none", function()
    assert.equal("", rig:must("list"))
    assert.equal("[]\n", rig:must("list", "-o", "json"))
    assert.truthy(rig:must("list", "-o", "csv"):find("^id,name,"))
  end)

  it("shows state, coverage and storage, and with --long filters and all_members", function()
    rig:create("some-writes")
    rig:create("several", "--filter", "cam:write", "--filter", "cos:all:DeleteBucket", "--all-members", "--disabled")
    local lines = command.lines(rig:must("list", "-o", "table"))
    assert.equal("ID NAME STATE COVERS STORAGE CREATED", (lines[1]:gsub("%s+", " ")))
    assert.equal(3, #lines)
    assert.truthy((lines[2] .. lines[3]):find(
      "some%-writes +enabled +write %* +cos://audit%-logs@ap%-guangzhou/cloudaudit"))
    assert.truthy((lines[2] .. lines[3]):find("several +disabled +several products +cos"), lines[3])
    for line in rig:must("list"):gmatch("[^\n]+") do
      local names = line:find('"name":"several"', 1, true) and "null" or '["*"]'
      assert.truthy(line:find('"event_names":' .. names, 1, true), line)
    end
    local sets = rig:sets()
    assert.same({ true, "write" }, { sets["some-writes"].enabled, sets["some-writes"].action })
    assert.same({ false, true, 2 }, { sets.several.enabled, sets.several.all_members, #sets.several.filters })
    local long = rig:must("list", "--long", "-o", "table")
    assert.truthy(long:find("several +disabled +write cam; all cos: DeleteBucket"), long)
  end)

  it("ends by the kind of a failure, and waits when the service throttles", function()
    rig.served:fault{ kind = "error", code = "UnauthorizedOperation", action = "DescribeAuditTracks" }
    assert.equal(3, rig:run("list").status)
    rig.served:fault{ kind = "throttle", action = "DescribeAuditTracks", times = "always" }
    local result = rig:run("list", "--patience", "0.2", "--call-timeout", "1")
    assert.equal(5, result.status)
    assert.truthy(result.err:find("note: the service limits the rate; waiting", 1, true))
    rig.served:clear_faults()
  end)
end)
