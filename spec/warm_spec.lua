-- client:warm(): what it does before the first call, and that none of it is a request of the API.
local cloudaudit = require "cloudaudit"
local driver_rig = require "support.driver_rig"
local misbehave = require "support.misbehave"
local wire = require "support.wire"

local ANSWER = misbehave.response(200, wire.success())
local NOT_FOUND = misbehave.response(404, "no such page")

describe("client:warm", function()
  local rig, made

  setup(function()
    rig = driver_rig.start()
  end)

  teardown(function()
    rig.stop()
  end)

  before_each(function()
    made = {}
  end)

  after_each(function()
    for _, client in ipairs(made) do
      client:close()
    end
    rig.clean()
  end)

  local function client_of(listener, more)
    local options = { endpoint = listener.url:gsub("/$", ""), ca_file = rig.authority.ca_file, env = false,
      secret_id = wire.SECRET_ID, secret_key = wire.SECRET_KEY }
    for name, value in pairs(more or {}) do
      options[name] = value
    end
    made[#made + 1] = assert(cloudaudit.new(options))
    return made[#made]
  end

  local function serve(first, tls)
    local script = { "request", { "send", first or ANSWER }, "request", { "send", ANSWER }, "again" }
    if tls then
      table.insert(script, 1, "tls")
    end
    return rig.listen{ script, tls = tls, again = true }
  end

  it("opens the connection that the first call uses, whatever the server answers", function()
    for _, version in ipairs{ "TLSv1.2", "TLSv1.3" } do
      local listener = serve(NOT_FOUND, { cert = rig.certificate.cert, key = rig.certificate.key, min = version,
        max = version })
      local client = client_of(listener)
      assert.is_true(client:warm())
      assert.equal(1, listener:journal().requests)
      assert(client:ListAudits())
      local journal = listener:journal()
      assert.same({ 2, 1 }, { journal.requests, #journal.connections })
    end
  end)

  it("sends GET / alone: no action, no credentials, no signature", function()
    local listener = serve()
    assert.is_true(client_of(listener, { token = "token-1" }):warm())
    local bytes = listener:journal(true).connections[1].bytes
    assert.truthy(bytes:find("^GET / HTTP/1.1\r\n"))
    assert.truthy(bytes:find("\r\n\r\n$"))
    for _, text in ipairs{ "authorization", "x%-tc%-", "token", "akid", "action" } do
      assert.is_nil(bytes:lower():find(text), bytes)
    end
  end)

  it("asks no provider of credentials", function()
    local provider = { name = "never", get = function() error("asked") end }
    made[1] = assert(cloudaudit.new{ endpoint = (serve().url:gsub("/$", "")), env = false, credentials = provider })
    assert.is_true(made[1]:warm())
  end)

  it("is a future of client.async, and yields in a task", function()
    local listener = serve(nil, rig.certificate)
    local client = client_of(listener)
    local future = client.async:warm()
    assert.is_false(future:done())
    assert.is_true(future:await())
    assert.is_true(client:task(function()
      return client:warm()
    end):await())
    assert(client:ListAudits())
    assert.equal(1, #listener:journal().connections)
  end)

  it("fails as a call would, without a retry", function()
    local listener = serve(nil, rig.certificate)
    local function fails(kind, options)
      local client = client_of(listener, options)
      for _, result in ipairs{ { client:warm() }, { client.async:warm():await() } } do
        local ok, message, err = result[1], result[2], result[3]
        assert.is_nil(ok)
        assert.same({ kind, "not_sent" }, { err.kind, err.outcome })
        assert.truthy(message:find("^warm: "), message)
      end
      return select(3, client:warm())
    end
    local err = fails("config", { ca_path = "/no/such/folder" })
    assert.equal("ca_path", err.field)
    err = fails("tls", { ca_file = "/no/such/file.pem" })
    assert.truthy(err.hint:find("ca_path", 1, true), err.hint)
    local refused = rig.listen{ { "request", "stall" } }
    refused:close()
    err = fails("connect", { endpoint = (refused.url:gsub("/$", "")) })
    assert.truthy(err.hint:find("endpoint", 1, true))
    assert.equal(0, listener:journal().requests)
    local silent = rig.listen{ { "request", "stall" }, again = true }
    local began = os.time()
    local client = client_of(silent, { timeout = 1 / 4 })
    local _, _, late = client:warm()
    assert.equal("timeout", late.kind)
    assert.is_true(os.time() - began <= 2)
    assert.equal(1, silent:journal().requests)
  end)

  it("ends with the client, or when it is cancelled", function()
    local listener = rig.listen{ { "request", "stall" }, again = true }
    local client = client_of(listener)
    local cancelled = client.async:warm()
    client:step(1 / 100)
    cancelled:cancel()
    assert.equal("cancelled", select(3, cancelled:result()).kind)
    local closed = client.async:warm()
    client:step(1 / 100)
    client:close()
    client:step(0)
    assert.equal("closed", select(3, closed:result()).kind)
    assert.equal("closed", select(3, client:warm()).kind)
  end)

  it("says what is wrong with the options, as the first call would", function()
    local _, _, err = assert(cloudaudit.new{ endpoint = "ftp://x", env = false }):warm()
    assert.same({ "config", "endpoint" }, { err.kind, err.field })
  end)

  it("has nothing to do for a custom driver, unless that asks for it", function()
    local client, driver = wire.client()
    assert.is_true(client:warm())
    assert.same({}, driver.requests)
    driver.warms = true
    assert.is_true(client:warm())
    assert.equal("GET https://cloudaudit.tencentcloudapi.com/ ", ("%s %s %s"):format(driver.requests[1].method,
      driver.requests[1].url, driver.requests[1].body))
    assert.same({ Host = "cloudaudit.tencentcloudapi.com" }, driver.requests[1].headers)
    local cases = {
      { function() return nil, "no way", { kind = "dns", hint = "look" } end, "dns", "warm: no way" },
      { function() return nil end, "transport", "warm: the driver gave no reason" },
      { function() return {} end, "protocol", "warm: the driver returned no response" },
      { function() return "200" end, "protocol", "warm: the driver returned no response" },
    }
    for _, case in ipairs(cases) do
      client, driver = wire.client{ case[1] }
      driver.warms = true
      local _, message, err = client:warm()
      assert.same({ case[2], case[3] }, { err.kind, message })
    end
  end)

  it("sends nothing to an emulator in the process", function()
    local emulator = cloudaudit.emulator.new()
    assert.is_true(emulator:client():warm())
    assert.same({}, emulator:journal())
  end)
end)
