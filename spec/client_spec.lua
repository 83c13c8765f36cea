local actions = require "cloudaudit.actions"
local cloudaudit = require "cloudaudit"
local wire = require "support.wire"

describe("a client", function()
  it("has a method for every action of the model, the same one each time", function()
    local client, driver = wire.client()
    for _, action in ipairs(actions.names) do
      assert.equal("function", type(client[action]), action)
      assert.equal(client[action], client[action])
    end
    assert.equal(client.ListAudits, wire.client().ListAudits)
    assert.equal("2d4a7fba-bba8-452e-a99e-ccf11fdaa583", client:ListAudits().RequestId)
    assert.equal("ListAudits", driver.requests[1].headers["X-TC-Action"])
  end)

  it("gives its session to the library, and nothing else does", function()
    local clients = require "cloudaudit.client"
    local client = wire.client()
    assert.equal("table", type(clients.session_of(client)))
    for _, value in ipairs{ client.async, {}, "x", 1 } do
      assert.is_nil(clients.session_of(value))
    end
    assert.is_nil(clients.session_of(nil))
  end)

  it("has no other methods", function()
    local client = wire.client()
    assert.is_nil(client.CreateAuditTrak)
    assert.is_nil(client[1])
    assert.error_matches(function() client:CreateAuditTrak{} end, "CreateAuditTrak")
  end)

  it("raises misuse at the caller's line and stays usable", function()
    local client, driver = wire.client()
    local where, ok, message
    ok, message = pcall(function()
      where = wire.line(); local response = client:CreateAuditTrack{ Storage = { StorageNme = "x" } }
      return response
    end)
    assert.is_false(ok)
    assert.equal(where .. " CreateAuditTrack.Storage.StorageNme: unknown field, did you mean StorageName?", message)
    ok, message = pcall(function()
      where = wire.line(); local response = client:create_track{ storge = "x" }
      return response
    end)
    assert.is_false(ok)
    assert.equal(where .. " create_track.storge: unknown field, did you mean storage?", message)
    ok, message = pcall(function()
      where = wire.line(); local made = cloudaudit.new{ time_out = 5 }
      return made
    end)
    assert.is_false(ok)
    assert.equal(where .. " new.time_out: unknown option, did you mean timeout?", message)
    assert.equal(0, #driver.requests)
    assert.truthy(client:ListAudits())
  end)

  it("raises for a call without a colon", function()
    local client = wire.client()
    assert.error_matches(function() client.create_track{ name = "x" } end, "with a colon")
    assert.error_matches(function() client.ListAudits() end, "with a colon")
    assert.error_matches(function() client.close() end, "with a colon")
  end)

  it("refuses malformed credentials when it is made", function()
    local client, message, err = cloudaudit.new{ secret_id = "AKID", secret_key = "canary\n" }
    assert.is_nil(client)
    assert.equal("credentials", err.kind)
    assert.is_nil(message:find("canary", 1, true))
  end)

  it("returns kind closed from every method after close", function()
    local client, driver = wire.client()
    assert.is_true(client:close())
    assert.is_true(client:close())
    local calls = {
      call = { "ListAudits" }, prepare = { "ListAudits" }, parse = { "ListAudits", 200, {}, "" },
      create_track = { {} }, get_track = { 1 }, find_track = { "x" }, tracks = {}, update_track = { 1, {} },
      lookup = { { since = "-1h" } }, tail = {}, wait_for = { {}, 1 }, events = { { since = "-1h" } },
      enable_track = { 1 }, disable_track = { 1 }, delete_track = { 1 }, quota = {},
      ensure_track = { { name = "audit", action = "all", storage = "cls://t@r/p" } }, diff_tracks = { {} },
      reconcile = { { action = "CreateAuditTrack", body = "{}", timestamp = 1 } },
    }
    for _, action in ipairs(actions.names) do
      calls[action] = { {} }
    end
    for name, arguments in pairs(calls) do
      local value, message, err = client[name](client, (table.unpack or unpack)(arguments))
      assert.is_nil(value, name)
      assert.equal("the client is closed", message)
      assert.equal("closed", err.kind)
    end
    assert.equal(0, #driver.requests)
    assert.equal("cloudaudit client (closed)", tostring(client))
  end)

  it("closes at the end of its scope on 5.4", function()
    if _VERSION ~= "Lua 5.4" then
      assert.is_nil(rawget(getmetatable(wire.client()), "__gc"))
      return
    end
    local client = wire.client()
    local scope = load("local client <close> = ...; return client:ListAudits() ~= nil")
    assert.is_true(scope(client))
    assert.equal("cloudaudit client (closed)", tostring(client))
  end)

  it("does not close a custom driver", function()
    local closed = 0
    local client, driver = wire.client()
    driver.close = function() closed = closed + 1 end
    client:ListAudits()
    client:close()
    assert.equal(0, closed)
  end)

  it("shows a masked id and the source of its credentials", function()
    local client = wire.client()
    assert.equal("cloudaudit client AKID****PLE (static)", tostring(client))
    assert.equal("cloudaudit client (no credentials read yet)", tostring(cloudaudit.new{}))
  end)

  it("holds no secret that Lua can reach, before, during and after calls", function()
    local key, token = "canary-secret-key-0123456789", "canary-token-0123456789"
    local inside
    local client
    client = wire.client({ function()
      inside = wire.reachable_strings(client)
      return { status = 200, headers = {}, body = wire.success() }
    end }, { secret_key = key, token = token })
    local function check(strings)
      for text in pairs(strings) do
        assert.is_nil(text:find(key, 1, true))
        assert.is_nil(text:find(token, 1, true))
      end
    end
    check(wire.reachable_strings(client))
    check(wire.reachable_strings(client.call))
    client:ListAudits()
    -- The request in progress carries the token in a header; only the driver has it.
    inside[token] = nil
    check(inside)
    client._session.settings.driver.requests = nil
    check(wire.reachable_strings(client))
    client:close()
    check(wire.reachable_strings(client))
  end)

  it("sets no globals", function()
    local known = {}
    for name in pairs(_G) do
      known[name] = true
    end
    local client = wire.client(wire.success('"Tracks":[],"TotalCount":0'))
    client:find_track("x")
    client:close()
    for name in pairs(_G) do
      assert.is_true(known[name], name)
    end
  end)

  it("can be collected", function()
    local weak = setmetatable({}, { __mode = "k" })
    do
      local client = wire.client()
      client:ListAudits()
      weak[client] = true
    end
    collectgarbage()
    collectgarbage()
    assert.is_nil(next(weak))
  end)
end)
