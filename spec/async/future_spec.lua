-- Futures, callbacks, cancelling and closing, against the emulator in this process. Over sockets:
-- integration/served_spec.lua.
local cloudaudit = require "cloudaudit"

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

  describe("gives a future", function()
    it("at once, which has the results of the method when it is done", function()
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

    it("for API actions, unknown actions and methods that need no network", function()
      assert(client.async:CreateAuditTrack{ Name = "wire", ActionType = "Read", ResourceType = "cam", Status = 1,
        EventNames = { "*" }, Storage = { StorageType = "cls", StorageRegion = "ap-guangzhou", StorageName = "topic",
          StoragePrefix = "test" } }:await())
      local _, _, err = client.async:call("NoSuchAction", {}):await()
      assert.equal("InvalidAction", err.code)
      local future = client.async:prepare("DescribeAuditTracks", { PageNumber = 1, PageSize = 1 })
      assert.is_true(future:done())
      assert.equal("POST", future:result().method)
      assert.is_nil(client.async.nothing_of_the_kind)
    end)

    it("with nil, message, err for a runtime failure", function()
      local future = client.async:get_track(424242)
      local track, message, err = future:await()
      assert.is_nil(track)
      assert.equal("not_found", err.kind)
      assert.equal(tostring(err), message)
      local found = { client.async:find_track("nobody"):await() }
      assert.same({}, found)
    end)

    it("that has the failure of a call that is never sent", function()
      local future = client.async:create_track(spec_of("ab"))
      assert.is_true(future:done())
      assert.equal("validation", select(3, future:result()).kind)
      assert.equal(0, #emulator:journal())
    end)

    it("whose task runs on when it is collected", function()
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
    assert.truthy(message:find("future_spec.lua:%d+: create_track.storge: unknown field, did you mean storage?"))
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
      assert.truthy(message:find("future_spec.lua:%d+: "), message)
    end
    assert.equal(1, client:pending())
  end)

  describe("calls back", function()
    it("from step only, in order, with the results of the method", function()
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

    it("and step raises the error of a callback; the other callbacks run at the next step", function()
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

    it("with callbacks that may make, await and step calls", function()
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

    it("and step raises the error of a hook too", function()
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
      assert.truthy(message:find("an error ended the call: in the hook", 1, true))
    end)
  end)

  it("takes no time for parts that many futures share", function()
    local waiting = client:task(function() coroutine.yield() end)
    for _ = 1, 50 do
      waiting = cloudaudit.all{ waiting, waiting }
    end
    waiting:on_done(function() end)
    assert.is_true(waiting:cancel())
  end)

  describe("cancels", function()
    it("a call that has not been sent: not_sent", function()
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

    it("a call in progress: unknown; its callbacks still run, and other calls continue", function()
      emulator:fault{ kind = "delay", action = "CreateAuditTrack", seconds = 2 }
      local future, other = client.async:create_track(spec_of()), client.async:quota()
      local failure
      future:on_done(function(_, _, err) failure = err end)
      client:step(0)
      future:cancel()
      assert.is_nil(failure)
      drain()
      assert.equal("cancelled", failure.kind)
      assert.equal("unknown", failure.outcome)
      assert(other:result())
      assert.equal(1, #emulator:all_tracks())
    end)

    it("a backoff between two requests", function()
      emulator:fault{ kind = "throttle", action = "CreateAuditTrack", times = 9 }
      client = emulator:client{ random = function() return 0.5 end } -- a jitter of 0 would mean no wait
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

    it("a task: its wait, and every call that it still makes", function()
      local kinds = {}
      local other = client.async:quota()
      local future = client:task(function()
        kinds[1] = select(3, other:await()).kind
        kinds[2] = select(3, client:quota()).kind
        kinds[3] = select(3, client.async:quota():await()).kind
        return "ended"
      end)
      assert.is_true(future:cancel())
      assert.same({ "cancelled", "cancelled", "cancelled" }, kinds)
      assert.equal("ended", future:result())
      assert(other:await())
    end)

    it("a task in a loop over events, or in assert: it ends with the failure of its call", function()
      for _, how in ipairs{ "cancel", "close" } do
        client = emulator:client()
        emulator:reset()
        emulator:fault{ kind = "delay", action = "DescribeEvents", seconds = 2, times = 9 }
        emulator:fault{ kind = "delay", action = "CreateAuditTrack", seconds = 2, times = 9 }
        emulator:fault{ kind = "delay", action = "InquireAuditCredit", seconds = 2, times = 9 }
        local looping = client:task(function()
          local it = client:events{ since = "-1h" }
          local event = it()
          while event do
            event = it()
          end
        end)
        local asserting = client:task(function() return assert(client:create_track(spec_of())) end)
        local tailing = client:task(function()
          local follow = client:tail{ since = "-1h" }:iter()
          while follow() do
            error("unreachable")
          end
        end)
        local raising = client:task(function()
          client:quota()
          error{ "anything" }
        end)
        local tasks, called = { looping, asserting, tailing, raising }, 0
        for _, future in ipairs(tasks) do
          future:on_done(function() called = called + 1 end)
        end
        local unwatched = client:task(function() return assert(client:create_track(spec_of("unwatched"))) end)
        client:step(0)
        for _, future in ipairs{ looping, asserting, tailing, raising, unwatched } do
          if how == "cancel" then
            future:cancel()
          end
        end
        client:close()
        drain()
        assert.equal(4, called)
        local kind = how == "cancel" and "cancelled" or "closed"
        for index, future in ipairs(tasks) do
          local value, message, err = future:result()
          assert.same({ nil, message, kind }, { value, tostring(err), err and err.kind }, index)
        end
        assert.equal("unknown", select(3, asserting:result()).outcome)
        assert.equal("CreateAuditTrack", select(3, asserting:result()).action)
        assert.equal(0, client:pending())
      end
    end)

    it("all of several futures", function()
      local futures = { client.async:quota(), client.async:quota() }
      local every = cloudaudit.all(futures)
      assert.is_true(every:cancel())
      assert.equal("cancelled", select(3, every:result()).kind)
      assert.is_true(futures[1]:done() and futures[2]:done())
      assert.is_false(every:cancel())
    end)
  end)

  it("ends calls in progress when the client is closed, with kind closed and the correct outcome", function()
    emulator:fault{ kind = "delay", action = "CreateAuditTrack", seconds = 2 }
    local ends, sent = {}, client.async:create_track(spec_of())
    client:step(0)
    local unsent = client.async:quota()
    for _, future in ipairs{ sent, unsent } do
      future:on_done(function(_, _, err) ends[#ends + 1] = err.kind .. " " .. err.outcome end)
    end
    client:close()
    assert.is_true(sent:done() and unsent:done())
    assert.same({}, ends)
    assert.equal(0, client:step(0))
    assert.same({ "closed unknown", "closed not_sent" }, ends)
    assert.equal("closed", select(3, client.async:quota():await()).kind)
    assert.equal(0, client:pending())
    assert.same({}, (client:fds()))
  end)
end)
