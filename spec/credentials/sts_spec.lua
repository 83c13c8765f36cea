-- Temporary credentials from the STS that stands beside the emulator, asked for by a provider of a role.
local cloudaudit = require "cloudaudit"
local roles = require "support.roles"
local wire = require "support.wire"

local credentials = cloudaudit.credentials
local ARN, new, role = roles.ARN, roles.new, roles.role

describe("STS", function()
  it("corrects its clock up to the client's max_skew", function()
    local emulator, source = new()
    local client = emulator:client{ credentials = role(source), max_skew = 31 * 86400, clock = function()
      return emulator.clock:now() - 30 * 86400
    end }
    assert.truthy(client:quota())
    assert.equal(2, #emulator:journal("AssumeRole"))
  end)

  it("derives the expiry from the lifetime that STS gives, even if the local clock is wrong", function()
    for _, wrong_by in ipairs{ -7200, 7200, 80000 } do
      local emulator, source = new()
      local client = emulator:client{ credentials = role(source, { duration = 1800 }), clock = function()
        return emulator.clock:now() + wrong_by
      end }
      assert(client:quota())
      assert(client:quota())
      assert.equal(2, emulator:count("AssumeRole")) -- the first was refused for its clock
      emulator.clock:advance(1495)
      assert(client:quota())
      assert.equal(2, emulator:count("AssumeRole"))
      emulator.clock:advance(10)
      assert(client:quota())
      assert.equal(3, emulator:count("AssumeRole"))
    end
  end)

  it("is asked again 300 s before the credentials expire, and not before", function()
    local emulator, source = new{ role_seconds = 1000 }
    local client = emulator:client{ credentials = role(source) }
    assert(client:quota())
    emulator:advance(699)
    assert(client:quota())
    assert.equal(1, emulator:count("AssumeRole"))
    emulator:advance(2)
    assert(client:quota())
    assert.equal(2, emulator:count("AssumeRole"))
    emulator:advance(2000)
    assert(client:quota())
    assert.equal(3, emulator:count("AssumeRole"))
  end)

  -- A client with a timeout of 10 seconds whose requests take so many seconds: those of STS, and the others.
  local function slow(sts, others, answer)
    local driver
    local function take(seconds, text)
      local taken = math.min(seconds, driver.timeout)
      driver.time = driver.time + taken
      if taken < seconds then
        return nil, "late", { kind = "timeout", sent = true }
      end
      return { status = 200, headers = {}, body = text }
    end
    driver = wire.driver{ function(request)
      if request.action == "AssumeRole" then
        return take(sts, wire.success('"Credentials":{"TmpSecretId":"AKIDrole","TmpSecretKey":"k","Token":"t"},'
          .. '"ExpiredTime":99999999999'))
      end
      return take(others, answer)
    end }
    return cloudaudit.new{ driver = driver, env = false, timeout = 10, retries = 0,
      credentials = role(credentials.static{ secret_id = "AKIDx", secret_key = "k" }) }, driver
  end

  it("is asked within the deadline of the call, which has what is left of it", function()
    local client, driver = slow(8, 5, wire.success())
    local response, _, err = client:ListAudits()
    assert.is_nil(response)
    assert.same({ "timeout", "unknown", 110 }, { err.kind, err.outcome, driver.time })
    assert.is_true(err.elapsed >= 10 and err.elapsed < 10.01)
    assert(client:ListAudits()) -- with the credentials that came
    assert.equal(115, driver.time)
    client, driver = slow(20, 5, wire.success())
    response, _, err = client:ListAudits()
    assert.is_nil(response)
    assert.same({ "credentials", "not_sent", 110 }, { err.kind, err.outcome, driver.time })
  end)

  it("is asked for a new token within the deadline of the call that was refused", function()
    local client, driver = slow(3, 4, wire.refusal("AuthFailure.TokenFailure"))
    local response, _, err = client:ListAudits()
    assert.is_nil(response)
    assert.same({ "auth", "rejected", 110 }, { err.kind, err.outcome, driver.time })
  end)

  it("leaves no time for a write that would end as unknown", function()
    local client, driver = slow(9.5, 0, wire.success())
    local response, message, err = client:StopLogging{ AuditName = "a" }
    assert.is_nil(response)
    assert.equal("StopLogging: the deadline passed before a request was sent", message)
    assert.same({ "timeout", "not_sent", 109.5 }, { err.kind, err.outcome, driver.time })
    assert(client:StopLogging{ AuditName = "a" })
  end)

  it("returns nothing usable in an incomplete response", function()
    for _, members in ipairs{ "", '"Credentials":{}', '"Credentials":5,"ExpiredTime":9',
      '"Credentials":{"TmpSecretId":"i","TmpSecretKey":"canary","Token":"t"}',
      '"Credentials":{"TmpSecretId":"i","TmpSecretKey":"canary"},"ExpiredTime":99999999999',
      '"Credentials":{"TmpSecretId":"i","TmpSecretKey":"canary","Token":"t"},"ExpiredTime":5' } do
      local client = cloudaudit.new{ driver = wire.driver(wire.success(members)), env = false,
        credentials = role(credentials.static{ secret_id = "AKIDx", secret_key = "k" }) }
      local response, message, err = client:ListAudits()
      assert.is_nil(response)
      assert.equal("credentials", err.kind)
      assert.is_nil(message:find("canary", 1, true))
    end
  end)

  it("client is discarded when the client closes", function()
    local emulator, source = new()
    local client = emulator:client{ credentials = role(source) }
    assert(client:quota())
    local context = client._session.refresher.context
    assert.truthy(next(context.nested))
    client:close()
    assert.is_nil(context.nested)
  end)

  it("is asked again with newer credentials when it rejects the token of the first", function()
    local asked = 0
    local source = { name = "mine", get = function()
      asked = asked + 1
      return { secret_id = "AKID" .. asked, secret_key = "key", token = "token" .. asked }
    end }
    local keys = wire.success('"Credentials":{"TmpSecretId":"i","TmpSecretKey":"k","Token":"t"},'
      .. '"ExpiredTime":99999999999')
    local driver = wire.driver{ wire.refusal("AuthFailure.TokenFailure"), keys, wire.success() }
    local client = cloudaudit.new{ driver = driver, env = false, credentials = role(source) }
    assert(client:ListAudits())
    local tokens = {}
    for index, request in ipairs(driver.requests) do
      tokens[index] = request.headers["X-TC-Token"]
    end
    assert.same({ "token1", "token2", "t" }, tokens)
  end)

  it("refuses a role: the failure says that nothing was sent", function()
    local emulator, source = new{ roles = { [ARN] = { external_id = "e-1" } } }
    for code, more in pairs{ ["UnauthorizedOperation"] = {},
      ["ResourceNotFound.RoleNotFound"] = { role_arn = ARN .. "x" } } do
      local client = emulator:client{ credentials = role(source, more) }
      local track, message, err = client:create_track{ name = "audit", action = "all", storage = "cls://t@r/p" }
      assert.is_nil(track)
      assert.truthy(message:find("^assume_role: AssumeRole: .* %(" .. code .. "%)$"), message)
      assert.equal("credentials", err.kind)
      assert.equal(code, err.code)
      assert.equal("not_sent", err.outcome)
      assert.equal("CreateAuditTrack", err.action)
      assert.truthy(err.request_id)
    end
    assert(emulator:client{ credentials = role(source, { external_id = "e-1" }) }:quota())
    assert.equal(0, emulator:count("CreateAuditTrack"))
  end)
end)
