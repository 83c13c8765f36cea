local cloudaudit = require "cloudaudit"
local providers = require "cloudaudit.credentials.provider"
local folder = require "support.folder"
local wire = require "support.wire"

local credentials = cloudaudit.credentials

local home
before_each(function() home = folder.new() end)
after_each(function() home.remove() end)

local function context(environment, now)
  return home.provider_context(environment, now)
end

-- The raw snapshot that the provider reads of a file.
local function tccli(text, environment, given, now)
  home.write(".tccli/default.credential", text)
  return credentials.tccli(given).get(context(environment, now))
end

local function refused(pattern, snapshot, message, err)
  assert.is_nil(snapshot)
  assert.equal("credentials", err and err.kind)
  assert.truthy(message:find(pattern), message)
  assert.is_nil(message:find("canary", 1, true))
end

-- As `tccli configure` and `tccli auth login` write them (json.dump with an indent).
local CONFIGURED = [[{
    "secretId": "AKIDconfigured",
    "secretKey": "key-configured"
}]]
local OAUTH = [[{
    "type": "oauth",
    "secretId": "AKIDoauth",
    "secretKey": "key-oauth",
    "token": "token-oauth",
    "expiresAt": 2000,
    "oauth": {
        "openId": "canary-open",
        "accessToken": "canary-access",
        "expiresAt": 9000,
        "refreshToken": "canary-refresh",
        "site": "cn"
    }
}]]
local SSO = [[{"type": "sso", "secretId": "AKIDsso", "secretKey": "key-sso", "token": "token-sso", "expiresAt": 2000,
  "sso": {"token": "canary-sso", "uin": "1", "roleConfigurationId": "rc", "roleConfigurationName": "n", "zoneId": "z",
  "site": "cn", "authUrl": "https://example.com", "expiresAt": 3000}}]]

