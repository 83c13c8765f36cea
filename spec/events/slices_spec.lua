-- Slices read in parallel: the same events, in order, and never more at once than allowed.
local cloudaudit = require "cloudaudit"
local history = require "support.history"
local random = require "cloudaudit.emulator.random"

local NOW, DAY, take, size = history.NOW, 86400, history.take, history.size

local function pick(chance, list)
  return list[chance:integer(1, #list)]
end

local function check_order(times, order)
  for index = 2, #times do
    assert(order ~= "oldest" or times[index - 1] <= times[index])
    assert(order == "oldest" or times[index - 1] >= times[index])
  end
end

-- 3,000 events in 20 days, 800 of them in one second.
local function crowd()
  local events = {}
  for index = 1, 3000 do
    local time = index <= 800 and NOW - 7 * DAY or NOW - index * 570
    events[index] = { id = ("%05d"):format(index), time = time, name = "E1" }
  end
  return events
end

describe("events with parallel", function()
  it("returns each event once and in order, whatever the service does", function()
    local chance = random.new(77)
    local most = 0
    for set = 1, 300 do
      local days, count = pick(chance, { 1, 40, 89 }), chance:integer(0, 150)
      local events = history.events(set, count, days)
      local service = history.new{ events = events, order = pick(chance, { "newest", "oldest", "shuffled" }),
        edges = pick(chance, { "closed", "open", "left", "right" }), short = chance:integer(0, 1) * 0.4, seed = set }
      local order, parallel = pick(chance, { "oldest", "newest", false }), chance:integer(2, 6)
      local it = history.client(service):events{ since = NOW - days * DAY - 1, order = order or nil,
        parallel = parallel, page_size = chance:integer(5, 50) }
      local got, times = {}, {}
      take(it, 1000, got, times)
      assert.equal(count, size(got))
      check_order(times, order)
      assert(service.most_under_way <= parallel)
      most = math.max(most, service.most_under_way)
    end
    assert.equal(6, most)
  end)

  it("divides crowded slices, and reads little ahead", function()
    for _, order in ipairs{ "oldest", "newest" } do
      local service = history.new{ events = crowd(), order = "newest" }
      local it = history.client(service, { rate = 1000 }):events{ since = "-20d", order = order, parallel = 4 }
      local got, times = {}, {}
      take(it, 1, got, times)
      -- At most 11 pages for each of the slices under way, at each length that is tried.
      assert(#service.requests < 4 * 11 * 6, tostring(#service.requests))
      take(it, 5000, got, times)
      assert.equal(3000, size(got))
      check_order(times, order)
      assert(#service.requests < 700, tostring(#service.requests))
    end
  end)

  it("can be resumed at every point, with and without parallel", function()
    local service = history.new{ events = history.events(5, 60, 80) }
    for stop = 0, 60 do
      local got = {}
      local it = history.client(service):events{ since = "-80d", parallel = 3 }
      take(it, stop, got)
      take(history.client(service):events{ cursor = it.cursor, parallel = stop % 2 * 3 + 1 }, 100, got)
      assert.equal(60, size(got))
    end
    local plain = history.client(service):events{ since = "-80d" }
    plain()
    local failing = history.client(service):events{ cursor = plain.cursor, parallel = 3 }
    assert.equal("validation", failing.err.kind)
    assert.equal("parallel", failing.err.field)
  end)

  it("returns everything before a failure, keeps the failure, and leaves nothing running", function()
    local service = history.new{ events = history.events(6, 100, 80) }
    service.fail = function(_, params)
      return params.StartTime < NOW - 50 * DAY
        and '{"Response":{"Error":{"Code":"UnauthorizedOperation","Message":"no"},"RequestId":"r"}}'
    end
    local client = history.client(service)
    local it, got = client:events{ since = "-80d", parallel = 4 }, {}
    local event, ok, message
    repeat
      ok, event = pcall(it)
      if ok and event then
        got[event.id] = true
      else
        message = event
      end
    until not ok
    assert.truthy(message:find("UnauthorizedOperation", 1, true))
    assert.is_true(it.err:is("UnauthorizedOperation"))
    assert.equal(0, client:pending())
    -- Four slices of 20 days; the third is the first that fails.
    for _, each in ipairs(service.events) do
      assert.equal(each.time > NOW - 40 * DAY, got[each.id] or false)
    end
    service.fail = nil
    take(history.client(service):events{ cursor = it.cursor }, 200, got)
    assert.equal(100, size(got))
  end)

  it("cancels running slices at max, and reads no further", function()
    local service = history.new{ events = crowd() }
    local client = history.client(service)
    local got = {}
    take(client:events{ since = "-20d", parallel = 4, max = 10 }, 50, got)
    assert.equal(10, size(got))
    assert.equal(0, client:pending())
    local before = #service.requests
    client:step(0)
    assert.equal(before, #service.requests)
  end)

  it("respects the rate limit of the service, and is faster than reading sequentially", function()
    local elapsed = {}
    for _, parallel in ipairs{ 1, 8 } do
      local emulator = cloudaudit.emulator.new{ now = NOW, record = false }
      for index = 1, 1500 do
        emulator:add_event{ EventId = "e" .. index, EventTime = NOW - index * 1000 }
      end
      emulator:fault{ kind = "delay", seconds = 0.5, times = "always" }
      local client, got = emulator:client(), {}
      local started = emulator:now()
      take(client:events{ since = "-20d", parallel = parallel, order = "newest" }, 5000, got)
      elapsed[parallel] = emulator:now() - started
      assert.equal(1500, size(got))
      for _, entry in ipairs(emulator:journal()) do
        assert.is_nil(entry.code)
      end
    end
    assert.truthy(elapsed[8] * 3 < elapsed[1], elapsed[8] .. " s, " .. elapsed[1] .. " s")
  end)

  it("works in a task, and through client.async", function()
    local service = history.new{ events = history.events(7, 80, 30) }
    local client = history.client(service)
    local got = {}
    client:task(function()
      take(client:events{ since = "-30d", parallel = 3 }, 100, got)
    end):await()
    assert.equal(80, size(got))
    got = {}
    take(client.async:events{ since = "-30d", parallel = 3 }:await(), 100, got)
    assert.equal(80, size(got))
    local page = client.async:lookup{ since = "-30d" }:await()
    assert.equal(50, #page.events)
    local events = client.async:tail{ since = "-1h" }:await():poll()
    assert.equal("table", type(events))
    assert.equal(service.events[1].id, client.async:wait_for({ since = "-30d", where = { id = service.events[1].id } },
      1e6):await().id)
  end)

  it("needs a driver that can step, and says so", function()
    local service = history.new{ events = history.events(8, 10, 1) }
    local client, driver = history.client(service)
    driver.async = nil
    local it = client:events{ since = "-1d", parallel = 2 }
    assert.error_matches(it, "needs? a driver with an async form")
    assert.equal("context", it.err.kind)
    assert.truthy(client:events{ since = "-1d", parallel = 1 }())
    assert.error_matches(function() client:events{ since = "-1d", parallel = 0 } end,
      "events.parallel: integer from 1 to 64")
  end)
end)
