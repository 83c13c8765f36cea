-- Temporary keys for a pod, whom its cluster vouches for: unsigned, the token from a file.
local cloudaudit = require "cloudaudit"
local folder = require "support.folder"
local wire = require "support.wire"

local credentials = cloudaudit.credentials
local ARN = "qcs::cam::uin/100000000001:roleName/audit"

describe("credentials.tke_oidc", function()
  local home
  before_each(function() home = folder.new() end)
  after_each(function() home.remove() end)

  local function given(more)
    local made = { region = "ap-singapore", provider_id = "OIDC", token_file = home.path .. "/token", role_arn = ARN }
    for name, value in pairs(more or {}) do
      made[name] = value
    end
    return made
  end

  it("requests without a signature, in the region of the cluster", function()
    home.write("token", "eyJ.canary.token\n")
    local driver = wire.driver{ wire.success('"Credentials":{"TmpSecretId":"i","TmpSecretKey":"k","Token":"t"},'
      .. '"ExpiredTime":99999999999'), wire.success() }
    local client = cloudaudit.new{ driver = driver, env = false, credentials = credentials.tke_oidc(given()) }
    assert(client:ListAudits())
    local headers = driver.requests[1].headers
    assert.equal("SKIP", headers.Authorization)
    assert.is_nil(headers["X-TC-Token"])
    assert.equal("ap-singapore", headers["X-TC-Region"])
    assert.equal("AssumeRoleWithWebIdentity", headers["X-TC-Action"])
    assert.equal("https://sts.tencentcloudapi.com/", driver.requests[1].url)
    local body = wire.body(driver, 1)
    assert.equal("eyJ.canary.token", body.WebIdentityToken)
    assert.equal("OIDC", body.ProviderId)
    assert.equal(ARN, body.RoleArn)
    assert.truthy(body.RoleSessionName:find("^cloudaudit%-%d+$"))
  end)

  it("reads the token again each time", function()
    home.write("token", "one")
    local emulator = cloudaudit.emulator.new{ identities = { "one", "two" }, role_seconds = 1000 }
    local client = emulator:client{ credentials = credentials.tke_oidc(given{ session_name = "pod" }) }
    assert(client:quota())
    home.write("token", "two\n")
    emulator:advance(800)
    assert(client:quota())
    home.write("token", "three")
    emulator:advance(2000)
    local _, message, err = client:quota()
    assert.truthy(message:find("^tke_oidc: AssumeRoleWithWebIdentity: .*ParamError"), message)
    assert.equal("not_sent", err.outcome)
    local entries = emulator:journal("AssumeRoleWithWebIdentity")
    assert.equal(3, #entries)
    assert.equal("****", entries[1].params.WebIdentityToken)
    assert.equal("", entries[1].body)
    assert.is_nil(entries[1].secret_id)
    assert.truthy(client._session.refresher.source:find("tke_oidc " .. ARN, 1, true))
  end)

  it("is part of the default chain when its variables are set", function()
    home.write("token", "one")
    local values = { HOME = home.path, TKE_REGION = "ap-x", TKE_PROVIDER_ID = "OIDC", TKE_ROLE_ARN = ARN,
      TKE_WEB_IDENTITY_TOKEN_FILE = home.path .. "/token" }
    local getenv = os.getenv
    os.getenv = function(name) return values[name] end -- luacheck: ignore 122
    local emulator = cloudaudit.emulator.new()
    local client = cloudaudit.new{ driver = emulator:driver(), clock = function() return emulator:now() end }
    local quota, message = client:quota()
    os.getenv = getenv -- luacheck: ignore 122
    assert(quota, message)
    assert.equal("ap-x", emulator:journal("AssumeRoleWithWebIdentity")[1].region)
  end)

  it("names what is missing", function()
    local emulator = cloudaudit.emulator.new()
    for text, provider in pairs{
      ["tke_oidc: skipped (env = false, or no os.getenv)"] = credentials.tke_oidc{ region = "x" },
      [home.path .. "/token: not found"] = credentials.tke_oidc(given()),
    } do
      local _, message, err = emulator:client{ credentials = provider }:quota()
      assert.truthy(message:find(text, 1, true), message)
      assert.equal("credentials", err.kind)
    end
    assert.error_matches(function() credentials.tke_oidc{ token = "x" } end, "tke_oidc%.token: unknown option")
    assert.is_nil((credentials.tke_oidc{ duration = 50000 }))
    assert.equal(0, #emulator:journal())
  end)
end)
