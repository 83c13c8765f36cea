-- client.async, tasks and step, against the emulator in this process: what a future promises. Over
-- sockets: async_served_spec.lua.
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

  describe("gives a future", function()
    it("at once, which has the values of the method when it is done", function()
      local future = client.async:create_track(spec_of())
      assert.is_false(future:done())
      assert.same({ nil, "not done" }, { future:result() })
      assert.equal(0, #emulator:journal())
      assert.equal(1, client:pending())
      drain()
      assert.is_true(future:done())
      local track = future:result()
      assert.equal("audit", track.name)
      assert.equal(track, (future:result()))
      assert.equal(0, client:pending())
      local values = { client.async:delete_track(track.id):await() }
      assert.same({ true, "deleted" }, values)
    end)

    it("for wire names, unknown actions and what needs no network", function()
      assert(client.async:CreateAuditTrack{ Name = "wire", ActionType = "Read", ResourceType = "cam", Status = 1,
        EventNames = { "*" }, Storage = { StorageType = "cls", StorageRegion = "ap-guangzhou", StorageName = "topic",
          StoragePrefix = "test" } }:await())
      local _, _, err = client.async:call("NoSuchAction", {}):await()
      assert.equal("InvalidAction", err.code)
      local prepared = client.async:prepare("DescribeAuditTracks", { PageNumber = 1, PageSize = 1 })
      assert.is_true(prepared:done())
      assert.equal("POST", prepared:result().method)
      assert.is_nil(client.async.nothing_of_the_kind)
    end)

    it("with nil, message, err for what the world refuses", function()
      local future = client.async:get_track(424242)
      local track, message, err = future:await()
      assert.is_nil(track)
      assert.equal("not_found", err.kind)
      assert.equal(tostring(err), message)
      local found = { client.async:find_track("nobody"):await() }
      assert.same({}, found)
    end)

    it("that ends with the failure of a call that is never sent", function()
      local future = client.async:create_track(spec_of("ab"))
      assert.is_true(future:done())
      assert.equal("validation", select(3, future:result()).kind)
      assert.equal(0, #emulator:journal())
    end)

    it("that goes on when nobody holds it", function()
      client.async:create_track(spec_of())
      collectgarbage()
      collectgarbage()
      drain()
      assert.equal(1, #emulator:all_tracks())
    end)
  end)

  it("raises misuse at the caller's line", function()
    local ok, message = pcall(function() client.async:create_track{ storge = 1 } end)
    assert.is_false(ok)
    assert.truthy(message:find("async_spec.lua:%d+: create_track.storge: unknown field, did you mean storage?"))
    ok, message = pcall(function() client.async.get_track(1) end)
    assert.is_false(ok)
    assert.truthy(message:find("client.async:method(...), with a colon", 1, true))
    local future = client.async:quota()
    for _, wrong in ipairs{
      function() future.await() end, function() future:on_done("text") end, function() client:step(-1) end,
      function() client:step("1") end, function() client:step(0 / 0) end, function() client:task(5) end,
      function() cloudaudit.all(future) end, function() cloudaudit.all{ future, 5 } end,
      function() cloudaudit.all{}:on_done(print) end,
    } do
      ok, message = pcall(wrong)
      assert.is_false(ok)
      assert.truthy(message:find("async_spec.lua:%d+: "), message)
    end
    assert.equal(1, client:pending())
  end)

  describe("calls back", function()
    it("from step alone, in order, with the values of the method", function()
      local said = {}
      local future = client.async:create_track(spec_of())
      assert.is_true(future:on_done(function(track) said[#said + 1] = "first " .. track.name end))
      future:on_done(function(track) said[#said + 1] = "second " .. track.name end)
      future:await()
      future:on_done(function() said[#said + 1] = "third" end)
      assert.same({ "first audit", "second audit" }, said)
      local never_sent = client.async:create_track(spec_of("ab"))
      never_sent:on_done(function(_, _, err) said[#said + 1] = err.kind end)
      assert.equal(2, #said)
      assert.equal(2, client:pending())
      assert.equal(0, client:step(0))
      assert.same({ "first audit", "second audit", "third", "validation" }, said)
    end)

    it("and an error in one reaches the caller of step, the others run at the next", function()
      local said = {}
      local problem = { "any value" }
      for index = 1, 4 do
        client.async:get_track(index):on_done(function()
          said[#said + 1] = index
          if index == 2 then
            error(problem)
          elseif index == 3 then
            error("text", 0)
          end
        end)
      end
      local ok, raised
      repeat
        ok, raised = pcall(client.step, client, 1)
      until not ok
      assert.equal(problem, raised)
      assert.same({ 1, 2 }, said)
      assert.same({ false, "text" }, { pcall(client.step, client, 1) })
      assert.equal(0, client:step(0))
      assert.same({ 1, 2, 3, 4 }, said)
    end)

    it("where calls may be made, awaited and stepped", function()
      local said = {}
      client.async:create_track(spec_of()):on_done(function(track)
        said[1] = client:get_track(track.id).name
        said[2] = client.async:get_track(track.id):await().name
        client.async:get_track(track.id):on_done(function(again) said[3] = again.name end)
        client:step(0)
      end)
      drain()
      assert.same({ "audit", "audit", "audit" }, said)
    end)

    it("and what a hook raises reaches the caller of step too", function()
      local left = 2
      client = emulator:client{ on_response = function()
        left = left - 1
        if left == 0 then
          error("in the hook", 0)
        end
      end }
      local futures = {}
      for index = 1, 3 do
        futures[index] = client.async:quota()
      end
      local ok, message = pcall(client.step, client, 1)
      assert.same({ false, "in the hook" }, { ok, message })
      drain()
      assert(futures[1]:result())
      assert(futures[3]:result())
      assert.is_true(futures[2]:done())
      ok, message = pcall(futures[2].result, futures[2])
      assert.is_false(ok)
      assert.truthy(message:find("ended by an error: in the hook", 1, true))
    end)
  end)

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

    it("raises at once what it raises before it waits", function()
      assert.has_error(function() client:task(error, "at once") end)
      assert.equal(0, client:pending())
    end)
  end)

  describe("cancels", function()
    it("what has not been sent: not_sent", function()
      local future = client.async:create_track(spec_of())
      assert.is_true(future:cancel())
      assert.is_true(future:done())
      assert.is_false(future:cancel())
      local _, message, err = future:result()
      assert.equal("cancelled", err.kind)
      assert.equal("not_sent", err.outcome)
      assert.truthy(message:find("^CreateAuditTrack: "))
      drain()
      assert.equal(0, #emulator:journal())
    end)

    it("what is under way: unknown; its callbacks still run, and the others go on", function()
      emulator:fault{ kind = "delay", action = "CreateAuditTrack", seconds = 2 }
      local future, other = client.async:create_track(spec_of()), client.async:quota()
      local told
      future:on_done(function(_, _, err) told = err end)
      client:step(0)
      future:cancel()
      assert.is_nil(told)
      drain()
      assert.equal("cancelled", told.kind)
      assert.equal("unknown", told.outcome)
      assert(other:result())
      assert.equal(1, #emulator:all_tracks())
    end)

    it("a wait between two requests", function()
      emulator:fault{ kind = "throttle", action = "CreateAuditTrack", times = 9 }
      local future = client.async:create_track(spec_of())
      client:step(0)
      assert.equal(1, #emulator:journal("CreateAuditTrack"))
      assert.is_false(future:done())
      future:cancel()
      local _, _, err = future:result()
      assert.equal("cancelled", err.kind)
      assert.equal("unknown", err.outcome)
      assert.equal(1, err.attempts)
      drain()
      assert.equal(1, #emulator:journal("CreateAuditTrack"))
    end)

    it("a task: what it waits for, and every call that it still makes", function()
      local kinds = {}
      local inner = client.async:quota()
      local future = client:task(function()
        kinds[1] = select(3, inner:await()).kind
        kinds[2] = select(3, client:quota()).kind
        kinds[3] = select(3, client.async:quota():await()).kind
        return "ended"
      end)
      assert.is_true(future:cancel())
      assert.same({ "cancelled", "cancelled", "cancelled" }, kinds)
      assert.equal("ended", future:result())
      assert(inner:await())
    end)

    it("all of several", function()
      local futures = { client.async:quota(), client.async:quota() }
      local every = cloudaudit.all(futures)
      assert.is_true(every:cancel())
      assert.equal("cancelled", select(3, every:result()).kind)
      assert.is_true(futures[1]:done() and futures[2]:done())
      assert.is_false(every:cancel())
    end)
  end)

  it("ends what is under way when the client is closed, with kind closed and a true outcome", function()
    emulator:fault{ kind = "delay", action = "CreateAuditTrack", seconds = 2 }
    local told, sent = {}, client.async:create_track(spec_of())
    client:step(0)
    local unsent = client.async:quota()
    for _, future in ipairs{ sent, unsent } do
      future:on_done(function(_, _, err) told[#told + 1] = err.kind .. " " .. err.outcome end)
    end
    client:close()
    assert.is_true(sent:done() and unsent:done())
    assert.same({}, told)
    assert.equal(0, client:step(0))
    assert.same({ "closed unknown", "closed not_sent" }, told)
    assert.equal("closed", select(3, client.async:quota():await()).kind)
    assert.equal(0, client:pending())
    assert.same({}, (client:fds()))
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
