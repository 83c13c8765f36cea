-- Reading events with a local clock that is wrong: the service's time counts.
local cloudaudit = require "cloudaudit"
local wire = require "support.wire"

local NOW, DAY = 1700000000, 86400

-- An emulator with an event every ten minutes of the last two hours, and a client whose clock is `wrong` seconds off.
local function setup(wrong, options)
  local emulator = cloudaudit.emulator.new{ now = NOW, record = false }
  for index = 0, 12 do
    emulator:add_event{ EventId = "e" .. index, EventTime = NOW - index * 600, EventName = "E" .. index }
  end
  local logged = {}
  local given = { clock = function() return emulator:now() + wrong end,
    log = function(level, text) logged[#logged + 1] = level == "warn" and text or nil end }
  for name, value in pairs(options or {}) do
    given[name] = value
  end
  return emulator:client(given), logged, emulator
end

local WRONG = { -8 * 3600, -1200, -240, 0, 240, 1200, 8 * 3600 }

local function ids(it)
  local list = {}
  for _ = 1, 100 do
    local event = it()
    if not event then
      return table.concat(list, " ")
    end
    list[#list + 1] = event.id
  end
end

describe("with a local clock that is wrong", function()
  it("events and lookup read the range that was meant", function()
    for _, wrong in ipairs(WRONG) do
      for _, query in ipairs{ {}, { order = "newest" }, { parallel = 3 } } do
        query.since = "-1h"
        assert.equal("e0 e1 e2 e3 e4 e5 e6", ids(setup(wrong):events(query)), tostring(wrong))
      end
      assert.equal(7, #setup(wrong):lookup{ since = "-1h" }.events)
      assert.equal("e2 e3 e4 e5 e6", ids(setup(wrong):events{ since = "-1h", ["until"] = "-20m" }))
      assert.equal("e0 e1", ids(setup(wrong):events{ since = NOW - 600 }), tostring(wrong))
      assert.equal("e3", ids(setup(wrong):events{ since = NOW - 1800, ["until"] = NOW - 1800 }))
    end
  end)

  it("tail and wait_for do", function()
    for _, wrong in ipairs(WRONG) do
      local client, _, emulator = setup(wrong)
      local tail = client:tail{ since = "-1h" }
      local found = tail:poll()
      assert.equal(7, #found, tostring(wrong))
      emulator:advance(30)
      emulator:add_event{ EventId = "new", EventTime = NOW + 20 }
      found = tail:poll()
      assert.equal(1, #found)
      assert.equal("new", found[1].id)
      assert.equal("e1", setup(wrong):wait_for({ where = { event_name = "E1" } }, 60).id)
      client, _, emulator = setup(wrong)
      tail = client:tail()
      tail:poll()
      emulator:advance(5)
      emulator:add_event{ EventId = "new", EventTime = NOW + 3 }
      assert.equal(1, #tail:poll())
    end
  end)

  it("the limit of 90 days is the service's", function()
    for _, wrong in ipairs(WRONG) do
      local client, _, emulator = setup(wrong)
      emulator:add_event{ EventId = "old", EventTime = NOW - 90 * DAY + 300 }
      assert.truthy(ids(client:events{ since = "-90d" }):find("old", 1, true), tostring(wrong))
      assert.truthy(ids(setup(wrong, {}):events{ since = NOW - 90 * DAY + 200 }):find("e12", 1, true), tostring(wrong))
      local it = setup(wrong):events{ since = NOW - 90 * DAY - 600 }
      assert.is_false((pcall(it)))
      assert.equal("range", it.err.kind, tostring(wrong))
      local _, _, err = setup(wrong):lookup{ since = "-1h", ["until"] = NOW - 7200 }
      assert.equal("validation", err.kind)
    end
  end)

  it("warns once, and only about more than a few seconds", function()
    for _, wrong in ipairs(WRONG) do
      local client, logged = setup(wrong)
      for _ = 1, 3 do
        client:lookup{ since = "-1h" }
      end
      assert.equal(wrong == 0 and 0 or 1, #logged)
      assert.truthy(wrong == 0 or logged[1]:find(wrong < 0 and "behind" or "ahead of", 1, true))
    end
    local client, logged = setup(3)
    client:lookup{ since = "-1h" }
    assert.same({}, logged)
  end)

  it("a request asks for the time only when it could change a refusal, once", function()
    local requests = 0
    local client = setup(1200, { on_request = function() requests = requests + 1 end })
    for _ = 1, 3 do
      local it = client:events{ since = "-91d" }
      assert.equal("range", it.err.kind)
      it = client:events{ since = "2020-01-01T00:00:00Z" }
      assert.equal("range", it.err.kind)
    end
    assert.equal(0, requests)
    for _ = 1, 3 do
      client:events{ since = NOW - 90 * DAY - 600 }
    end
    -- One is refused for its timestamp.
    assert.equal(2, requests)
  end)

  it("over plain HTTP, and with dates that cannot be the service's, the local clock counts", function()
    local function starts(date, options)
      options.clock = function() return NOW end
      local body = wire.success('"Events":[],"ListOver":true')
      local client, driver = wire.client({ { status = 200, headers = { date = date }, body = body } }, options)
      client:lookup{ since = "-1h" }
      return wire.body(driver).StartTime, #driver.requests
    end
    local date = "Tue, 14 Nov 2023 22:15:00 GMT" -- NOW + 100
    assert.equal(NOW + 100 - 3601, (starts(date, {})))
    assert.equal(NOW - 3601, (starts(date, { endpoint = "http://127.0.0.1:1" })))
    local _, requests = starts("Tue, 14 Nov 2023 23:13:20 GMT", {})
    assert.equal(1, requests)
  end)
end)

describe("the service's time", function()
  it("counts from the middle of the exchange, and a slow exchange tells nothing", function()
    for trip, expected in pairs{ [0] = 100, [4] = 98, [6] = 0 } do
      local client, driver
      client, driver = wire.client({ function()
        driver.time = driver.time + trip
        return { status = 200, headers = { date = "Tue, 14 Nov 2023 22:15:00 GMT" }, -- NOW + 100
          body = wire.success('"Events":[],"ListOver":true') }
      end }, { clock = function() return NOW + driver.time - 100 end })
      client:lookup{ since = "-1h" }
      local last = wire.body(driver, 2 - (expected == 0 and 1 or 0))
      -- The first request left at NOW; the second, if any, `trip` later.
      assert.equal(NOW + (expected > 0 and expected or 0) - 3601, last.StartTime)
    end
  end)
end)
