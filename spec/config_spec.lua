local cloudaudit = require "cloudaudit"
local options = require "cloudaudit.options"
local wire = require "support.wire"

local function with_environment(values, run)
  local getenv = os.getenv
  os.getenv = function(name) return values[name] end -- luacheck: ignore 122
  local ok, message = pcall(run)
  os.getenv = getenv -- luacheck: ignore 122
  assert(ok, message)
end

describe("client:config", function()
  it("lists every option, in order and by name", function()
    local config = wire.client():config()
    assert.equal(#options.rows, #config)
    for index, row in ipairs(options.rows) do
      assert.equal(row.name, config[index].name)
      assert.equal(config[index], config[row.name])
      assert.is_string(config[index].source)
    end
  end)

  it("tells the source of each value", function()
    with_environment({ TENCENTCLOUD_REGION = "ap-tokyo", CLOUDAUDIT_CA_FILE = "" }, function()
      local config = cloudaudit.new{ timeout = 7, driver = wire.driver(), log = print }:config()
      assert.same({ name = "region", value = "ap-tokyo", source = "environment TENCENTCLOUD_REGION" }, config.region)
      assert.same({ name = "timeout", value = 7, source = "option" }, config.timeout)
      assert.same({ name = "retries", source = "not set" }, config.retries)
      assert.same({ name = "ca_file", source = "not set" }, config.ca_file)
      assert.same({ name = "log", value = "function", source = "option" }, config.log)
      assert.same({ name = "driver", value = "table", source = "option" }, config.driver)
      assert.same({ name = "secret_id", source = "not read yet" }, config.secret_id)
    end)
  end)

  it("shows no secret, before and after the first call", function()
    local client = wire.client(nil, { token = "canary-token", secret_key = "canary-key",
      proxy = "http://user:canary-word@proxy:3128" })
    for _ = 1, 2 do
      local config = client:config()
      assert.same({ name = "secret_id", value = "AKID****PLE", source = "static" }, config.secret_id)
      assert.same({ name = "secret_key", value = "****", source = "static" }, config.secret_key)
      assert.equal("http://****@proxy:3128", config.proxy.value)
      for text in pairs(wire.reachable_strings(config)) do
        assert.is_nil(text:find("canary", 1, true), text)
      end
      client:ListAudits()
    end
    assert.equal("****", client:config().token.value)
    assert.is_nil(wire.client():config().token.value)
  end)

  it("shows no password of a proxy, in any notation", function()
    for given, shown in pairs{
      ["http://user:canary@proxy:3128"] = "http://****@proxy:3128", ["user:canary@proxy:3128"] = "****@proxy:3128",
      ["http://user:canary@canary@proxy"] = "http://****@proxy", ["http://user:can/ary@proxy"] = "http://****@proxy",
      ["socks5h://proxy:1080"] = "socks5h://proxy:1080", ["proxy:3128"] = "proxy:3128",
    } do
      assert.equal(shown, wire.client(nil, { proxy = given }):config().proxy.value)
    end
    assert.equal("/a@b/ca.pem", wire.client(nil, { ca_file = "/a@b/ca.pem" }):config().ca_file.value)
  end)

  it("names the provider of the credentials", function()
    local emulator = cloudaudit.emulator.new{ role = "audit" }
    local client = emulator:client{ credentials = cloudaudit.credentials.cvm_role() }
    assert.equal("cvm_role", client:config().credentials.value)
    assert.equal("not read yet", client:config().secret_id.source)
    assert.equal(0, #emulator:journal())
    client:quota()
    assert.equal("cvm_role audit", client:config().secret_id.source)
  end)

  it("fails with the error that the first call would return", function()
    local config, _, err = cloudaudit.new{ env = false, endpoint = "ftp://x" }:config()
    assert.is_nil(config)
    assert.equal("config", err.kind)
  end)

  it("tells when the credentials expire", function()
    local client = require("cloudaudit").new{ env = false, clock = function()
      return 1000
    end, credentials = cloudaudit.credentials.callback(function()
      return { secret_id = "AKIDexample", secret_key = "k", token = "t", expires_at = 5000 }
    end) }
    assert(client:prepare("ListAudits", {}))
    assert.equal(5000, client:config().token.expires_at)
  end)
end)
