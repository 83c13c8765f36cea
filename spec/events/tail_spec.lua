local cloudaudit = require "cloudaudit"
local history = require "support.history"
local random = require "cloudaudit.emulator.random"

local NOW, collect, size = history.NOW, history.collect, history.size
local DOWN = '{"Response":{"Error":{"Code":"%s","Message":"no"},"RequestId":"r"}}'

describe("tail:poll", function()
  it("returns each event once, however late within the lag, in bursts and in any order of the service", function()
    for seed = 1, 60 do
      local events = history.late_events(seed, 150, 2000, 600)
      local service = history.new{ events = events, order = ({ "newest", "oldest", "shuffled" })[seed % 3 + 1],
        short = 0.3, seed = seed }
      local tail, got = history.client(service):tail{ lag = 600 }, {}
      local chance = random.new(seed)
      while service.now < NOW + 2700 do
        service.now = service.now + chance:integer(1, 90)
        local found, more = tail:poll()
        collect(found, got)
        for index = 2, #found do
          assert(found[index - 1].time <= found[index].time)
        end
        assert.is_false(more)
      end
      assert.equal(150, size(got))
    end
  end)

  it("advances only after a whole poll", function()
    local service = history.new{ events = history.events(1, 120, 1) }
    local tail, got = history.client(service, { retries = 0 }):tail{ since = "-1d", lag = 90000 }, {}
    local polls = 0
    service.fail = function(count)
      return count % 4 == 3 and DOWN:format("InternalError")
    end
    local before = tail:checkpoint()
    while size(got) < 120 and polls < 500 do
      local found, message, err = tail:poll()
      polls = polls + 1
      if found then
        collect(found, got)
        before = tail:checkpoint()
      else
        assert.equal("string", type(message))
        assert.is_true(err:is("InternalError"))
        assert.equal(before, tail:checkpoint())
        -- A failure at the same request each time would never end.
        service.fail = nil
      end
    end
    assert.equal(120, size(got))
  end)

  it("catches up in steps, returns whether it is behind, and forgets ids that cannot reappear", function()
    local service = history.new{ events = history.events(2, 2000, 2) }
    local tail, got, polls, more = history.client(service):tail{ since = "-2d" }, {}, 0, true
    local longest = 0
    while more do
      local found
      found, more = tail:poll()
      collect(found, got)
      longest, polls = math.max(longest, #tail:checkpoint()), polls + 1
    end
    assert.equal(2000, size(got))
    -- 48 hours; waiting for the rate limit may add a last one.
    assert.truthy(polls == 48 or polls == 49, tostring(polls))
    -- Some 11 ids are young enough at a time, a burst more.
    assert.truthy(longest < 700, tostring(longest))
  end)

  it("returns an event once that appears twice in a poll", function()
    local service = history.new{}
    local tail = history.client(service):tail{ since = "-1m" }
    service.fail = function()
      local item = ('{"EventId":"x","EventTime":"%d"}'):format(NOW - 5)
      return ('{"Response":{"Events":[%s,%s],"ListOver":true,"RequestId":"r"}}'):format(item, item)
    end
    assert.equal(1, #tail:poll())
    assert.equal(0, #tail:poll())
  end)

  it("repeats nothing when the clock steps back a little, and loses nothing when it was far ahead", function()
    local service = history.new{}
    local client, got = history.client(service), {}
    local tail = client:tail{ lag = 100 }
    for index = 1, 400 do
      service.now = NOW + index * 5 - (index > 200 and 30 or 0)
      service.add{ id = "s" .. index, time = NOW + index * 5 }
      collect(tail:poll(), got)
    end
    service.now = NOW + 2001
    collect(tail:poll(), got)
    assert.equal(400, size(got))
    service.now = NOW + 9000
    collect(tail:poll(), got)
    service.now = NOW + 2100
    service.add{ id = "after", time = NOW + 2090 }
    for _, event in ipairs(tail:poll()) do
      got[event.id] = true
    end
    assert.is_true(got.after)
  end)

  it("never sleeps", function()
    local service = history.new{ events = history.events(3, 200, 1) }
    local client, driver = history.client(service)
    client:tail{ since = "-1h" }:poll()
    assert.equal(0, #driver.slept)
  end)

  it("starts now without since, and looks back no further than since", function()
    local service = history.new{ events = { { id = "before", time = NOW - 1 }, { id = "at", time = NOW } } }
    local tail, got = history.client(service):tail(), {}
    collect(tail:poll(), got)
    service.now = NOW + 60
    collect(tail:poll(), got)
    assert.same({ at = true }, got)
  end)

  it("takes where and filter", function()
    local service = history.new{ events = history.events(4, 100, 1) }
    local client, count, more = history.client(service), 0, true
    local tail = client:tail{ since = "-1d", where = { user = "u1", event_name = "E1" },
      filter = function(event) return event.source_ip ~= "10.0.0.0" end }
    while more do
      local found
      found, more = tail:poll()
      for _, event in ipairs(found) do
        assert.equal("u1 E1", event.user .. " " .. event.name)
        assert.not_equal("10.0.0.0", event.source_ip)
        count = count + 1
      end
    end
    -- Of 100: index % 5 == 1, index % 3 == 1, index % 4 ~= 0.
    assert.equal(5, count)
    assert.error_matches(function() client:tail{ wher = {} } end, "tail.wher: unknown field, did you mean where?")
    assert.error_matches(function() client:tail{ lag = 0 } end, "tail.lag: number of seconds greater than 0")
    assert.error_matches(function() tail.poll() end, "with a colon")
    assert.error_matches(function() tail.iter() end, "with a colon")
    assert.error_matches(function() tail.checkpoint() end, "with a colon")
  end)

  it("fails on a closed client, but still has its checkpoint", function()
    local client = history.client(history.new{})
    local tail = client:tail()
    client:close()
    local found, message, err = tail:poll()
    assert.is_nil(found)
    assert.equal("the client is closed", message)
    assert.equal("closed", err.kind)
    assert.equal("string", type(tail:checkpoint()))
  end)
end)

describe("a tail over events without an id", function()
  it("returns each once, also with an empty id, and resumes from its checkpoint", function()
    for _, id in ipairs{ '"EventId":"",', '"EventId":null,', "" } do
      local service = history.new{}
      local client = history.client(service)
      local tail = client:tail{ since = "-1m" }
      service.fail = function()
        local items = {}
        for index = 1, 5 do
          items[index] = ('{%s"EventTime":"%d","EventName":"E%d"}'):format(id, NOW - 5, index)
        end
        return ('{"Response":{"Events":[%s],"ListOver":true,"RequestId":"r"}}'):format(table.concat(items, ","))
      end
      assert.equal(5, #tail:poll())
      assert.equal(0, #tail:poll())
      tail = client:tail{ checkpoint = tail:checkpoint() }
      assert.equal(0, #tail:poll())
      for _, order in ipairs{ "oldest", "newest", false } do
        local seen = {}
        local it = client:events{ since = "-1m", order = order or nil }
        for index = 1, 5 do
          local event = it()
          assert.is_nil(seen[event.name])
          seen[event.name] = index
          it = client:events{ cursor = it.cursor }
        end
        assert.is_nil(it())
      end
    end
  end)
end)

describe("a tail whose clock is wrong for a while", function()
  -- Polls for two hours; in the middle of them the clock is off by `seconds`.
  local function follow(seconds, from, to)
    local events = {}
    for index = 1, 720 do
      events[index] = { id = "e" .. index, time = NOW + index * 10, visible = NOW + index * 10 + index % 7 * 40 }
    end
    local service, wrong = history.new{ events = events }, 0
    local client = history.client(service, { clock = function() return service.now + wrong end })
    local tail, got = client:tail{ lag = 300 }, {}
    for poll = 1, 260 do
      service.now = NOW + poll * 30
      wrong = poll >= from and poll < to and seconds or 0
      collect(tail:poll(), got)
      if poll == 150 then
        tail = client:tail{ lag = 300, checkpoint = tail:checkpoint() }
      end
    end
    return size(got)
  end

  it("repeats and loses nothing", function()
    for _, seconds in ipairs{ -28800, -1200, -60, 60, 1200, 28800 } do
      assert.equal(720, follow(seconds, 60, 120), tostring(seconds))
      assert.equal(720, follow(seconds, 60, 70), tostring(seconds))
      assert.equal(720, follow(seconds, 140, 160), tostring(seconds))
    end
  end)

  it("forgets no event whose own time is not the one it is selected by", function()
    local service = history.new{ events = { { id = "odd", time = NOW + 5, tells = NOW - 90000 } } }
    local tail, got = history.client(service):tail{}, {}
    for poll = 1, 40 do
      service.now = NOW + poll * 60
      service.add{ id = "e" .. poll, time = service.now - 1 }
      collect(tail:poll(), got)
    end
    assert.equal(41, size(got))
  end)
end)

describe("tail:iter", function()
  it("follows, and sleeps through the client between polls", function()
    local service = history.new{ events = history.late_events(9, 100, 1000, 300) }
    local client, driver = history.client(service)
    local got = {}
    for event in client:tail{ lag = 300, interval = 7 }:iter() do
      collect({ event }, got)
      if size(got) == 100 then
        break
      end
    end
    assert.truthy(#driver.slept > 100)
    for _, seconds in ipairs(driver.slept) do
      assert.equal(7, seconds)
    end
  end)

  it("does not sleep while it catches up", function()
    local service = history.new{ events = history.events(5, 50, 1) }
    local client, driver = history.client(service)
    local count = 0
    for _ in client:tail{ since = "-1d", interval = 77 }:iter() do
      count = count + 1
      if count == 50 then
        break
      end
    end
    for _, seconds in ipairs(driver.slept) do
      -- The rate limit may delay a call.
      assert.truthy(seconds < 2)
    end
  end)

  it("raises a failure as text, keeps it, and resumes in a new iter", function()
    local service = history.new{ events = history.events(6, 50, 1) }
    local tail, got = history.client(service):tail{ since = "-1d" }, {}
    service.fail = function(count)
      return count == 3 and DOWN:format("UnauthorizedOperation")
    end
    local function follow()
      for event in tail:iter() do
        collect({ event }, got)
        if size(got) == 50 then
          return
        end
      end
    end
    local ok, message = pcall(follow)
    assert.is_false(ok)
    assert.equal("string", type(message))
    assert.is_true(tail.err:is("UnauthorizedOperation"))
    follow()
    assert.is_nil(tail.err)
    assert.equal(50, size(got))
  end)

  it("returns every event that the emulator delivers late, on short pages too", function()
    local emulator = cloudaudit.emulator.new{ now = NOW, delivery_lag = { 0, 120 }, short_pages = 0.4, record = false }
    local tail, got = emulator:client():tail{ lag = 120 }, {}
    for index = 1, 300 do
      emulator:advance(1)
      emulator:add_event{ EventId = "x" .. index, EventTime = NOW + index }
      if index % 20 == 0 then
        collect(tail:poll(), got)
      end
    end
    emulator:advance(121)
    collect(tail:poll(), got)
    assert.equal(300, size(got))
  end)
end)

describe("wait_for", function()
  it("returns the event as soon as it can be found", function()
    local service = history.new{ events = { { id = "x", name = "DeployDone", time = NOW - 5, visible = NOW + 42 },
      { id = "other", name = "Else", time = NOW - 5 } } }
    local client, driver = history.client(service)
    local event = client:wait_for({ where = { event_name = "DeployDone" } }, 120)
    assert.equal("x", event.id)
    assert.same({ 10, 10, 10, 10, 10 }, driver.slept)
  end)

  it("ends with kind timeout, on time", function()
    local service = history.new{}
    local client, driver = history.client(service)
    local event, message, err = client:wait_for({ since = "-1m", interval = 4 }, 10)
    assert.is_nil(event)
    assert.equal("wait_for: no matching event within 10 s", message)
    assert.equal("timeout", err.kind)
    assert.same({ 4, 4, 2 }, driver.slept)
  end)

  it("waits out retryable failures, and ends at others", function()
    local service = history.new{ events = { { id = "x", time = NOW - 5 } } }
    local client = history.client(service, { retries = 0 })
    service.fail = function(count)
      return count < 4 and DOWN:format("InternalError")
    end
    assert.equal("x", client:wait_for({}, 60).id)
    service.fail = function() return DOWN:format("InternalError") end
    local _, _, err = client:wait_for({}, 5)
    assert.equal("timeout", err.kind)
    assert.truthy(err.hint:find("InternalError", 1, true))
    service.fail = function() return DOWN:format("UnauthorizedOperation") end
    _, _, err = client:wait_for({}, 60)
    assert.is_true(err:is("UnauthorizedOperation"))
  end)

  it("raises misuse", function()
    local client = history.client(history.new{})
    assert.error_matches(function() client:wait_for({}) end, "wait_for.timeout: missing: how many seconds to wait")
    assert.error_matches(function() client:wait_for({}, "x") end, "wait_for.timeout: number of seconds")
    assert.error_matches(function() client:wait_for(nil, 5) end, "wait_for: table of fields expected, got nil")
    assert.error_matches(function() client:wait_for({ lag = 5 }, 5) end, "wait_for.lag: unknown field")
  end)
end)
