-- Numbers in parentheses are those of the tests in the command's specification.
local folder = require "support.folder"
local track_command = require "support.track_command"

local WHOLE = (os.getenv("CLOUDAUDIT_BUILD") or "5.4") == "5.4"

-- Specs of every kind, storage and field, as JSON; {change} is another value of each.
local SPECS = {
  [[{"name":"single-cos","action":"write","resource_type":"cam","event_names":["CreateUser","AddUser"],
    "enabled":true,"all_members":true,"storage":"cos://audit-logs@ap-guangzhou/cloudaudit?compress=1"}]],
  [[{"name":"single-cls","action":"all","storage":"cls://topic-1@ap-shanghai/cloudaudit","enabled":false}]],
  [[{"name":"plain","storage":"cos://audit-logs@ap-guangzhou/plain","action":"read"}]],
  [[{"name":"several-1","filters":[{"resource_type":"cam","action":"write"},{"resource_type":"cos","action":"all",
    "event_names":["DeleteBucket"]}],"storage":"cos://audit-logs@ap-guangzhou/several"}]],
}

describe("cloudaudit tracks plan", function()
  local rig, place, path

  setup(function()
    rig, place = track_command.start(), folder.new()
    path = place.path .. "/tracks.json"
  end)

  teardown(function()
    rig:stop()
    place.remove()
  end)

  local function write(list)
    local file = assert(io.open(path, "w"))
    file:write("[", table.concat(list, ",\n"), "]")
    file:close()
  end

  it("is empty after apply, for every kind, storage and field (23)", function()
    write(SPECS)
    assert.equal(4, rig:run("plan", "-f", path).status)
    local out = rig:must("apply", "-f", path)
    assert.equal(#SPECS, select(2, out:gsub('"result":"created"', "")))
    local result = rig:run("plan", "-f", path)
    assert.same({ 0, "", "" }, { result.status, result.out, result.err })
    assert.equal("", rig:must("apply", "-f", path))
  end)

  it("is empty for what show prints", function()
    local shown = {}
    for _, name in ipairs{ "single-cos", "single-cls", "plain", "several-1" } do
      shown[#shown + 1] = rig:must("show", name)
    end
    write(shown)
    assert.equal("", rig:must("plan", "-f", path))
  end)

  it("ends with 4 for a foreign change, and --who names its event (23)", function()
    write(SPECS)
    local changes = {
      { "plain", "action", "--action", "write" }, { "single-cos", "enabled", "--disabled" },
      { "single-cos", "event_names", "--event", "DeleteUser" }, { "single-cos", "resource_type", "--product", "cos" },
      { "single-cls", "storage.StoragePrefix", "--storage", "cls://topic-1@ap-shanghai/other" },
      { "several-1", "filters", "--filter", "cam:all" }, { "single-cos", "all_members", "--no-all-members" },
      { "plain", "storage.StorageName", "--storage", "cos://other@ap-guangzhou/plain" },
    }
    for index, change in ipairs(changes) do
      if WHOLE or index <= 2 then
        rig:must("set", change[1], (table.unpack or unpack)(change, 3))
        local result = rig:run("plan", "-f", path, "--who")
        assert.equal(4, result.status, result.err)
        assert.truthy(result.out:find('{"sign":"~","name":"' .. change[1] .. '"', 1, true), result.out)
        assert.truthy(result.out:find('"field":"' .. change[2] .. '"', 1, true), result.out)
        assert.truthy(result.out:find('"who":"%a+ by root from 127.0.0.1 at 20[%d-]+T[%d:Z+]+ %([%x-]+%)"'), result.out)
        rig:must("apply", "-f", path)
        assert.equal("", rig:must("plan", "-f", path))
      end
    end
  end)

  it("names the event of a set that was deleted (23)", function()
    write(SPECS)
    rig:must("delete", "plain", "--yes")
    local result = rig:run("plan", "-f", path, "--who", "-o", "table")
    assert.equal(4, result.status)
    assert.truthy(result.out:find("\n%+ +plain"), result.out)
    local events = rig.served:journal("DeleteAuditTrack")
    assert.truthy(result.out:find("DeleteAuditTrack by root from 127.0.0.1 at [^\n]*%(" .. events[#events].request_id
      :gsub("%-", "%%-")), result.out)
    result = rig:run("plan", "-f", path, "--who", "-o", "csv")
    assert.truthy(result.out:find("^sign,name,field,wanted,found,who\n%+,plain,,,,DeleteAuditTrack by root "),
      result.out)
    assert.truthy(rig:run("plan", "-f", path, "-o", "csv").out:find("^sign,name,field,wanted,found\n"))
    rig:must("apply", "-f", path)
  end)

  it("ends with 1 when a set is of the other kind (27)", function()
    write{ [[{"name":"plain","filters":[{"resource_type":"cam","action":"all"}],
      "storage":"cos://audit-logs@ap-guangzhou/plain"}]] }
    local result = rig:run("plan", "-f", path, "-q")
    assert.equal(1, result.status)
    assert.truthy(result.out:find('"sign":"!"', 1, true))
    assert.equal("", result.err)
  end)

  it("has what is in no spec with --prune, and as a note without", function()
    write{ SPECS[3] }
    local result = rig:run("plan", "-f", path)
    assert.same({ 0, "", 3 }, { result.status, result.out, select(2, result.err:gsub("note: in no spec of ", "")) })
    result = rig:run("plan", "-f", path, "--prune")
    assert.same({ 4, 3 }, { result.status, select(2, result.out:gsub('"sign":"%-"', "")) })
  end)
end)