describe("credentials.tccli", function()
  it("reads what tccli configure writes", function()
    local snapshot = tccli(CONFIGURED)
    assert.equal("AKIDconfigured", snapshot.secret_id)
    assert.equal("key-configured", snapshot.secret_key)
    assert.is_nil(snapshot.token)
    assert.is_nil(snapshot.expires_at)
    assert.equal("tccli " .. home.path .. "/.tccli/default.credential", snapshot.source)
    assert.equal("t", tccli('{"secretId":"a","secretKey":"b","token":"t","type":"default"}').token)
    assert.equal("a", tccli('{"secretId":"a","secretKey":"b","token":"","type":""}').secret_id)
    assert.equal("AKIDconfigured", tccli("\239\187\191" .. CONFIGURED).secret_id)
  end)

  it("reads logins until they expire, and leaves renewal to tccli", function()
    for _, case in ipairs{ { OAUTH, "AKIDoauth", "token-oauth" }, { SSO, "AKIDsso", "token-sso" } } do
      local snapshot = tccli(case[1])
      assert.equal(case[2], snapshot.secret_id)
      assert.equal(case[3], snapshot.token)
      assert.equal(2000, snapshot.expires_at)
      assert.is_nil(wire.reachable_strings(snapshot)["canary-refresh"])
      local none, message, err = tccli(case[1], nil, nil, 2000)
      refused("the login's credentials expired 0 s ago$", none, message, err)
      assert.truthy(err.hint:find("tccli auth login", 1, true))
    end
    refused("expiresAt is missing$", tccli('{"type":"oauth","secretId":"a","secretKey":"canary"}'))
  end)

  it("finds the profile by option, by variable, or the default one", function()
    for _, name in ipairs{ "prod", "test", "dev" } do
      home.write(".tccli/" .. name .. ".credential", ('{"secretId":"%s","secretKey":"k"}'):format(name))
    end
    local environment = { TCCLI_PROFILE = "prod", TENCENTCLOUD_PROFILE = "test" }
    assert.equal("prod", credentials.tccli().get(context(environment)).secret_id)
    assert.equal("dev", credentials.tccli{ name = "dev" }.get(context(environment)).secret_id)
    environment.TCCLI_PROFILE = ""
    assert.equal("test", credentials.tccli().get(context(environment)).secret_id)
    for _, name in ipairs{ "none", "../prod", "a/b", ".hidden" } do
      local snapshot, message, err = credentials.tccli{ name = name }.get(context())
      assert.is_nil(snapshot)
      assert.is_nil(err)
      assert.is_string(message)
    end
  end)

  it("does not ask the metadata service as tccli would", function()
    local snapshot, message, err = tccli('{"type":"cvm-role"}')
    assert.is_nil(snapshot)
    assert.is_nil(err)
    assert.truthy(message:find("credentials.cvm_role()", 1, true))
  end)

  it("has no credentials in a file without keys", function()
    for _, text in ipairs{ "{}", '{"secretId":"","secretKey":""}', '{"type":"something-new","secretId":"a"}' } do
      local snapshot, _, err = tccli(text)
      assert.is_nil(snapshot)
      assert.is_nil(err)
    end
  end)

  it("is broken by a malformed file", function()
    for text, pattern in pairs{
      [""] = "not a JSON object$", ["{"] = "not a JSON object$", ["[]"] = "not a JSON object$",
      ['"canary"'] = "not a JSON object$", ['{"secretId":"a"}'] = "secret_key is missing$",
      ['{"secretId":5,"secretKey":"canary"}'] = "secret_id is missing$",
      ['{"secretId":{},"secretKey":"canary"}'] = "secret_id is missing$",
    } do
      refused(pattern, tccli(text))
    end
    home.write(".tccli/default.credential", '{"secretId":"a","secretKey":"canary \\n"}')
    refused("^tccli .*: secret_key: ", providers.ask(credentials.tccli(), context()))
  end)

  it("assumes the role that a file names, as tccli does", function()
    local emulator = cloudaudit.emulator.new()
    local id, key = emulator:credential()
    home.write(".tccli/default.credential", ([[{"secretId": "%s", "secretKey": "%s",
      "role-arn": "qcs::cam::uin/1:roleName/audit", "role-session-name": "mine"}]]):format(id, key))
    local getenv = os.getenv
    os.getenv = function(name) return name == "HOME" and home.path or nil end -- luacheck: ignore 122
    local client = emulator:client{ credentials = credentials.tccli(), env = true }
    local quota = client:quota()
    os.getenv = getenv -- luacheck: ignore 122
    assert.truthy(quota)
    local entry = emulator:journal("AssumeRole")[1]
    assert.equal("mine", entry.params.RoleSessionName)
    assert.equal(id, entry.secret_id)
    assert.is_not.equal(id, emulator:journal("InquireAuditCredit")[1].secret_id)
    assert.truthy(tostring(client):find("(tccli qcs::cam::uin/1:roleName/audit)", 1, true))
  end)
end)

describe("the role in the environment", function()
  it("is assumed with tccli's keys too, unless a profile is named", function()
    local emulator = cloudaudit.emulator.new()
    local id, key = emulator:credential()
    for _, name in ipairs{ "default", "prod" } do
      home.write((".tccli/%s.credential"):format(name), ('{"secretId": "%s", "secretKey": "%s"}'):format(id, key))
    end
    local environment = { HOME = home.path, TENCENTCLOUD_ROLE_ARN = "qcs::cam::uin/1:roleName/audit",
      TENCENTCLOUD_ROLE_SESSION_NAME = "mine" }
    for _, case in ipairs{ { credentials.tccli(), 1 }, { credentials.chain(), 2 },
      { credentials.tccli{ name = "prod" }, 2 } } do
      local getenv = os.getenv
      os.getenv = function(name) return environment[name] end -- luacheck: ignore 122
      local quota, message = emulator:client{ credentials = case[1], env = true }:quota()
      os.getenv = getenv -- luacheck: ignore 122
      assert.truthy(quota, message)
      assert.equal(case[2], emulator:count("AssumeRole"))
    end
  end)
end)

