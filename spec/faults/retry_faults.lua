-- Retries, clocks and rates end to end: a client over libcurl, and the requests that a server or the emulator's
-- journal has recorded.
local cloudaudit = require "cloudaudit"
local core = require "cloudaudit.core"
local emulators = require "support.emulator"
local faults = require "faults.rig"
local text = require "faults.scripts.text"
local wire = require "support.wire"

local HOUR = 3600

-- The requests of a connection as {headers= {lower-case name = value}, body=}.
local function requests_in(bytes)
  local list, at = {}, 1
  while at <= #bytes do
    local head_end = bytes:find("\r\n\r\n", at, true)
    local request = { headers = {} }
    for name, value in bytes:sub(at, head_end + 1):gmatch("\r\n([^:\r\n]+): ([^\r\n]*)") do
      request.headers[name:lower()] = value
    end
    local length = tonumber(request.headers["content-length"])
    request.body = bytes:sub(head_end + 4, head_end + 3 + length)
    list[#list + 1] = request
    at = head_end + 4 + length
  end
  return list
end

-- The largest number of requests within any second of a sorted list of times.
local function most_in_a_second(times)
  local most, first = 0, 1
  for last, time in ipairs(times) do
    while times[first] <= time - 1 do
      first = first + 1
    end
    most = math.max(most, last - first + 1)
  end
  return most
end

describe("a call that is retried", function()
  local rig, served

  setup(function()
    rig = faults.start()
    served = emulators.start{ "--tls", "--quota", "1000" }
  end)

  teardown(function()
    rig.stop()
    served:stop()
  end)

  it("sends the same body three times, with a new signature each time", function()
    local now = 1551113065
    local answer = { "request", { "send", text.response(200, text.refusal("RequestLimitExceeded")) } }
    local service = rig.serve("http", { answer[1], answer[2], answer[1], answer[2],
      "request", { "send", text.response(200, text.SUCCESS) }, "stall" })
    local client = rig.client(service.url, { clock = function()
      now = now + 1
      return now
    end })
    local track, message
    rig.together({ function()
      track, message = client:create_track(faults.track("audit"))
    end }, 1)
    assert.truthy(track, message)
    local requests = requests_in(service:journal(true).connections[1].bytes)
    assert.equal(3, #requests)
    local stamps, signatures = {}, {}
    for _, request in ipairs(requests) do
      assert.equal(requests[1].body, request.body)
      stamps[request.headers["x-tc-timestamp"]] = true
      signatures[request.headers.authorization] = true
      local stages = core.sign{ method = "POST", content_type = request.headers["content-type"],
        host = request.headers.host, query = "", payload = request.body, service = "cloudaudit",
        timestamp = tonumber(request.headers["x-tc-timestamp"]), secret_id = faults.SECRET_ID,
        secret_key = faults.SECRET_KEY }
      assert.equal(stages.authorization, request.headers.authorization)
      request.headers.authorization, request.headers["x-tc-timestamp"] = nil, nil
      assert.same(requests[1].headers, request.headers)
    end
    local function count(set)
      local found = 0
      for _ in pairs(set) do
        found = found + 1
      end
      return found
    end
    assert.same({ 3, 3 }, { count(stamps), count(signatures) })
  end)

  it("waits with full jitter: between nothing and a delay that doubles", function()
    for _, random in ipairs{ 0, 0.25, 0.999 } do
      local driver = wire.driver{ function() return nil, "down", { kind = "connect", sent = false } end }
      local client = wire.client(nil, { driver = driver, retries = 4, random = function() return random end })
      assert.is_nil((client:ListAudits()))
      local waited = 0
      for _, seconds in ipairs(driver.slept) do
        waited = waited + seconds
      end
      assert.is_true(math.abs(waited - random * (0.1 + 0.2 + 0.4 + 0.8)) < 0.005, waited)
    end
  end)

  -- A client of the served emulator with a wrong clock, and a count of the requests of its calls.
  local function with_clock(offset, options)
    local requests = 0
    local clock = { offset = offset }
    options = options or {}
    options.clock = function() return core.time() + clock.offset end
    options.on_request = function() requests = requests + 1 end
    local client = served:client(options)
    return client, clock, function()
      local taken = requests
      requests = 0
      return taken
    end
  end

  it("corrects a clock that is up to a day wrong, once", function()
    for _, hours in ipairs{ -23.9, -10, -1, -0.09, 0.09, 1, 10, 23.9 } do
      local client, clock, taken = with_clock(hours * HOUR)
      local track, message = client:create_track(faults.track("clock"))
      assert.truthy(track, message)
      assert.equal(2, taken(), hours)
      assert(client:delete_track(track.id))
      assert.equal(1, taken(), hours)
      clock.offset = 0 -- as if the clock had been set
      assert(client:DescribeAuditTracks{ PageNumber = 1, PageSize = 10 })
      assert.is_true(taken() <= 2, hours)
      client:close()
    end
  end)

  it("corrects one that is years wrong when max_skew allows it", function()
    for _, years in ipairs{ -10, 10 } do
      local client, _, taken = with_clock(years * 365 * 24 * HOUR, { max_skew = 11 * 365 * 24 * HOUR })
      assert(client:quota())
      assert.equal(2, taken())
      assert(client:quota())
      assert.equal(1, taken())
      client:close()
    end
  end)

  it("does not correct a clock that is wrong by more than max_skew", function()
    for _, hours in ipairs{ -24.2, 24.2, 24 * 365 * 10, -24 * 365 * 10 } do
      local client, _, taken = with_clock(hours * HOUR)
      local track, _, err = client:create_track(faults.track("clock"))
      assert.is_nil(track)
      assert.same({ "AuthFailure.SignatureExpire", "rejected", 1 }, { err.code, err.outcome, taken() })
      client:close()
    end
  end)

  it("ignores a Date that may be old, wrong or forged", function()
    local year = os.date("!%a, %d %b %Y %H:%M:%S GMT", os.time() + 400 * 24 * HOUR)
    local soon = os.date("!%a, %d %b %Y %H:%M:%S GMT", os.time() + HOUR)
    local cases = {
      { scheme = "https", lines = { "Date: " .. soon }, attempts = 2 },
      { scheme = "https", lines = {}, attempts = 1 },
      { scheme = "https", lines = { "Date: soon" }, attempts = 1 },
      { scheme = "https", lines = { "Date: Sun Nov  6 08:49:37 1994" }, attempts = 1 },
      { scheme = "https", lines = { "Date: Thu, 01 Jan 1970 00:00:00 GMT" }, attempts = 1 },
      { scheme = "https", lines = { "Date: " .. year }, attempts = 1 },
      { scheme = "https", lines = { "Date: " .. soon, "Age: 600" }, attempts = 1 },
      { scheme = "http", lines = { "Date: " .. soon }, attempts = 1 },
    }
    for _, case in ipairs(cases) do
      local service = rig.serve(case.scheme, { "request",
        { "send", text.response(200, text.refusal("AuthFailure.SignatureExpire"), case.lines) }, "again" })
      local err
      rig.together({ function()
        local client = rig.client(service.url)
        for _ = 1, 2 do -- once per call, however often it occurs
          err = select(3, client:create_track(faults.track("audit")))
        end
      end }, 1)
      local name = table.concat(case.lines, " ")
      assert.same({ "AuthFailure.SignatureExpire", "rejected", case.attempts }, { err.code, err.outcome, err.attempts },
        name)
      assert.equal(2 * case.attempts, service:journal().requests, name)
    end
  end)

  it("ends by its deadline while the wall clock jumps", function()
    local service = rig.serve("http", { "request", "stall" })
    for _, step in ipairs{ -86400, 86400, 1e9 } do
      local now = 1551113065
      local client = rig.client(service.url, { timeout = 0.3, clock = function()
        now = now + step
        return now
      end })
      local result
      rig.together({ function()
        result = rig.timed(0.3, client.DescribeAuditTracks, client, { PageNumber = 1, PageSize = 10 })
      end }, 1)
      assert.equal("timeout", result[3].kind)
      assert.is_true(math.abs(result.over) < faults.GRACE, result.over)
    end
  end)

  it("does not flood a service that is down", function()
    local CALLS = 10000
    local driver = wire.driver{ { status = 503, body = "busy" } }
    local client = wire.client(nil, { driver = driver, rate = 1000 })
    for _ = 1, CALLS do
      assert.is_nil((client:ListAudits()))
    end
    assert.is_true(#driver.requests <= CALLS + 500 / 14, #driver.requests)
    assert.is_true(#driver.requests > CALLS)
    driver.requests = {}
    for _ = 1, 1000 do
      client:create_track(faults.track("audit"))
    end
    assert.equal(1000, #driver.requests)
  end)

  it("keeps its rate limit within any second", function()
    local RATE, CALLS = 18, 2000
    local emulator = cloudaudit.emulator.new{ now = 1551113065, rate = 20 }
    local client = emulator:client{ timeout = 30 }
    for _ = 1, CALLS do
      assert(client:ListAudits())
    end
    local times = {}
    for _, entry in ipairs(emulator:journal("ListAudits")) do
      assert.is_nil(entry.code)
      times[#times + 1] = entry.time
    end
    assert.is_true(#times >= 1000 and most_in_a_second(times) <= RATE, most_in_a_second(times))
    assert.is_true(times[#times] - times[1] < 1.1 * #times / RATE)
    -- Over the network, measured by two clocks.
    client = served:client{ timeout = 30 }
    local stamps = {}
    for _ = 1, 3 * RATE do
      assert(client:ListAudits())
    end
    for _, entry in ipairs(served:journal("ListAudits")) do
      stamps[#stamps + 1] = entry.time
    end
    assert.equal(3 * RATE, #stamps)
    local most = most_in_a_second(stamps)
    assert.is_true(most <= RATE + 1, most) -- one request may take longer to arrive than the next
    faults.measured("no second held more than %d requests in memory, nor more than %d over TLS (rate %d)",
      most_in_a_second(times), most, RATE)
  end)

  it("lowers its rate when the service throttles", function()
    local emulator = cloudaudit.emulator.new{ now = 1551113065, rate = 20 }
    local clients = {}
    for index = 1, 3 do -- 54 a second together
      clients[index] = emulator:client{ timeout = 60, retries = 6 }
    end
    local refused = 0
    for _ = 1, 300 do
      for _, client in ipairs(clients) do
        assert(client:ListAudits())
      end
    end
    for _, entry in ipairs(emulator:journal("ListAudits")) do
      refused = refused + (entry.code == "RequestLimitExceeded" and 1 or 0)
    end
    assert.is_true(refused > 0 and refused < 90, refused .. " of 900 refused")
  end)
end)
