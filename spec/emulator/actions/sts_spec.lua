local cloudaudit = require "cloudaudit"
local core = require "cloudaudit.core"
local roles = require "support.roles"
local served = require "support.emulator"

local new, role = roles.new, roles.role

describe("cloudaudit.emulator.actions.sts", function()
  it("refuses a signature of the unsigned action, and a missing one of the signed action", function()
    local emulator = cloudaudit.emulator.new()
    local function send(action, headers, body)
      headers["X-TC-Action"], headers["X-TC-Version"] = action, "2018-08-13"
      headers["X-TC-Timestamp"], headers["X-TC-Region"] = ("%.0f"):format(emulator:now()), "ap-guangzhou"
      headers["Content-Type"] = "application/json"
      local http = emulator:handle{ method = "POST", path = "/", headers = headers, body = body }
      local response = core.decode(http.body).Response
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

  it("is not a part of CloudAudit and records no events", function()
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

  it("is served to libcurl's driver", function()
    local server = served.start()
    local source = cloudaudit.credentials.static{ secret_id = server.secret_id, secret_key = server.secret_key }
    local client = cloudaudit.new{ endpoint = server.endpoint, env = false,
      credentials = role(source, { endpoint = server.endpoint }) }
    assert(client:quota())
    assert(cloudaudit.all{ client.async:quota(), client.async:quota() }:await())
    client:close()
    assert.equal(1, #server:journal("AssumeRole"))
    server:stop()
  end)
end)
