local cloudaudit = require "cloudaudit"
local core = require "cloudaudit.core"
local prepared = require "cloudaudit.prepare"
local session = require "cloudaudit.session"
local wire = require "support.wire"

local function open(answers, options)
  local given = { secret_id = wire.SECRET_ID, secret_key = wire.SECRET_KEY, env = false, driver = wire.driver(answers) }
  for name, value in pairs(options or {}) do
    given[name] = value
  end
  return session.new(given), given.driver
end

describe("a session", function()
  it("reads and connects to nothing when it is made", function()
    local asked, getenv = {}, os.getenv
    os.getenv = function(name) asked[#asked + 1] = name end -- luacheck: ignore
    local made = session.new{ driver = { exchange = function() error("sent") end, sleep = print } }
    os.getenv = getenv -- luacheck: ignore
    assert.same({}, asked)
    assert.equal("(no credentials read yet)", session.describe(made))
  end)

  it("takes endpoint, region and credentials from the environment at the first call", function()
    local getenv, driver, environment = os.getenv, wire.driver(), {}
    os.getenv = function(name) return environment[name] end -- luacheck: ignore
    local made = session.new{ driver = driver }
    environment = { CLOUDAUDIT_ENDPOINT = "https://127.0.0.1:8443", TENCENTCLOUD_REGION = "ap-tokyo",
      TENCENTCLOUD_SECRET_ID = wire.SECRET_ID, TENCENTCLOUD_SECRET_KEY = wire.SECRET_KEY,
      TENCENTCLOUD_TOKEN = "token-1" }
    local response, message = session.call(made, "ListAudits")
    os.getenv = getenv -- luacheck: ignore
    assert.truthy(response, message)
    assert.equal("https://127.0.0.1:8443/", driver.requests[1].url)
    assert.equal("ap-tokyo", driver.requests[1].headers["X-TC-Region"])
    assert.equal("token-1", driver.requests[1].headers["X-TC-Token"])
    assert.equal("AKID****PLE (env)", session.describe(made))
  end)

  it("uses static credentials with any endpoint of the environment", function()
    local getenv = os.getenv
    local made, driver = open(nil, { env = true })
    os.getenv = function(name) -- luacheck: ignore
      return name == "CLOUDAUDIT_ENDPOINT" and "cloudaudit.intl.tencentcloudapi.com" or nil
    end
    local response, message = session.call(made, "ListAudits")
    os.getenv = getenv -- luacheck: ignore
    assert.truthy(response, message)
    assert.equal("cloudaudit.intl.tencentcloudapi.com", driver.requests[1].host)
    assert.truthy(driver.requests[1].headers.Authorization:find(wire.SECRET_ID, 1, true))
  end)

  it("refuses a rate_dict outside of nginx before anything is sent", function()
    local made = session.new{ secret_id = wire.SECRET_ID, secret_key = wire.SECRET_KEY, env = false,
      endpoint = "http://127.0.0.1:1", rate_dict = "audit", retries = 0 }
    local response, message, err = session.call(made, "ListAudits")
    assert.is_nil(response)
    assert.equal(type(ngx) == "table" and "rate_dict: nginx has no lua_shared_dict audit"
      or "rate_dict: shared dictionaries exist only inside nginx", message:match("(rate_dict.*)$"))
    assert.same({ "config", "not_sent" }, { err.kind, err.outcome })
  end)

  it("refuses paths with a NUL, which C would cut off there", function()
    for _, name in ipairs{ "ca_file", "ca_path" } do
      local made = session.new{ secret_id = wire.SECRET_ID, secret_key = wire.SECRET_KEY, env = false,
        endpoint = "https://127.0.0.1:1", retries = 0, [name] = "/etc/hosts\0x" }
      local response, message, err = session.call(made, "ListAudits")
      assert.is_nil(response)
      assert.equal(name .. ": string without NUL expected", message)
      assert.same({ "config", name, "not_sent" }, { err.kind, err.field, err.outcome })
    end
  end)

  it("describes static credentials before the first call", function()
    assert.equal("AKID****PLE (static)", session.describe((open())))
  end)

  it("refuses two sources of credentials", function()
    local made, message, err = session.new{ secret_id = "a", credentials = { name = "x", get = print } }
    assert.is_nil(made)
    assert.equal("new.credentials: cannot be combined with secret_id, secret_key or token", message)
    assert.equal("misuse", err.kind)
  end)

  it("validates parameters before it needs credentials or a network", function()
    local made = session.new{ env = false, driver = { exchange = function() error("sent") end, sleep = print } }
    local _, message, err = session.call(made, "CreateAuditTrack", { Nme = "audit" })
    assert.equal("CreateAuditTrack.Nme: unknown field, did you mean Name?", message)
    assert.equal("misuse", err.kind)
    _, message, err = session.call(made, "ListAudits")
    local why = "skipped (env = false, or no os.getenv)"
    assert.equal(("no credentials; env: %s; profile: %s; tccli: skipped (no home directory: env = false, or no"
      .. " os.getenv); tke_oidc: %s"):format(why, why, why), message)
    assert.equal("credentials", err.kind)
    assert.equal("ListAudits", err.action)
    assert.equal("not_sent", err.outcome)
  end)

  it("checks the types of its arguments", function()
    local made = open()
    local _, message = session.call(made, nil)
    assert.equal("call: name of an action expected, got nil", message)
    _, message = session.call(made, "ListAudits", "x")
    assert.equal("ListAudits: table of parameters expected, got string", message)
  end)

  it("refuses a wrong endpoint or region at the first call, by name", function()
    for _, case in ipairs{ { endpoint = "http://example.com" }, { endpoint = "https://a/b" }, { region = "a\r\nb" } } do
      local made, driver = open(nil, case)
      local _, message, err = session.call(made, "ListAudits")
      assert.equal("config", err.kind, message)
      assert.equal(0, #driver.requests)
    end
  end)

  it("sends an action that the model does not know as it is", function()
    local made, driver = open(wire.success('"Answer":[1,{"Deep":null}]'))
    local none = setmetatable({}, core.list)
    local response = session.call(made, "DescribeExports", { Limit = 5, Names = { "a" }, None = none })
    assert.equal("DescribeExports", driver.requests[1].headers["X-TC-Action"])
    assert.same({ Limit = 5, Names = { "a" }, None = {} }, wire.body(driver))
    assert.truthy(driver.requests[1].body:find('"None":[]', 1, true))
    assert.equal(1, response.Answer[1])
    assert.same({}, response.Answer[2])
  end)

  it("sends {} when there are no parameters", function()
    local made, driver = open()
    session.call(made, "DescribeExports")
    session.call(made, "ListAudits")
    assert.equal("{}", driver.requests[1].body)
    assert.equal("{}", driver.requests[2].body)
  end)

  it("proposes a name when the service does not know the action either", function()
    local made = open(wire.refusal("InvalidAction", "no such action"))
    local _, message, err = session.call(made, "CreateAuditTrak", {})
    assert.equal("CreateAuditTrak: no such action (InvalidAction)", message)
    assert.equal("did you mean CreateAuditTrack?", err.hint)
  end)

  it("skips the rules on values with validate = false, but not types and names", function()
    local made, driver = open(nil, { validate = false })
    local storage = { StorageType = "cos", StorageRegion = "ap-guangzhou", StorageName = "audit_test",
      StoragePrefix = "a_b" }
    local params = { Name = "\230\181\139\232\175\149", ActionType = "Read", ResourceType = "*", Status = 1,
      EventNames = { "*" }, Storage = storage }
    assert.truthy(session.call(made, "CreateAuditTrack", params))
    assert.equal("audit_test", wire.body(driver).Storage.StorageName)
    params.Status = "on"
    local _, _, err = session.call(made, "CreateAuditTrack", params)
    assert.equal("misuse", err.kind)
    assert.equal("Status", err.field)
  end)

  it("corrects a clock by at most max_skew", function()
    for _, case in ipairs{ { 30 * 86400, 31 * 86400, 2 }, { -30 * 86400, 31 * 86400, 2 }, { 3600, nil, 2 },
      { 30 * 86400, nil, 1 }, { 3600, 3599, 1 }, { 3600, 0.0001, 1 } } do
      local wrong_by, max_skew, requests = case[1], case[2], case[3]
      local emulator = cloudaudit.emulator.new()
      local client = emulator:client{ max_skew = max_skew, clock = function()
        return emulator.clock:now() + wrong_by
      end }
      local _, _, err = client:quota()
      assert.equal(requests == 1 and "AuthFailure.SignatureExpire" or nil, err and err.code)
      assert.equal(requests, #emulator:journal())
    end
  end)

  it("waits no longer when the clock of a driver goes back, and not at all by one that is none", function()
    local slept, jump = 0, -3600
    local function half() return 1 / 2 end -- a wait of no time would be none
    local made, driver = open({ wire.refusal("RequestLimitExceeded", "slow down"), wire.success() },
      { timeout = 5, random = half })
    local time = 1e6
    driver.now = function() time = time + 1 / 1000 return time end
    driver.sleep = function(seconds) slept, time, jump = slept + seconds, time + seconds + jump, 0 end
    assert(session.call(made, "ListAudits"))
    assert.is_true(slept > 0 and slept < 5, slept)
    for _, broken in ipairs{ 0 / 0, math.huge, 1e300 } do
      made, driver = open({ wire.refusal("RequestLimitExceeded", "slow down"), wire.success() }, { random = half })
      driver.now = function() return broken end
      local response, message, err = session.call(made, "ListAudits")
      assert.is_nil(response)
      assert.equal("ListAudits: driver.now: a finite number of seconds that rises expected", message)
      assert.equal("context", err.kind)
    end
  end)

  it("passes the injected clock, sleep and random to the call", function()
    local slept, drawn = {}, 0
    local made, driver = open({ wire.refusal("RequestLimitExceeded", "slow down"), wire.success() }, {
      clock = function() return 1672829101.7 end,
      sleep = function(seconds) slept[#slept + 1] = seconds end,
      random = function() drawn = drawn + 1 return 0.5 end,
    })
    local now = 0
    driver.now = function() now = now + 0.01 return now end
    driver.sleep = nil
    made.settings.sleep = function(seconds) slept[#slept + 1] = seconds now = now + seconds end
    local response, message = session.call(made, "ListAudits")
    assert.truthy(response, message)
    assert.equal(2, #driver.requests)
    assert.equal(1, #slept)
    assert.truthy(drawn > 0)
    assert.equal("1672829101", driver.requests[1].headers["X-TC-Timestamp"])
  end)
end)

describe("a timeout below a millisecond", function()
  it("is not replaced by the default", function()
    local client, driver = wire.client(nil, { timeout = 0.0001 })
    client:ListAudits()
    assert.equal(0.001, driver.timeout)
  end)
end)

describe("a driver's failure of kind misuse or memory", function()
  it("is returned with its outcome when something was sent", function()
    for _, kind in ipairs{ "misuse", "memory" } do
      local made, driver = open{ function() return nil, "torn", { kind = kind, sent = true } end }
      local response, _, err = session.call(made, "DeleteAuditTrack", { TrackId = 1 })
      assert.is_nil(response)
      assert.same({ "transport", "unknown", 1 }, { err.kind, err.outcome, #driver.requests })
    end
  end)
end)

describe("a closed session", function()
  describe("while its provider was working", function()
    local SNAPSHOT = { secret_id = wire.SECRET_ID, secret_key = wire.SECRET_KEY }

    -- A call that waits for its first keys, and its session.
    local function start(driver)
      local provider = { name = "slow", get = function() return coroutine.yield() end }
      local made = session.new{ env = false, credentials = provider, driver = driver }
      local resume = coroutine.wrap(function() return session.call(made, "ListAudits") end)
      resume()
      return made, resume
    end

    it("sends nothing", function()
      local driver = wire.driver()
      local made, resume = start(driver)
      session.close(made)
      local _, _, err = resume(SNAPSHOT)
      assert.equal("closed", err.kind)
      assert.equal(0, #driver.requests)
    end)

    it("lets the service's refusal stand", function()
      local made, resume = start(wire.driver(wire.refusal("AuthFailure.TokenFailure")))
      resume(SNAPSHOT)
      session.close(made)
      local _, _, err = resume(SNAPSHOT)
      assert.equal("AuthFailure.TokenFailure", err.code)
      assert.truthy(err.hint:find("closed", 1, true))
    end)
  end)

  it("has erased its credentials", function()
    local made = open()
    session.call(made, "ListAudits")
    local client = made.core
    assert.truthy(client:prepare("ListAudits", {}, 0))
    session.close(made)
    local request, fields = client:prepare("ListAudits", {}, 0)
    assert.is_nil(request)
    assert.equal("closed", fields.kind)
  end)

  it("ends a call of a custom driver between two requests", function()
    local emulator = cloudaudit.emulator.new{ now = 1767225600 }
    emulator:fault{ kind = "throttle" }
    local client
    client = emulator:client{ on_response = function() client:close() end }
    local track, _, err = client:create_track{ name = "audit", action = "all",
      storage = "cls://topic@ap-guangzhou/audit" }
    assert.is_nil(track)
    assert.same({ "closed", "unknown" }, { err.kind, err.outcome })
    assert.equal("CreateAuditTrack", err.intent.action)
    assert.same({}, emulator:all_tracks())
  end)

  it("gives kind closed for everything and can be closed again", function()
    local made, driver = open()
    session.call(made, "ListAudits")
    assert.is_true(session.close(made))
    assert.is_true(session.close(made))
    for _, result in ipairs{ { session.call(made, "ListAudits") }, { prepared.prepare(made, "ListAudits") },
      { prepared.parse(made, "ListAudits", 200, {}, "{}") } } do
      assert.equal("closed", result[3] and result[3].kind)
    end
    assert.equal(1, #driver.requests)
    assert.equal("(closed)", session.describe(made))
  end)
end)
