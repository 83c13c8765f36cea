-- Waiting: in coroutines of the host's, in tasks, for several, in iterators, with drivers of the host's own.
local cloudaudit = require "cloudaudit"

local OLD = _VERSION == "Lua 5.1" and not rawget(_G, "jit")

local function spec_of(name)
  return { name = name or "audit", action = "read", resource_type = "cam", event_names = { "A" },
    storage = "cos://audit-logs@ap-guangzhou/cloudaudit" }
end

describe("client.async", function()
  local emulator, client

  before_each(function()
    emulator = cloudaudit.emulator.new{ quota = 100, now = 1767225600 }
    client = emulator:client()
  end)

  local function drain()
    while client:step(1) > 0 do
      -- step does it all
    end
  end

  describe("waits", function()
    it("in a coroutine of the host's by yielding to the host", function()
      local track
      local thread = coroutine.create(function()
        track = assert(client.async:create_track(spec_of()):await())
      end)
      local turns = 0
      while coroutine.status(thread) ~= "dead" do
        assert(coroutine.resume(thread))
        turns = turns + 1
        client:step(0)
      end
      assert.equal("audit", track.name)
      assert.is_true(turns > 1)
    end)

    it("for several, in order, with n", function()
      local track = assert(client:create_track(spec_of()))
      local every = cloudaudit.all{ client.async:get_track(track.id), client.async:find_track("nobody"),
        client.async:quota() }
      assert.is_false(every:done())
      local called
      every:on_done(function(list) called = list end)
      local list = every:await()
      drain()
      assert.equal(3, list.n)
      assert.equal("audit", list[1].name)
      assert.is_nil(list[2])
      assert.equal("number", type(list[3].remaining))
      assert.equal(list, called)
      assert.same({ n = 0 }, cloudaudit.all{}:await())
      local nested = cloudaudit.all{ cloudaudit.all{ client.async:quota() }, emulator:client().async:quota() }
      assert.equal("table", type(nested:await()[2]))
    end)

    it("for all of several, and tells the first that failed", function()
      local first, second = client.async:get_track(7), client.async:quota()
      local _, message, err = cloudaudit.all{ second, first }:await()
      assert.equal("not_found", err.kind)
      assert.equal(message, select(2, first:result()))
      assert(second:result())
    end)

    it("for retries and the rate without blocking, by the clock", function()
      emulator:fault{ kind = "throttle", action = "CreateAuditTrack" }
      local future = client.async:create_track(spec_of())
      local other = client.async:quota()
      local before = emulator:now()
      assert.equal(1, client:step(0))
      assert.is_true(other:done())
      assert(future:await())
      assert.is_true(emulator:now() > before)
      assert.equal(2, #emulator:journal("CreateAuditTrack"))
    end)
  end)

  describe("runs iterators", function()
    before_each(function()
      for index = 1, 5 do
        assert(client:create_track(spec_of("track-" .. index)))
      end
    end)

    local function count(it)
      local names = 0
      while it() do
        names = names + 1
      end
      return names
    end

    it("that await each page, outside of coroutines and in those of the host", function()
      local other = client.async:quota()
      assert.equal(5, count(client.async:tracks{ page_size = 2 }:await()))
      assert.is_true(other:done())
      local counted
      local thread = coroutine.create(function()
        counted = count(client.async:tracks{ page_size = 2 }:await())
      end)
      local turns = 0
      while coroutine.status(thread) ~= "dead" do
        assert(coroutine.resume(thread))
        client:step(0)
        turns = turns + 1
      end
      assert.equal(5, counted)
      assert.is_true(turns > 3)
    end)

    it("over events, and a tail that sleeps while other calls go on", function()
      emulator:advance(60)
      local names = {}
      local it = client.async:events{ since = "-1h", where = { event_name = "CreateAuditTrack" } }:await()
      local event = it()
      while event do
        names[#names + 1] = event.name
        event = it()
      end
      assert.equal(5, #names)
      local tail = client:tail{ since = "-1h", where = { event_name = "CreateAuditTrack" }, interval = 30 }
      local seen = {}
      local future = client:task(function()
        local follow = tail:iter()
        while #seen < 6 do
          seen[#seen + 1] = follow().name
        end
        return emulator:now()
      end)
      while #seen < 5 do
        client:step(0)
      end
      local before = emulator:now()
      assert(client.async:create_track(spec_of("the-sixth")):await())
      assert.is_true(future:await() >= before + 20)
      assert.equal(6, #seen)
    end)

    it("in for loops and under pcall; on 5.1 that says why it cannot", function()
      local function loop()
        local names = 0
        for _ in client:tracks{ page_size = 2 } do
          names = names + 1
        end
        return names
      end
      local protected = client:task(function()
        local ok, track = pcall(client.get_track, client, 1)
        return ok, ok and track.name or track
      end)
      if OLD then
        local ok, message = pcall(client.task, client, loop)
        assert.is_false(ok)
        assert.truthy(message:find("Lua 5.1 cannot wait inside pcall, the iterator of a for loop", 1, true), message)
        assert.is_false((protected:result()))
        assert.truthy(select(2, protected:result()):find("call this outside of it", 1, true))
        assert.equal(5, client:task(function() return count(client:tracks{ page_size = 2 }) end):await())
      else
        assert.equal(5, client:task(loop):await())
        assert.same({ true, "track-1" }, { protected:await() })
      end
    end)
  end)

  describe("task", function()
    it("runs blocking code of the client beside other calls", function()
      local seen = {}
      local future = client:task(function(name)
        local track = assert(client:create_track(spec_of(name)))
        seen[#seen + 1] = "created"
        local quota = client.async:quota():await()
        seen[#seen + 1] = "quota"
        coroutine.yield("something of its own")
        return track.name, quota.remaining
      end, "given")
      local beside = client.async:quota()
      client:step(0)
      assert.is_true(beside:done())
      assert.is_false(future:done())
      assert.same({ "given", 99 }, { future:await() })
      assert.same({ "created", "quota" }, seen)
    end)

    it("may not wait for itself, and what it raises reaches step", function()
      local own
      own = client:task(function()
        client:quota()
        return own:await()
      end)
      assert.has_error(drain)
      assert.is_true(own:done())
    end)

    it("may step, cancel and close from within, and so may a callback", function()
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

    it("raises at once what it raises before it waits", function()
      assert.has_error(function() client:task(error, "at once") end)
      assert.equal(0, client:pending())
    end)
  end)

  it("says that a driver without an async form cannot step", function()
    local driver = { exchange = function() return nil, "unused" end, sleep = function() end }
    local mine = assert(cloudaudit.new{ driver = driver, env = false, secret_id = "AKIDx", secret_key = "y" })
    local _, message, err = mine.async:quota():await()
    assert.equal("context", err.kind)
    assert.equal("not_sent", err.outcome)
    assert.truthy(message:find("no member async", 1, true))
    assert.truthy(err.hint)
  end)

  it("steps a driver of the host's own", function()
    local answers, waited = {}, 0
    local driver = { sleep = function() end, exchange = function() error("blocking") end, async = {
      exchange = function(request, timeout, wait)
        assert(timeout > 0)
        while not answers[request.action] do
          local stop = wait()
          if stop then
            return nil, stop, { kind = stop, sent = false }
          end
        end
        return { status = 200, body = answers[request.action] }
      end,
      step = function(seconds) waited = waited + seconds end,
    } }
    local mine = assert(cloudaudit.new{ driver = driver, env = false, secret_id = "AKIDx", secret_key = "y" })
    local future, other = mine.async:quota(), mine.async:DescribeAuditTracks{ PageNumber = 1, PageSize = 1 }
    assert.equal(2, mine:step(0.25))
    assert.equal(0.25, waited)
    answers.InquireAuditCredit = '{"Response":{"AuditAmount":3,"RequestId":"r"}}'
    assert.equal(1, mine:step(0))
    assert.equal(3, future:result().remaining)
    other:cancel()
    assert.equal("cancelled", select(3, other:result()).kind)
  end)
end)
