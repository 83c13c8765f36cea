-- The client against the emulator in this process: the whole protocol, with verified signatures.
local cloudaudit = require "cloudaudit"
local wire = require "support.wire"

local function spec_of(more)
  local given = { name = "audit", action = "read", resource_type = "cam", event_names = { "A", "B" },
    storage = "cos://audit-logs@ap-guangzhou/cloudaudit" }
  for key, value in pairs(more or {}) do
    given[key] = value
  end
  return given
end

describe("the client against the emulator", function()
  local emulator, client

  before_each(function()
    emulator = cloudaudit.emulator.new{ quota = 100, compress = false }
    client = emulator:client()
  end)

  it("creates, reads, lists, updates and deletes a track of one product", function()
    local made = assert(client:create_track(spec_of()))
    local read = assert(client:get_track(made.id))
    for _, field in ipairs{ "id", "name", "enabled", "action", "resource_type" } do
      assert.equal(made[field], read[field], field)
    end
    assert.same(made.event_names, read.event_names)
    assert.same(made.storage, read.storage)
    assert.is_nil(read.filters)
    assert.truthy(read.created_at_text:find("^%d%d%d%d%-%d%d%-%d%d %d%d:%d%d:%d%d$"))
    assert.equal(cloudaudit.time.parse(read.created_at_text), read.created_at)
    local listed = {}
    for track in client:tracks() do
      listed[#listed + 1] = track.id
    end
    assert.same({ made.id }, listed)
    assert(client:update_track(made.id, { event_names = { "*" }, all_members = true }))
    assert(client:disable_track(made.id))
    read = assert(client:find_track("audit"))
    assert.same({ "*" }, read.event_names)
    assert.is_true(read.all_members)
    assert.is_false(read.enabled)
    assert.equal("cam", read.resource_type)
    assert.same({ true, "deleted" }, { client:delete_track(made.id) })
    assert.is_nil(client:find_track("audit"))
    assert.same({ true, "missing" }, { client:delete_track(made.id, { missing_ok = true }) })
  end)

  it("does the same with a track of several products", function()
    local filters = { { resource_type = "cam", action = "write", event_names = { "A" } },
      { resource_type = "cos", action = "all", event_names = { "*" } } }
    local made = assert(client:create_track{ name = "several", filters = filters,
      storage = "cls://topic-1@ap-tokyo/p" })
    assert.same(filters, client:get_track(made.id).filters)
    assert(client:disable_track(made.id))
    assert.is_false(client:get_track(made.id).enabled)
    assert(client:update_track(made.id, { filters = { filters[2] } }))
    assert.same({ filters[2] }, client:get_track(made.id).filters)
    assert.truthy(client:delete_track(made.id))
    assert.equal(0, #emulator:all_tracks())
  end)

  it("lists more tracks than fit a page, each exactly once", function()
    for index = 1, 45 do
      assert(client:create_track(spec_of{ name = ("track-%02d"):format(index) }))
      emulator:advance(0.1)
    end
    local names = {}
    for track in client:tracks{ page_size = 7 } do
      names[#names + 1] = track.name
    end
    table.sort(names)
    assert.equal(45, #names)
    for index, name in ipairs(names) do
      assert.equal(("track-%02d"):format(index), name)
    end
  end)

  it("returns the remaining quota", function()
    assert.equal("number", type(assert(client:quota()).remaining))
  end)

  it("sends no request that breaks a documented rule, and stays usable", function()
    for _, wrong in ipairs{ { name = "ab" }, { name = ("a"):rep(49) }, { name = "a b" }, { event_names = { "*", "A" } },
      { resource_type = "*" }, { event_names = {} }, { storage = "cos://audit-1250000000@ap-guangzhou/abc" } } do
      local track, _, err = client:create_track(spec_of(wrong))
      assert.is_nil(track)
      assert.equal("validation", err.kind)
    end
    for _, wrong in ipairs{ { storge = 1 }, { name = 5 }, { event_names = "A" }, { enabled = "yes" } } do
      assert.is_false((pcall(client.create_track, client, spec_of(wrong))))
    end
    assert.equal(0, #emulator:journal())
    assert(client:create_track(spec_of()))
    assert.equal(1, emulator:count("CreateAuditTrack"))
  end)

  it("returns refusals of the service as errors", function()
    assert(client:create_track(spec_of()))
    local _, _, err = client:create_track(spec_of())
    assert.equal("conflict", err.kind)
    assert.is_true(err:is("InvalidParameterValue.AliasAlreadyExists"))
    _, _, err = client:get_track(424242)
    assert.equal("not_found", err.kind)
    assert.equal("rejected", err.outcome)
    _, _, err = client:call("NoSuchAction", {})
    assert.equal("InvalidAction", err.code)
    local stranger = emulator:client{ secret_id = wire.SECRET_ID, secret_key = "a-wrong-key" }
    _, _, err = stranger:ListAudits()
    assert.equal("AuthFailure.SignatureFailure", err.code)
    assert.truthy(err.hint:find("secret key", 1, true))
    stranger = emulator:client{ secret_id = "AKIDnobody", secret_key = "x" }
    _, _, err = stranger:ListAudits()
    assert.equal("AuthFailure.SecretIdNotFound", err.code)
  end)

  it("never creates twice when the response is lost", function()
    emulator:fault{ kind = "cut_after", action = "CreateAuditTrack" }
    local track, _, err = client:create_track(spec_of())
    assert.is_nil(track)
    assert.equal("unknown", err.outcome)
    assert.equal(1, #emulator:journal("CreateAuditTrack"))
    assert.equal(1, #emulator:all_tracks())
    assert.truthy(client:find_track("audit"))
  end)

  it("retries when it may, by the emulator's clock", function()
    emulator:fault{ kind = "throttle", action = "CreateAuditTrack" }
    assert(client:create_track(spec_of()))
    assert.equal(2, #emulator:journal("CreateAuditTrack"))
    emulator:fault{ kind = "cut_before", action = "DescribeAuditTracks" }
    assert.truthy(client:find_track("audit"))
  end)
end)

describe("the example without an account", function()
  it("creates a track and lists it", function()
    local printed, print_before = {}, print
    _G.print = function(...) printed[#printed + 1] = { ... } end -- luacheck: ignore
    local ok, message = pcall(dofile, "examples/no_account.lua")
    _G.print = print_before -- luacheck: ignore
    assert.is_true(ok, message)
    assert.equal(1, #printed)
    assert.equal("all-writes", printed[1][2])
  end)
end)
