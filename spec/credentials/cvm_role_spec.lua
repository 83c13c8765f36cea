-- Keys from the instance's metadata service: what is asked, what is believed, and how little it may cost.
local cloudaudit = require "cloudaudit"
local driver_rig = require "support.driver_rig"
local misbehave = require "support.misbehave"
local wire = require "support.wire"

local credentials = cloudaudit.credentials
local PATH = "/latest/meta-data/cam/security-credentials/"

local function keys(more)
  return ('{"TmpSecretId":"AKIDinstance0001","TmpSecretKey":"k","Token":"t","ExpiredTime":%d,'
    .. '"Expiration":"2099-01-01T00:00:00Z","Code":"Success"%s}'):format(os.time() + 7200, more or "")
end

local function answer(status, body)
  return { status = status, headers = {}, body = body }
end

local function client_of(answers, given)
  local driver = wire.driver(answers)
  return cloudaudit.new{ driver = driver, env = false, credentials = credentials.cvm_role(given) }, driver
end

describe("credentials.cvm_role", function()
  it("asks one host for the role and for its credentials", function()
    local client, driver = client_of{ answer(200, "audit-role\n"), answer(200, keys()), wire.success() }
    assert(client:ListAudits())
    local first, second, call = driver.requests[1], driver.requests[2], driver.requests[3]
    assert.equal("http://metadata.tencentyun.com" .. PATH, first.url)
    assert.equal("http://metadata.tencentyun.com" .. PATH .. "audit-role", second.url)
    for _, request in ipairs{ first, second } do
      assert.equal("GET", request.method)
      assert.equal("metadata.tencentyun.com", request.host)
      assert.same({ Host = "metadata.tencentyun.com" }, request.headers)
      assert.equal("", request.body)
      assert.is_true(request.direct)
      assert.equal(65536, request.max_response)
    end
    assert.equal("t", call.headers["X-TC-Token"])
    assert.truthy(call.headers.Authorization:find("Credential=AKIDinstance0001/", 1, true))
    assert.equal("cloudaudit client AKID****001 (cvm_role audit-role)", tostring(client))
    assert(client:ListAudits())
    assert.equal(4, #driver.requests)
  end)

  it("gives each exchange one second", function()
    local client, driver = client_of{ function() return nil, "timeout", { kind = "timeout", sent = false } end }
    local _, message, err = client:ListAudits()
    assert.equal("cvm_role: the metadata service: timeout", message)
    assert.equal(1, driver.timeout)
    assert.equal(1, #driver.requests)
    assert.equal("credentials", err.kind)
    assert.equal("not_sent", err.outcome)
    assert.is_true(err.retryable)
  end)

  -- The seconds until the keys are asked for again, by a clock that is `wrong_by` seconds ahead, or why none are used.
  local function lifetime(wrong_by, date, max_skew)
    local real, fetched = 1767225600, 0
    local answers = { function(request)
      if not request.url:find(PATH, 1, true) then
        return answer(200, wire.success())
      end
      fetched = fetched + 1
      return { status = 200, headers = { date = date }, body = keys():gsub('ExpiredTime":%d+',
        'ExpiredTime":' .. ("%d"):format(real + 7200)) }
    end }
    local passed = 0
    local client = cloudaudit.new{ driver = wire.driver(answers), env = false, max_skew = max_skew,
      credentials = credentials.cvm_role{ role = "audit-role" },
      clock = function() return real + wrong_by + passed end }
    local response, message = client:ListAudits()
    if not response then
      return message
    end
    repeat
      passed = passed + 100
      assert(client:ListAudits())
    until fetched > 1 or passed >= 100000
    return passed
  end

  it("derives the expiry from the service's Date, even if the local clock is wrong", function()
    local date = "Thu, 01 Jan 2026 00:00:00 GMT"
    for _, wrong_by in ipairs{ 0, 7200, -7200, 40000, -40000 } do
      assert.equal(6900, lifetime(wrong_by, date))
    end
    assert.equal(6900, lifetime(90000, date, 100000))
  end)

  it("believes its own clock without a plausible Date", function()
    for _, date in ipairs{ "", "now", "Thu, 31 Feb 2026 00:00:00 GMT", "Thu, 01 Foo 2026 00:00:00 GMT",
      "Thu, 01 Jan 2026 00:00:00 +0000", "Fri, 01 Jan 2100 00:00:00 GMT", ("x"):rep(1000) } do
      assert.equal(6900, lifetime(0, date))
      assert.equal("cvm_role audit-role: the temporary credentials expired 2800 s ago", lifetime(10000, date))
    end
    assert.equal(6900, lifetime(0))
    assert.equal("cvm_role audit-role: the temporary credentials expired 82800 s ago",
      lifetime(90000, "Thu, 01 Jan 2026 00:00:00 GMT"))
  end)

  it("is asked within the deadline of the call", function()
    for seconds, limits in pairs{ [0.5] = { 0.5 }, [1.25] = { 1, 0.25 }, [3] = { 1, 1, 1 } } do
      local driver, given = nil, {}
      driver = wire.driver{ function(request)
        given[#given + 1] = driver.timeout
        driver.time = driver.time + driver.timeout
        return answer(200, request.url:sub(-1) == "/" and "role" or keys())
      end }
      cloudaudit.new{ driver = driver, env = false, timeout = seconds, retries = 0,
        credentials = credentials.cvm_role() }:ListAudits()
      assert.same(limits, given)
      assert.equal(100 + seconds, driver.time)
    end
  end)

  it("asks only for the role that is given", function()
    local client, driver = client_of({ answer(200, keys()), wire.success() }, { role = "mine" })
    assert(client:ListAudits())
    assert.equal("http://metadata.tencentyun.com" .. PATH .. "mine", driver.requests[1].url)
  end)

  it("has no credentials where the instance has no role", function()
    for role, text in pairs{ [false] = "cvm_role: this machine has no role", mine = "this machine has no role mine" } do
      local client = client_of({ answer(404, "<html>") }, role and { role = role } or nil)
      local _, message, err = client:ListAudits()
      assert.truthy(message:find("^no credentials; "), message)
      assert.truthy(message:find(text, 1, true), message)
      assert.equal("credentials", err.kind)
    end
  end)

  it("follows no redirect, and accepts no invalid response", function()
    local good = answer(200, "audit-role")
    for index, case in ipairs{
      { { status = 302, headers = { location = "http://169.254.0.1/" }, body = "" }, "HTTP 302" },
      { answer(500, ""), "HTTP 500" }, { answer(200, ("a"):rep(65537)), "more than 64 KiB" },
      { answer(200, ""), "invalid name of a role" }, { answer(200, "a\nb"), "invalid name of a role" },
      { answer(200, "../x"), "invalid name of a role" }, { answer(200, "a/b?c"), "invalid name of a role" },
      { good, answer(302, ""), "HTTP 302" }, { good, answer(200, ""), "no JSON" },
      { good, answer(200, "[1"), "no JSON" },
      { good, answer(200, '{"Code":"Failed"}'), "has no credentials for the role audit-role" },
      { good, answer(200, '{"Code":"Success"}'), "incomplete credentials" },
      { good, answer(200, keys():gsub('"Token":"t",', "")), "incomplete credentials" },
      { good, answer(200, keys():gsub('"ExpiredTime":%d+,', "")), "incomplete credentials" },
      { good, answer(200, keys():gsub('"k"', '"canary \\n"')), "secret_key: " },
      { good, answer(200, keys():gsub('ExpiredTime":%d+', 'ExpiredTime":5')), "expired" },
      { "nonsense", "returned no response" },
    } do
      local text = case[#case]
      case[#case] = nil
      if case[1] == "nonsense" then
        case[1] = function() return { status = "x" } end
      end
      local client, driver = client_of(case)
      local response, message, err = client:ListAudits()
      assert.is_nil(response, tostring(index))
      assert.truthy(message:find(text, 1, true), message)
      assert.is_nil(message:find("canary", 1, true))
      assert.equal("credentials", err.kind)
      assert.is_true(#driver.requests <= 2)
    end
  end)

  it("is asked for nothing unless it is requested", function()
    local client, driver = client_of{ answer(200, "audit-role"), answer(200, keys()), wire.success() }
    assert.equal(0, #driver.requests)
    client:close()
    assert.equal(0, #driver.requests)
  end)

  it("accepts another host only on loopback, for tests", function()
    for _, endpoint in ipairs{ "http://metadata.example.com", "http://127.0.0.1", "https://127.0.0.1:80",
      "http://127.0.0.1:80/x", "http://127.0.0.1:80@evil.com", "http://127.0.0.1.evil.com:80", "http://127.0.0.2:80",
      "http://localhost:80", "127.0.0.1:80", "" } do
      assert.error_matches(function() credentials.cvm_role{ endpoint = endpoint } end, "it is for tests")
    end
    assert.truthy(credentials.cvm_role{ endpoint = "http://127.0.0.1:80" })
    assert.truthy(credentials.cvm_role{ endpoint = "http://[::1]:80" })
    for _, role in ipairs{ "", "a/b", "a b", "a\n", "?" } do
      assert.error_matches(function() credentials.cvm_role{ role = role } end, "role: name of a role expected")
    end
    assert.error_matches(function() credentials.cvm_role{ host = "x" } end, "cvm_role%.host: unknown option")
  end)

  it("works with the emulator, whose credentials expire", function()
    local emulator = cloudaudit.emulator.new{ role = "audit-role", role_seconds = 1000 }
    local client = emulator:client{ credentials = credentials.cvm_role() }
    assert(client:quota())
    emulator:advance(800)
    assert(client:quota())
    assert.equal(4, emulator:count("metadata"))
    assert.is_true(emulator:journal("InquireAuditCredit")[1].signed)
    local _, message = cloudaudit.emulator.new():client{ credentials = credentials.cvm_role() }:quota()
    assert.truthy(message:find("this machine has no role", 1, true))
  end)
end)

describe("libcurl's driver and the metadata service", function()
  local rig
  setup(function() rig = driver_rig.start() end)
  teardown(function() rig.stop() end)
  after_each(function() rig.clean() end)

  local function client_at(listener, options)
    local given = { env = false, endpoint = "http://127.0.0.1:1", timeout = 5,
      credentials = credentials.cvm_role{ endpoint = listener.url:gsub("/$", "") } }
    for name, value in pairs(options or {}) do
      given[name] = value
    end
    return cloudaudit.new(given)
  end

  -- The call fails with what the metadata service did; seconds that took, and the message.
  local function fails(client)
    local core = require "cloudaudit.core"
    local before = core.monotonic()
    local response, message, err = client:ListAudits()
    assert.is_nil(response)
    assert.equal("credentials", err.kind)
    client:close()
    return core.monotonic() - before, message
  end

  it("waits at most a second for one that hangs", function()
    for _, script in ipairs{ { "request", "stall" }, { "request", { "send", "HTTP/1.1 200 OK\r\n" }, "stall" },
      { "request", { "send", misbehave.response(200, "audit"):sub(1, -2) }, "stall" } } do
      local seconds, message = fails(client_at(rig.listen{ script }))
      assert.is_true(seconds < 1.3, "took " .. seconds)
      assert.truthy(message:find("^cvm_role: the metadata service: "), message)
    end
  end)

  it("reads at most 64 KiB", function()
    local _, message = fails(client_at(rig.listen{ { "request",
      { "send", "HTTP/1.1 200 OK\r\n\r\n" }, { "flood", ("x"):rep(1024) } } }))
    assert.truthy(message:find("longer than max_response (65536 bytes)", 1, true), message)
    local listener = rig.listen{ { "request", { "send", misbehave.response(200, ("x"):rep(65537)) } } }
    _, message = fails(client_at(listener))
    assert.truthy(message:find("longer than max_response (65536 bytes)", 1, true), message)
  end)

  it("goes to no other host", function()
    local elsewhere = rig.listen{ { "request", { "send", misbehave.response(200, "audit") } } }
    local _, message = fails(client_at(rig.listen{ { "request",
      { "send", misbehave.response(302, "", { "Location: " .. elsewhere.url }) } } }))
    assert.equal("cvm_role: the metadata service responded with HTTP 302", message)
    assert.equal(0, #elsewhere:journal().connections)
  end)

  it("uses no proxy, even if the client has one", function()
    local proxy = rig.listen{ { "request", { "send", misbehave.response(200, "audit") } }, again = true }
    local metadata = rig.listen{ { "request", { "send", misbehave.response(404, "") } } }
    local _, message = fails(client_at(metadata, { proxy = proxy.url }))
    assert.truthy(message:find("this machine has no role", 1, true), message)
    assert.equal(0, #proxy:journal().connections)
    assert.equal(1, metadata:journal().requests)
  end)
end)

describe("a request of libcurl's driver", function()
  local rig
  setup(function() rig = driver_rig.start() end)
  teardown(function() rig.stop() end)
  after_each(function() rig.clean() end)

  it("can bypass the proxy that other requests of the same transport use", function()
    local script = { "request", { "send", misbehave.response(200, "{}") }, "again" }
    local proxy, server = rig.listen{ script, again = true }, rig.listen{ script, again = true }
    local made = rig.new{ proxy = proxy.url }
    local through, past = rig.request(server.url), rig.request(server.url)
    past.direct = true
    for _, request in ipairs{ through, past, past, through, past, through } do
      rig.succeeds(made, request)
    end
    assert.equal(3, proxy:journal().requests)
    assert.equal(3, server:journal().requests)
  end)

  it("can lower the limit on its body, never raise it", function()
    local script = { "request", { "send", misbehave.response(200, ("x"):rep(1000)) }, "again" }
    local server = rig.listen{ script, again = true }
    local made = rig.new{ max_response = 2000 }
    local low, high = rig.request(server.url), rig.request(server.url)
    low.max_response, high.max_response = 999, 1e9
    assert.equal("protocol", rig.fails(made, low).kind)
    rig.succeeds(made, high)
    rig.succeeds(made, rig.request(server.url))
    low.max_response = 1000
    rig.succeeds(made, low)
    local long = rig.listen{ { "request", { "send", misbehave.response(200, ("x"):rep(2001)) } } }
    high.url = long.url
    assert.equal("protocol", rig.fails(made, high).kind)
  end)
end)
