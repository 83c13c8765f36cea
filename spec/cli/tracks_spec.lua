local status = require "cloudaudit.cli.status"
local tracks = require "cloudaudit.cli.tracks"

describe("cloudaudit.cli.tracks", function()
  it("turns messages of the library into the command's words", function()
    for given, expected in pairs{
      ["ensure_track.storage: x"] = "--storage: x", ["ensure_track.storage.prefix: x"] = "--storage.prefix: x",
      ["create_track.name: x"] = "NAME: x", ["update_track.filters[2].action: x"] = "--filter[2].action: x",
      ["get_track.id: x"] = "ID: x", ["ensure_track: the set a (1) differs, and update = false: b"] =
        "the set a (1) has other settings: b", ["DescribeAuditTrack: x"] = "DescribeAuditTrack: x",
      ["tracks: x"] = "x", ["tracksuit: x"] = "tracksuit: x",
    } do
      assert.equal(expected, tracks.words(given))
    end
    assert.equal("f.json[2].name: x", tracks.words("diff_tracks[2].name: x", "f.json"))
  end)

  it("says how long a write of unknown outcome may still take effect", function()
    local number, text, hint = tracks.problem({ kind = "timeout", message = "m", outcome = "unknown",
      retry_after = 12.2 }, true)
    assert.same({ 7, "m; it may have been done, and the service may still act on it for 13 s",
      "the same command settles it; cloudaudit tracks plan shows what differs" }, { number, text, hint })
    hint = select(3, tracks.problem{ kind = "not_found", message = "m", hint = "no set: list them with tracks()" })
    assert.equal("no set: cloudaudit tracks list shows them", hint)
    hint = select(3, tracks.problem({ kind = "timeout", message = "m", outcome = "unknown",
      action = "DeleteAuditTrack" }, true))
    assert.truthy(hint:find("the same command with --missing-ok settles it", 1, true), hint)
    text = select(2, tracks.problem({ kind = "timeout", message = "m", outcome = "unknown" }, true))
    assert.truthy(text:find("300 s", 1, true))
    assert.same({ 6, "m" }, { tracks.problem({ kind = "timeout", message = "m", outcome = "unknown" }, false) })
    assert.same({ 1, "m" }, { tracks.problem{ kind = "conflict", message = "m", hint = "call client:reconcile()" } })
  end)

  it("describes what a track covers", function()
    assert.equal("all *", tracks.covers{ action = "all", resource_type = "*", event_names = { "*" } })
    assert.equal("write cos: A,B", tracks.covers{ action = "write", resource_type = "cos", event_names = { "A", "B" } })
    assert.equal("write cam; all cos: A", tracks.covers{ filters = { { resource_type = "cam", action = "write" },
      { resource_type = "cos", action = "all", event_names = { "A" } } } })
    assert.equal("several products", tracks.covers{ name = "a" })
    local listed = { name = "a", action = "", resource_type = "", event_names = {} }
    assert.equal("several products", tracks.covers(listed))
    assert.same({ name = "a" }, tracks.spec_of(listed))
    assert.equal('{"action":"all","event_names":[]}', tracks.spec_text(tracks.spec_of{ action = "all",
      event_names = {} }))
  end)

  it("writes a track as a spec, its fields in order", function()
    local track = { id = 1, name = "a", enabled = true, action = "all", resource_type = "*", event_names = { "*" },
      storage = { StorageType = "cos", StorageName = "b", StorageRegion = "ap-guangzhou", StoragePrefix = "pre" } }
    assert.equal('{"name":"a","enabled":true,"action":"all","resource_type":"*","event_names":["*"],'
      .. '"storage":"cos://b@ap-guangzhou/pre"}', tracks.spec_text(tracks.spec_of(track)))
    track.filters = { { resource_type = "cam", action = "write", event_names = { "*" } } }
    assert.is_nil(tracks.spec_of(track).action)
  end)

  it("reads --filter, and refuses what cannot stand beside it", function()
    local function given(values)
      return tracks.given{ values = values }
    end
    assert.same({ { resource_type = "cam", action = "write" }, { resource_type = "cos", action = "all",
      event_names = { "A", "B" } } }, given{ filter = { "cam:write", "cos:all:A,B" } }.filters)
    for _, values in ipairs{ { filter = { "cam" } }, { filter = { "cam:wirte" } },
      { filter = { "a:all" }, action = "all" } } do
      local _, problem = pcall(given, values)
      assert.is_true(status.is_problem(problem))
      assert.same({ 2, "--filter: " }, { problem.status, problem.message:sub(1, 10) })
    end
  end)

  it("does not ask where nobody can answer, nor with --yes", function()
    local function confirm(values, terminal)
      return tracks.confirm({ values = values, is_terminal = function()
        return terminal
      end }, "?")
    end
    assert.is_true(confirm({}, false))
    assert.is_true(confirm({ yes = true }, true))
  end)
end)
