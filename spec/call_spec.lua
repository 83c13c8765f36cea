local calls = require "cloudaudit.call"
local cloudaudit = require "cloudaudit"
local refreshers = require "cloudaudit.credentials.refresher"
local wire = require "support.wire"

-- A call that follows a script of steps and keeps what it is told.
local function scripted(steps)
  local call = { told = {}, at = 0 }
  function call.next(_, monotonic, wall)
    call.asked = { monotonic, wall }
    call.at = call.at + 1
    local step = steps[call.at]
    call.last = step[1] == "send" and step[2] or call.last
    return step[1], step[2], step[3]
  end
  function call.body()
    return call.last.body, call.last.timestamp
  end
  function call.received(_, status, headers, body, monotonic, wall)
    call.told[#call.told + 1] = { "received", status, headers, body, monotonic, wall }
    return steps[call.at].gives, steps[call.at].detail
  end
  function call.failed(_, kind, message, sent, monotonic, wall)
    call.told[#call.told + 1] = { "failed", kind, message, sent, monotonic, wall }
  end
  function call.request_id()
    return steps[call.at].gives and steps[call.at].gives.RequestId or steps[call.at].request_id
  end
  function call.close()
    call.closed = true
  end
  return call
end

local REQUEST = { action = "ListAudits", method = "POST", url = "https://h/", host = "h", headers = {}, body = "{}" }

local function context_of(driver, settings, refresher)
  return { action = "ListAudits", settings = settings or {}, driver = driver, refresher = refresher,
    exchange = driver.exchange, now = driver.now,
    clock = function() return 5000 end, sleep = driver.sleep,
    -- math.random is one of those that hosts give, and an argument would change what it means.
    random = function(...) assert.equal(0, select("#", ...)) return 0.25 end }
end

describe("a call", function()
  it("sends, hands the response to the core and returns the result", function()
    local headers = { date = "d", ["x-twice"] = "a, b" } -- as nginx delivers them too
    local driver = wire.driver{ { status = 200, headers = headers, body = "{}" } }
    local call = scripted{ { "send", REQUEST, 10, gives = { RequestId = "r" } }, { "done" } }
    assert.same({ RequestId = "r" }, calls.run(context_of(driver), {}, call))
    assert.same({ { "received", 200, headers, "{}", 100, 5000 } }, call.told)
    assert.same({ 100, 5000 }, call.asked)
    assert.is_true(call.closed)
    assert.equal(REQUEST, driver.requests[1])
    assert.equal(10, driver.timeout)
  end)

  it("tells the core what failed and whether anything was sent", function()
    for _, case in ipairs{
      { { kind = "connect", sent = false }, "connect", false },
      { { kind = "timeout", sent = true }, "timeout", true },
      { { kind = "tls" }, "tls", true },
      { nil, "transport", true },
      { "odd", "transport", true },
      { { kind = {} }, "transport", true },
    } do
      local driver = wire.driver{ function() return nil, "why", case[1] end }
      local ending = { kind = "connect", message = "why", outcome = "unknown" }
      local call = scripted{ { "send", REQUEST, 1 }, { "failed", ending } }
      local response, message, err = calls.run(context_of(driver), {}, call)
      assert.is_nil(response)
      assert.equal("ListAudits: why", message)
      assert.equal("ListAudits", err.action)
      assert.equal("unknown", err.outcome)
      assert.is_true(call.closed)
      assert.same({ "failed", case[2], "why", case[3], 100, 5000 }, call.told[1])
    end
  end)

  it("treats an invalid response of a custom driver as a failure, never as a success", function()
    for _, nonsense in ipairs{ true, {}, { status = "200", body = "" }, { status = 200 }, { status = 200.5, body = "" },
      { status = 0 / 0, body = "" }, { status = math.huge, body = "" }, { status = 99, body = "" },
      { status = 200, body = "", headers = "x" } } do
      local driver = wire.driver{ function() return nonsense end }
      local call = scripted{ { "send", REQUEST, 1 }, { "failed", { kind = "protocol", message = "x" } } }
      assert.is_nil((calls.run(context_of(driver), {}, call)))
      assert.equal("failed", call.told[1][1])
      assert.equal("protocol", call.told[1][2])
      assert.is_true(call.told[1][4])
    end
  end)

  it("waits with the injected sleep", function()
    local driver = wire.driver()
    local call = scripted{ { "wait", 0.5 }, { "send", REQUEST, 1, gives = {} }, { "done" } }
    calls.run(context_of(driver), {}, call)
    assert.same({ 0.5 }, driver.slept)
  end)

  it("refreshes the credentials when the core asks for it, and continues", function()
    local handed = {}
    local client = { credentials = function(_, keys) handed[#handed + 1] = keys return true end }
    local refresher = refreshers.new({ name = "mine", get = function()
      return { secret_id = "new", secret_key = "k" }
    end }, { clock = function() return 1 end })
    local call = scripted{ { "refresh" }, { "send", REQUEST, 1, gives = { RequestId = "r" } }, { "done" } }
    assert.truthy(calls.run(context_of(wire.driver(), {}, refresher), client, call))
    assert.equal(1, #handed)
    assert.equal("userdata", type(handed[1]))
  end)

  it("reports the refusal when the credentials cannot be refreshed, and says so in the hint", function()
    local refresher = refreshers.new({ name = "mine", get = function() return nil, "torn", true end },
      { clock = function() return 1 end })
    local ending = { kind = "auth", code = "AuthFailure.TokenFailure", message = "old" }
    local call = scripted{ { "refresh" }, { "failed", ending } }
    local _, _, err = calls.run(context_of(wire.driver(), {}, refresher), {}, call)
    assert.equal("AuthFailure.TokenFailure", err.code)
    assert.equal("refreshing the credentials failed: mine: torn", err.hint)
  end)

  it("passes on the driver's hint for the last attempt", function()
    local hint
    local function refuse()
      return nil, "refused", { kind = "tls", sent = false, hint = hint }
    end
    local function hint_of(answers, steps)
      return select(3, calls.run(context_of(wire.driver(answers)), {}, scripted(steps))).hint
    end
    hint = "a hint of the driver"
    local attempt, failed = { "send", REQUEST, 1 }, { "failed", { kind = "tls", message = "refused" } }
    assert.equal(hint, hint_of({ refuse }, { attempt, failed }))
    local other = { "failed", { kind = "server", message = "x" } }
    assert.is_nil(hint_of({ refuse, { status = 500, body = "" } }, { attempt, attempt, other }))
    hint = 5
    failed = { "failed", { kind = "tls", message = "refused" } }
    assert.truthy(hint_of({ refuse }, { attempt, failed }):find("TLS 1.2", 1, true))
  end)

  it("tells a driver which action was throttled, and of no other refusal", function()
    for _, case in ipairs{ { "throttled", 1 }, { "server", 0 } } do
      local driver, throttled = wire.driver(), {}
      driver.throttled = function(action) throttled[#throttled + 1] = action end
      local call = scripted{ { "send", REQUEST, 1, detail = case[1] }, { "send", REQUEST, 1, gives = {}, detail = 5 },
        { "done" } }
      local context = context_of(driver)
      assert.truthy(calls.run(context, {}, call))
      assert.equal(5, context.date)
      assert.equal(case[2], #throttled)
      assert.equal(case[2] == 1 and context.action or nil, throttled[1])
    end
  end)

  it("learns from the core which refusals are throttles", function()
    for code, count in pairs{ RequestLimitExceeded = 1, ["RequestLimitExceeded.UinLimitExceeded"] = 1,
      InternalError = 0, LimitExceeded = 0 } do
      local driver, throttled = wire.driver(wire.refusal(code)), {}
      driver.throttled = function(action) throttled[#throttled + 1] = action end
      local client = cloudaudit.new{ driver = driver, env = false, retries = 0, secret_id = wire.SECRET_ID,
        secret_key = wire.SECRET_KEY }
      assert.is_nil((client:ListAudits()))
      assert.same(count == 1 and { "ListAudits" } or {}, throttled)
    end
  end)

  it("calls the hooks around each exchange, without a secret", function()
    local told, lines = {}, {}
    local driver = wire.driver{ function(_, n)
      if n == 1 then
        return nil, "refused", { kind = "connect", sent = false }
      end
      return { status = 200, headers = {}, body = "{}" }
    end }
    local settings = {
      on_request = function(info) told[#told + 1] = { "request", info } end,
      on_response = function(info) told[#told + 1] = { "response", info } end,
      log = function(level, line) lines[#lines + 1] = level .. " " .. line end,
    }
    local call = scripted{ { "send", REQUEST, 3 }, { "send", REQUEST, 2, gives = { RequestId = "r" } }, { "done" } }
    calls.run(context_of(driver, settings), {}, call)
    assert.same({
      { "request", { action = "ListAudits", attempt = 1, method = "POST", host = "h", bytes = 2, timeout = 3 } },
      { "response", { action = "ListAudits", attempt = 1, elapsed = 0, kind = "connect" } },
      { "request", { action = "ListAudits", attempt = 2, method = "POST", host = "h", bytes = 2, timeout = 2 } },
      { "response", { action = "ListAudits", attempt = 2, elapsed = 0, status = 200, bytes = 2, request_id = "r" } },
    }, told)
    assert.same({
      "debug ListAudits attempt 1: POST https://h/, 2 bytes", "debug ListAudits attempt 1: connect after 0.000 s",
      "debug ListAudits attempt 2: POST https://h/, 2 bytes",
      "debug ListAudits attempt 2: HTTP 200 in 0.000 s, 2 bytes, request id r",
    }, lines)
  end)

  it("reports the request id of a refusal too, and an intent before a create", function()
    local told = {}
    local settings = { on_request = function(info) told[1] = info end, on_response = function(info) told[2] = info end }
    local request = { action = "CreateAuditTrack", method = "POST", url = "https://h/", host = "h", body = "{}",
      timestamp = 7, headers = { Authorization = "canary" } }
    local context = context_of(wire.driver(), settings)
    context.action = "CreateAuditTrack"
    local ending = { kind = "server", message = "x", outcome = "unknown" }
    local call = scripted{ { "send", request, 1, request_id = "r-2" }, { "failed", ending } }
    local _, _, err = calls.run(context, {}, call)
    assert.equal("r-2", told[2].request_id)
    assert.same({ action = "CreateAuditTrack", body = "{}", timestamp = 7 }, told[1].intent)
    assert.same(told[1].intent, err.intent)
    assert.is_not.equal(told[1].intent, err.intent)
  end)

  it("runs in a coroutine whose driver yields", function()
    local driver = { now = function() return 1 end, sleep = function() coroutine.yield("sleep") end,
      exchange = function() return coroutine.yield("exchange") end }
    local call = scripted{ { "wait", 1 }, { "send", REQUEST, 1, gives = { RequestId = "r" } }, { "done" } }
    local co = coroutine.create(function() return calls.run(context_of(driver), {}, call) end)
    assert.same({ true, "sleep" }, { coroutine.resume(co) })
    assert.same({ true, "exchange" }, { coroutine.resume(co) })
    assert.same({ true, { RequestId = "r" } }, { coroutine.resume(co, { status = 200, headers = {}, body = "{}" }) })
  end)
end)

describe("a deprecated action", function()
  it("is reported to the log, as one printable line", function()
    for json, expected in pairs{ ['"use \\u001bX\\ninstead"'] = "use", ['{"a":1}'] = '{"a":1}', ["17"] = "17" } do
      local logged = {}
      local client = wire.client(wire.success('"DeprecatedWarning":' .. json .. ',"AuditAmount":1'),
        { log = function(level, text) logged[#logged + 1] = level == "warn" and text or nil end })
      assert(client:quota())
      assert.equal(1, #logged)
      assert.truthy(logged[1]:find("InquireAuditCredit: the service says it is deprecated: " .. expected, 1, true))
      assert.is_nil(logged[1]:find("%c"))
    end
    local client = wire.client(wire.success('"DeprecatedWarning":"","AuditAmount":1'),
      { log = function(level) assert.not_equal("warn", level) end })
    assert(client:quota())
  end)
end)
