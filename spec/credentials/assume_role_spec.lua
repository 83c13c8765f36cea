-- Temporary keys of roles, asked from the STS that stands beside the emulator.
local cloudaudit = require "cloudaudit"
local roles = require "support.roles"
local wire = require "support.wire"

local credentials = cloudaudit.credentials
local ARN, new, role = roles.ARN, roles.new, roles.role

describe("credentials.assume_role", function()
  it("can be frozen with the credentials of the environment, as nginx does before its workers lose it", function()
    local emulator = cloudaudit.emulator.new()
    local id, key = emulator:credential()
    local values = { TENCENTCLOUD_SECRET_ID = id, TENCENTCLOUD_SECRET_KEY = key }
    local frozen = role(credentials.env()).freeze{ getenv = function(name) return values[name] end }
    assert.is_nil(wire.reachable_strings(frozen)[key])
    local client = emulator:client{ credentials = frozen }
    assert.truthy(client:quota())
    assert.truthy(tostring(client):find("assume_role " .. roles.ARN, 1, true))
  end)

  it("signs AssumeRole with one pair of credentials and calls with another", function()
    local emulator, source = new()
    local client = emulator:client{ credentials = role(source, { session_name = "mine", duration = 900 }) }
    assert.truthy(client:quota())
    assert.truthy(client:quota())
    local asked = emulator:journal("AssumeRole")
    assert.equal(1, #asked)
    assert.is_true(asked[1].signed)
    assert.equal((emulator:credential()), asked[1].secret_id)
    assert.same({ RoleArn = ARN, RoleSessionName = "mine", DurationSeconds = 900 }, asked[1].params)
    local used = emulator:journal("InquireAuditCredit")
    assert.equal(2, #used)
    assert.is_true(used[1].signed)
    assert.is_not.equal(asked[1].secret_id, used[1].secret_id)
    assert.truthy(tostring(client):find("(assume_role " .. ARN .. ")", 1, true))
  end)

  it("sends its options, the policy percent-encoded", function()
    local driver = wire.driver{ wire.success('"Credentials":{"TmpSecretId":"i","TmpSecretKey":"k","Token":"t"},'
      .. '"ExpiredTime":99999999999'), wire.success() }
    local client = cloudaudit.new{ driver = driver, env = false, credentials = role(credentials.static{
      secret_id = wire.SECRET_ID, secret_key = wire.SECRET_KEY }, { policy = '{"version":"2.0"}', external_id = "e-1",
      region = "ap-singapore", endpoint = "sts.internal.tencentcloudapi.com" }) }
    assert(client:ListAudits())
    local request = driver.requests[1]
    assert.equal("https://sts.internal.tencentcloudapi.com/", request.url)
    assert.equal("AssumeRole", request.headers["X-TC-Action"])
    assert.equal("2018-08-13", request.headers["X-TC-Version"])
    assert.equal("ap-singapore", request.headers["X-TC-Region"])
    assert.truthy(request.headers.Authorization:find("/sts/tc3_request, SignedHeaders=content-type;host, ", 1, true))
    assert.is_nil(request.headers["X-TC-Token"])
    local body = wire.body(driver, 1)
    assert.equal("%7B%22version%22%3A%222.0%22%7D", body.Policy)
    assert.equal("e-1", body.ExternalId)
    assert.truthy(body.RoleSessionName:find("^cloudaudit%-%d+$"))
    assert.is_nil(body.DurationSeconds)
    assert.equal("t", driver.requests[2].headers["X-TC-Token"])
    assert.equal("https://cloudaudit.tencentcloudapi.com/", driver.requests[2].url)
  end)

  it("keeps using valid credentials while STS is unavailable, and logs a warning", function()
    local lines = {}
    local emulator, source = new{ role_seconds = 1000 }
    local client = emulator:client{ credentials = role(source), log = function(level, line)
      lines[#lines + 1] = level .. " " .. line
    end }
    assert(client:quota())
    emulator:advance(800)
    emulator:fault{ kind = "status", action = "AssumeRole", times = "always" }
    assert(client:quota())
    local warned = table.concat(lines, "\n")
    local pattern = "warn assume_role " .. ARN .. ": the credentials were not refreshed and expire in %d+ s: "
    assert.truthy(warned:find(pattern), warned)
    emulator:advance(300)
    local _, message, err = client:quota()
    assert.truthy(message:find("^assume_role: AssumeRole: "), message)
    assert.equal("credentials", err.kind)
    assert.equal("not_sent", err.outcome)
    assert.is_true(err.retryable)
    assert.equal("InquireAuditCredit", err.action)
  end)

  it("refreshes once when the service rejects the token", function()
    local emulator, source = new()
    local client = emulator:client{ credentials = role(source) }
    assert(client:quota())
    emulator:fault{ kind = "expired_token", action = "InquireAuditCredit" }
    assert(client:quota())
    assert.equal(2, emulator:count("AssumeRole"))
    assert.equal(3, emulator:count("InquireAuditCredit"))
    emulator:fault{ kind = "expired_token", action = "InquireAuditCredit", times = "always" }
    local _, _, err = client:quota()
    assert.equal("AuthFailure.TokenFailure", err.code)
    assert.equal(3, emulator:count("AssumeRole"))
    assert.equal(5, emulator:count("InquireAuditCredit"))
  end)

  it("requests once for eight futures", function()
    local emulator, source = new{ rate = 0 }
    emulator:fault{ kind = "delay", seconds = 0.5, action = "AssumeRole", times = "always" }
    local client = emulator:client{ credentials = role(source) }
    local futures = {}
    for index = 1, 8 do
      futures[index] = client.async:quota()
    end
    local results, message = cloudaudit.all(futures):await()
    assert(results, message)
    assert.equal(1, emulator:count("AssumeRole"))
    assert.equal(8, emulator:count("InquireAuditCredit"))
  end)

  it("requests once more for eight futures whose token was rejected", function()
    local emulator, source = new{ rate = 0 }
    local client = emulator:client{ credentials = role(source) }
    assert(client:quota())
    emulator:fault{ kind = "delay", seconds = 0.5, action = "AssumeRole", times = "always" }
    emulator:fault{ kind = "expired_token", action = "DescribeAuditTracks", times = 8 }
    local futures = {}
    for index = 1, 8 do
      futures[index] = client.async:DescribeAuditTracks{ PageNumber = 1, PageSize = 1 }
    end
    local results, message = cloudaudit.all(futures):await()
    assert(results, message)
    assert.equal(2, emulator:count("AssumeRole"))
    assert.equal(16, emulator:count("DescribeAuditTracks"))
  end)

  it("serves the other calls when the one that refreshes is cancelled", function()
    local emulator, source = new{ rate = 0 }
    emulator:fault{ kind = "delay", seconds = 5, action = "AssumeRole" }
    local client = emulator:client{ credentials = role(source) }
    local first, second = client.async:quota(), client.async:quota()
    while emulator:count("AssumeRole") == 0 do
      client:step(0)
    end
    first:cancel()
    assert.equal("cancelled", select(3, first:await()).kind)
    local quota, message = second:await()
    assert(quota, message)
    assert.equal(2, emulator:count("AssumeRole"))
  end)

  it("takes its source credentials from another role, or from the default chain", function()
    local emulator, source = new()
    local client = emulator:client{ credentials = role(role(source, { session_name = "first" }),
      { session_name = "second" }) }
    assert(client:quota())
    local asked = emulator:journal("AssumeRole")
    assert.equal("first", asked[1].params.RoleSessionName)
    assert.equal("second", asked[2].params.RoleSessionName)
    assert.is_not.equal(asked[1].secret_id, asked[2].secret_id)
    local _, message = emulator:client{ credentials = credentials.assume_role{ role_arn = ARN } }:quota()
    assert.truthy(message:find("^no credentials; env: skipped"), message)
  end)

  it("validates its options", function()
    for pattern, more in pairs{
      ["assume_role%.role_anr: unknown option, did you mean role_arn%?"] = { role_anr = "x" },
      ["assume_role%.duration: integer of 0 or more expected"] = { duration = "x" },
      ["assume_role%.source: provider expected"] = { source = { name = "x" } },
    } do
      assert.error_matches(function() role(nil, more) end, pattern)
    end
    assert.error_matches(function() credentials.assume_role{} end, "assume_role%.role_arn: missing")
    for field, value in pairs{ session_name = "a", duration = 43201 } do
      local made, message, err = role(nil, { [field] = value })
      assert.is_nil(made)
      assert.equal("validation", err.kind)
      assert.equal(field, err.field)
      assert.truthy(message:find("^credentials.assume_role." .. field))
    end
    assert.is_nil((role(nil, { session_name = "a b" })))
    assert.is_nil((role(nil, { session_name = ("a"):rep(129) })))
  end)
end)
