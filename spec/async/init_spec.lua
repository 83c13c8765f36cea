-- Tasks, step, pending and fds of a client, and drivers with and without an async form.
local cloudaudit = require "cloudaudit"

local function spec_of(name)
  return { name = name or "audit", action = "read", resource_type = "cam", event_names = { "A" },
    storage = "cos://audit-logs@ap-guangzhou/cloudaudit" }
end

-- A client whose driver's clock moves when it steps, by the time that a task waits for it.
local function timed(options)
  local emulator = cloudaudit.emulator.new{ now = function() return 1767225600 end, rate = 0 }
  local inner, clock = emulator:driver(), { time = 1e6, jump = 0 }
  local function now() return clock.time end
  local id, key = emulator:credential()
  local given = { secret_id = id, secret_key = key, timeout = 5, clock = function() return 1767225600 end,
    random = function() return 1 / 2 end,
    driver = { exchange = inner.exchange, sleep = inner.sleep, now = now, async = { exchange = inner.async.exchange,
      step = function(seconds, wake)
        local slept = wake and math.min(seconds, wake) or 0
        clock.time = clock.time + slept + (slept > 0 and clock.jump or 0)
        clock.slept, clock.jump = (clock.slept or 0) + slept, slept > 0 and 0 or clock.jump
        return 0
      end } } }
  for name, value in pairs(options or {}) do
    given[name] = value
  end
  return cloudaudit.new(given), emulator, clock
end

describe("a wait in a task", function()
  it("is over when the clock goes back", function()
    local client, emulator, clock = timed()
    emulator:fault{ kind = "throttle", times = 2 }
    clock.jump = -3600
    assert(client.async:quota():await())
    assert.is_true(clock.slept > 0 and clock.slept < 5, clock.slept)
  end)

  it("takes no longer after waits of a sleep that does not sleep", function()
    local client, emulator, clock = timed{ sleep = function() end }
    local _, _, err = client:wait_for({ where = { event_name = "Nothing" } }, 300)
    assert.equal("timeout", err.kind)
    emulator:fault{ kind = "throttle" }
    assert(client.async:quota():await())
    assert.is_true(clock.slept > 0 and clock.slept < 5, clock.slept)
  end)
end)

