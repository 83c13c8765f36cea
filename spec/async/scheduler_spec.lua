-- Waiting: in coroutines of the host, in tasks, for several futures, in iterators.
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
      -- each step waits
    end
  end

  describe("waits", function()
    it("in a coroutine of the host by yielding to the host", function()
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

    it("for several futures, whose results are in order, with n", function()
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

    it("for all of several futures, and returns the first failure", function()
      local first, second = client.async:get_track(7), client.async:quota()
      local _, message, err = cloudaudit.all{ second, first }:await()
      assert.equal("not_found", err.kind)
      assert.equal(message, select(2, first:result()))
      assert(second:result())
    end)

    it("for retries and the rate limit without blocking, by the clock", function()
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

    it("that await each page, on the main thread and in coroutines of the host", function()
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

    it("over events, and a tail that sleeps while other calls proceed", function()
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

    it("in for loops and under pcall; on Lua 5.1 an error says why it cannot", function()
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
end)