describe("the region of tccli's profile", function()
  -- The region, its source, and that of the request.
  local function region(environment, options)
    local values = { HOME = home.path }
    for name, value in pairs(environment or {}) do
      values[name] = value
    end
    local getenv = os.getenv
    os.getenv = function(name) return values[name] end -- luacheck: ignore 122
    local driver = wire.driver()
    options = options or {}
    options.driver = driver
    local client = cloudaudit.new(options)
    local response, message = client:ListAudits()
    local item = client:config().region
    os.getenv = getenv -- luacheck: ignore 122
    assert.truthy(response, message)
    assert.equal(item.value, driver.requests[1].headers["X-TC-Region"])
    return item.value, item.source
  end

  before_each(function()
    for name, place in pairs{ default = "ap-shanghai", prod = "ap-singapore" } do
      home.write((".tccli/%s.credential"):format(name), CONFIGURED)
      home.write((".tccli/%s.configure"):format(name), ('{"_sys_param": {"region": "%s"}}'):format(place))
    end
  end)

  it("comes with its keys in the default chain", function()
    assert.same({ "ap-shanghai", "tccli " .. home.path .. "/.tccli/default.configure" }, { region() })
    assert.equal("ap-singapore", region{ TCCLI_PROFILE = "prod" })
    assert.equal("ap-singapore", region{ TENCENTCLOUD_PROFILE = "prod" })
    assert.equal("ap-shanghai", region(nil, { credentials = credentials.chain() }))
    assert.equal("ap-singapore", region(nil, { credentials = credentials.tccli{ name = "prod" } }))
    assert.equal("ap-singapore", region({ TCCLI_PROFILE = "prod" },
      { credentials = credentials.chain{ credentials.env(), credentials.chain{ credentials.tccli() } } }))
  end)

  it("comes second to one that is given", function()
    assert.same({ "ap-tokyo", "environment TENCENTCLOUD_REGION" }, { region{ TENCENTCLOUD_REGION = "ap-tokyo" } })
    assert.same({ "ap-tokyo", "option" }, { region(nil, { region = "ap-tokyo" }) })
  end)

  it("does not come with other keys", function()
    local default = { "ap-guangzhou", "default" }
    assert.same(default, { region{ TENCENTCLOUD_SECRET_ID = "AKIDx", TENCENTCLOUD_SECRET_KEY = "k" } })
    assert.same(default, { region(nil, { secret_id = "AKIDx", secret_key = "k" }) })
    assert.same(default, { region(nil, { credentials = credentials.chain{
      credentials.callback(function() return { secret_id = "AKIDx", secret_key = "k" } end), credentials.tccli() } }) })
    home.write(".tencentcloud/credentials", "[default]\nsecret_id=AKIDx\nsecret_key=k\n")
    assert.same(default, { region() })
  end)

  it("is kept with the environment that a host is about to lose", function()
    local chain = require "cloudaudit.credentials.chain"
    local values = { HOME = home.path, TCCLI_PROFILE = "prod" }
    local made = { clock = os.time, getenv = function(name) return values[name] end }
    local refresher = require("cloudaudit.credentials.refresher").new(chain.default(), made)
    refresher:freeze()
    values = {}
    assert.equal("ap-singapore", refresher:region())
  end)
end)

describe("a profile by name", function()
  it("supplies the region that tccli keeps with it", function()
    home.write(".tccli/prod.credential", CONFIGURED)
    local path = home.write(".tccli/prod.configure", [[{
    "_sys_param": {"region": "ap-singapore", "output": "json", "language": "zh-CN"},
    "cloudaudit": {"endpoint": "cloudaudit.tencentcloudapi.com", "version": "2019-03-19"}
}]], "644")
    local function region(options)
      local getenv = os.getenv
      os.getenv = function(name) return name == "HOME" and home.path or nil end -- luacheck: ignore 122
      options.driver = wire.driver()
      local client = cloudaudit.new(options)
      client:ListAudits()
      local item, message = client:config()
      os.getenv = getenv -- luacheck: ignore 122
      return item and item.region, options.driver.requests[1], message
    end
    local item, request = region{ profile = "prod" }
    assert.same({ name = "region", value = "ap-singapore", source = "tccli " .. path }, item)
    assert.equal("ap-singapore", request.headers["X-TC-Region"])
    assert.equal("option", region{ profile = "prod", region = "ap-tokyo" }.source)
    home.write(".tccli/prod.configure", '{"region": "eu-frankfurt"}') -- as old versions wrote it
    assert.equal("eu-frankfurt", region{ profile = "prod" }.value)
    home.write(".tccli/prod.configure", "{}")
    assert.equal("default", region{ profile = "prod" }.source)
    home.write(".tccli/prod.configure", "{")
    local _, _, message = region{ profile = "prod" }
    assert.truthy(message:find("prod.configure: not a JSON object", 1, true))
  end)
end)