describe("client.async", function()
  local emulator, client

  before_each(function()
    emulator = cloudaudit.emulator.new{ quota = 100, now = 1767225600 }
    client = emulator:client()
  end)

  local function drain()
    while client:step(1) > 0 do
      -- each step waits
    end
  end

  it("has nothing pending and nothing to watch before the first task", function()
    assert.same({ 0, 0 }, { client:step(0), client:pending() })
    assert.same({ {} }, { client:fds() })
    client.async:quota()
    assert.equal(1, client:pending())
    drain()
    assert.equal(0, client:pending())
  end)

  it("returns the driver's file descriptors, and when the next step is due", function()
    local watched = { { fd = 5, read = true, write = false } }
    local driver = { exchange = function() error("blocking") end, sleep = function() end, async = {
      exchange = function(_, _, wait) return nil, wait(), { kind = "cancelled", sent = false } end,
      step = function() end,
      fds = function() return watched, 0.5 end,
    } }
    local mine = assert(cloudaudit.new{ driver = driver, env = false, secret_id = "AKIDx", secret_key = "y" })
    local future = mine.async:quota()
    assert.same({ watched, 0.5 }, { mine:fds() })
    future:on_done(function() end)
    future:cancel()
    assert.same({ watched, 0 }, { mine:fds() }) -- a callback is due
    assert.equal(0, mine:step(0))
  end)

  describe("task", function()
    it("runs blocking calls of the client concurrently with other calls", function()
      local seen = {}
      local future = client:task(function(name)
        local track = assert(client:create_track(spec_of(name)))
        seen[#seen + 1] = "created"
        local quota = client.async:quota():await()
        seen[#seen + 1] = "quota"
        coroutine.yield("a foreign value")
        return track.name, quota.remaining
      end, "given")
      local beside = client.async:quota()
      client:step(0)
      assert.is_true(beside:done())
      assert.is_false(future:done())
      assert.same({ "given", 99 }, { future:await() })
      assert.same({ "created", "quota" }, seen)
    end)

    it("may not await itself, and step raises its error", function()
      local own
      own = client:task(function()
        client:quota()
        return own:await()
      end)
      assert.has_error(drain)
      assert.is_true(own:done())
    end)

    it("may step, cancel and close, and so may a callback", function()
      local said = {}
      local victim = client.async:quota()
      local stepping = client:task(function()
        client:quota()
        return client:step(1)
      end)
      local cancelling = client:task(function()
        client:quota()
        return victim:cancel()
      end)
      local own
      own = client:task(function()
        client:quota()
        own:cancel()
        return select(3, client:quota()).kind
      end)
      local waiting = client:task(function()
        return select(3, own:await()), select(3, client:create_track(spec_of("late")))
      end)
      stepping:on_done(function() said[#said + 1] = "stepped" end)
      cancelling:on_done(function(done)
        said[#said + 1] = tostring(done)
        client:close()
        client:step(0)
      end)
      drain()
      assert.equal("number", type(stepping:result()))
      assert.equal("cancelled", own:result())
      assert.is_true(victim:done() and waiting:done())
      table.sort(said)
      assert.equal("stepped", said[#said])
      assert.equal(2, #said)
      assert.equal(0, client:pending())
    end)

    it("raises at once an error that precedes its first wait", function()
      assert.has_error(function() client:task(error, "at once") end)
      assert.equal(0, client:pending())
    end)
  end)

  describe("of several clients", function()
    local other_emulator, other, sum

    before_each(function()
      other_emulator = cloudaudit.emulator.new{ quota = 50, now = 1767225600 }
      other = other_emulator:client()
      sum = client:quota().remaining + other:quota().remaining
    end)

    it("awaits in a task the future of another client, whichever is stepped", function()
      local function both()
        return client:task(function() return other.async:quota():await().remaining + client:quota().remaining end)
      end
      assert.equal(sum, both():await())
      assert.equal(sum, cloudaudit.all{ cloudaudit.all{ both() } }:await()[1][1])
      local stepped = both()
      while client:step(0) > 0 do
        -- the other client is stepped by this one
      end
      assert.equal(sum, stepped:result())
    end)

    it("awaits through any number of clients, and inside iterators", function()
      assert(client:create_track(spec_of("one")))
      local third = other_emulator:client()
      local future = third:task(function()
        return other:task(function()
          local it = client.async:tracks():await()
          return it().name
        end):await()
      end)
      assert.equal("one", future:await())
    end)

    it("leaves time to calls of both: neither waits for the other's clock", function()
      emulator:fault{ kind = "delay", action = "InquireAuditCredit", seconds = 3 }
      other_emulator:fault{ kind = "delay", action = "InquireAuditCredit", seconds = 1 }
      local started, other_started = emulator:now(), other_emulator:now()
      local list = cloudaudit.all{ client.async:quota(), other.async:quota() }:await()
      assert.equal(sum, list[1].remaining + list[2].remaining)
      assert.is_true(emulator:now() - started < 3.1 and other_emulator:now() - other_started < 1.1)
    end)

    it("refuses tasks that would wait for each other", function()
      local second
      local first = client:task(function()
        client:quota()
        return second:await()
      end)
      second = other:task(function() return cloudaudit.all{ first }:await() end)
      second:on_done(function() end)
      drain()
      local _, message = pcall(first.result, first)
      assert.truthy(tostring(message):find("the future waits for the task that would await it", 1, true), message)
      assert.equal(0, other:step(0))
      assert.is_true(second:done())
    end)
  end)

  it("fails with kind context on a driver without an async form", function()
    local driver = { exchange = function() return nil, "unused" end, sleep = function() end }
    local mine = assert(cloudaudit.new{ driver = driver, env = false, secret_id = "AKIDx", secret_key = "y" })
    local _, message, err = mine.async:quota():await()
    assert.equal("context", err.kind)
    assert.equal("not_sent", err.outcome)
    assert.truthy(message:find("no member async", 1, true))
    assert.truthy(err.hint)
  end)

  it("steps a custom driver", function()
    local bodies, waited = {}, 0
    local driver = { sleep = function() end, exchange = function() error("blocking") end, async = {
      exchange = function(request, timeout, wait)
        assert(timeout > 0)
        while not bodies[request.action] do
          local stop = wait()
          if stop then
            return nil, stop, { kind = stop, sent = false }
          end
        end
        return { status = 200, body = bodies[request.action] }
      end,
      step = function(seconds) waited = waited + seconds end,
    } }
    local mine = assert(cloudaudit.new{ driver = driver, env = false, secret_id = "AKIDx", secret_key = "y" })
    local future, other = mine.async:quota(), mine.async:DescribeAuditTracks{ PageNumber = 1, PageSize = 1 }
    assert.equal(2, mine:step(0.25))
    assert.equal(0.25, waited)
    bodies.InquireAuditCredit = '{"Response":{"AuditAmount":3,"RequestId":"r"}}'
    assert.equal(1, mine:step(0))
    assert.equal(3, future:result().remaining)
    other:cancel()
    assert.equal("cancelled", select(3, other:result()).kind)
  end)
end)
