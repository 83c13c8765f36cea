-- The STS and the metadata service that stand beside the emulator.
local cloudaudit = require "cloudaudit"
local core = require "cloudaudit.core"
local roles = require "support.roles"
local served = require "support.emulator"

local credentials = cloudaudit.credentials
local new, role = roles.new, roles.role

describe("the STS beside the emulator", function()
  it("refuses keys for the unsigned action, and no keys for the signed one", function()
    local emulator = cloudaudit.emulator.new()
    local function send(action, headers, body)
      headers["X-TC-Action"], headers["X-TC-Version"] = action, "2018-08-13"
      headers["X-TC-Timestamp"], headers["X-TC-Region"] = ("%.0f"):format(emulator:now()), "ap-guangzhou"
      headers["Content-Type"] = "application/json"
      local answer = emulator:handle{ method = "POST", path = "/", headers = headers, body = body }
      local response = core.decode(answer.body).Response
      return response.Error and response.Error.Code or "fine"
    end
    local body = '{"ProviderId":"p","WebIdentityToken":"t","RoleArn":"a","RoleSessionName":"me"}'
    local web = "AssumeRoleWithWebIdentity"
    assert.equal("fine", send(web, { Authorization = "SKIP" }, body))
    assert.equal("AuthFailure.InvalidAuthorization", send(web, {}, body))
    assert.equal("AuthFailure.InvalidAuthorization", send(web, { Authorization = "TC3-HMAC-SHA256 x" }, body))
    assert.equal("AuthFailure.TokenFailure", send(web, { Authorization = "SKIP", ["X-TC-Token"] = "t" }, body))
    assert.equal("AuthFailure.InvalidAuthorization", send("AssumeRole", { Authorization = "SKIP" },
      '{"RoleArn":"a","RoleSessionName":"me"}'))
    assert.equal("InvalidParameter.ParamError", send(web, { Authorization = "SKIP" }, (body:gsub('"me"', '"m"'))))
    assert.equal("InvalidAction", send("ListAudits", { Authorization = "SKIP" }, "{}"))
    assert.equal("MissingParameter", send(web, { Authorization = "SKIP" }, "{}"))
  end)

  it("does not answer as CloudAudit, nor leave events there", function()
    local emulator, source = new()
    local client = emulator:client{ credentials = role(source) }
    assert(client:quota())
    local _, _, err = client:call("AssumeRole", {})
    assert.equal("InvalidAction", err.code)
    assert.is_nil(client.AssumeRole)
    for _, event in ipairs(emulator.events.arrived) do
      assert.is_not.equal("AssumeRole", event.EventName)
    end
  end)

  it("lets temporary keys expire", function()
    local emulator, source = new{ role_seconds = 60 }
    local request
    local driver = emulator:driver()
    local exchange = driver.exchange
    function driver.exchange(given, timeout)
      request = given
      return exchange(given, timeout)
    end
    assert(emulator:client{ credentials = role(source), driver = driver }:quota())
    emulator:advance(61)
    local answer = exchange(request, 1)
    assert.truthy(answer.body:find("AuthFailure.TokenFailure", 1, true))
  end)

  it("is served too, and libcurl's driver asks it", function()
    local server = served.start{ "--role", "audit" }
    local source = credentials.static{ secret_id = server.secret_id, secret_key = server.secret_key }
    for _, provider in ipairs{ role(source, { endpoint = server.endpoint }),
      credentials.cvm_role{ endpoint = server.endpoint } } do
      local client = cloudaudit.new{ endpoint = server.endpoint, env = false, credentials = provider }
      local quota, message = client:quota()
      assert(quota, message)
      local futures = { client.async:quota(), client.async:quota() }
      assert(cloudaudit.all(futures):await())
      client:close()
    end
    assert.equal(1, #server:journal("AssumeRole"))
    assert.equal(2, #server:journal("metadata"))
    server:stop()
  end)
end)
