-- Reading events whole: what comes out is what went in, each once, whatever the service does where its
-- documentation is silent.
local cloudaudit = require "cloudaudit"
local history = require "support.history"
local random = require "cloudaudit.emulator.random"
local wire = require "support.wire"

local NOW, DAY = history.NOW, 86400
local EDGES = { "closed", "open", "left", "right" }
local ORDERS = { "newest", "oldest", "shuffled" }

local function pick(chance, list)
  return list[chance:integer(1, #list)]
end

-- Whether a service with such edges counts a second of since..NOW in.
local function counted(edges, time, since)
  return (time > since or time == since and (edges == "closed" or edges == "left"))
    and (time < NOW or time == NOW and (edges == "closed" or edges == "right"))
end

-- Events at random, and some around every second where windows may be cut.
local function history_of(chance, set, days)
  local events = history.events(set, chance:integer(0, 120), days)
  for cut = 1, 3 do
    for offset = -2, 2 do
      local time = NOW - cut * 29 * DAY + offset
      if time > NOW - days * DAY then
        events[#events + 1] = { id = ("%d/%d/%d"):format(set, cut, offset), time = time, name = "E1" }
      end
    end
  end
  return events
end

local function check_all(it, events, expected, label)
  local got, order = {}, {}
  for event in it do
    assert(not got[event.id], label .. ": twice: " .. event.id)
    got[event.id] = true
    order[#order + 1] = event.time
  end
  for _, event in ipairs(events) do
    assert((got[event.id] or false) == expected(event), ("%s: %s at %d"):format(label, event.id, event.time - NOW))
  end
  return order
end

describe("events", function()
  it("gives each event once: 1,000 histories, page sizes, short pages, window edges and orders", function()
    local chance = random.new(20260131)
    for set = 1, 1000 do
      local days = pick(chance, { 1, 40, 89 })
      local since, edges, order = NOW - days * DAY, pick(chance, EDGES), pick(chance, { "oldest", "newest", false })
      local events = history_of(chance, set, days)
      local service = history.new{ events = events, order = pick(chance, ORDERS), edges = edges,
        short = chance:integer(0, 1) * 0.4, seed = set }
      local it = history.client(service):events{ since = since, page_size = chance:integer(1, 50),
        order = order or nil }
      local times = check_all(it, events, function(event)
        return counted(edges, event.time, since)
      end, ("set %d, %s, %s, %d days"):format(set, edges, tostring(order), days))
      for index = 2, #times do
        assert(order ~= "oldest" or times[index - 1] <= times[index])
        assert(order ~= "newest" or times[index - 1] >= times[index])
      end
    end
  end)

  it("gives each event of the emulator once, which checks signatures and limits", function()
    for seed = 1, 8 do
      local order, edges = ORDERS[seed % 2 + 1], EDGES[seed % 4 + 1]
      local emulator = cloudaudit.emulator.new{ now = NOW, short_pages = 0.5, record = false, order = order,
        seed = seed, edges = edges }
      local events = history_of(random.new(seed), seed, 89)
      for _, event in ipairs(events) do
        emulator:add_event{ EventId = event.id, EventTime = event.time }
      end
      local function all(event)
        return counted(edges, event.time, NOW - 89 * DAY)
      end
      check_all(emulator:client():events{ since = "-89d" }, events, all, order)
      check_all(emulator:client():events{ since = "-89d", order = "oldest" }, events, all, order)
      check_all(emulator:client():events{ since = "-89d", order = "newest", page_size = 3 }, events, all, order)
    end
  end)

  it("holds few events at a time with an order, and whole seconds that are fuller", function()
    local events = {}
    for index = 1, 6000 do
      local offset = index > 3000 and index * 200 or 600 * 200
      events[index] = { id = ("%05d"):format(index), time = NOW - 20 * DAY + offset }
    end
    for _, order in ipairs(ORDERS) do
      local service = history.new{ events = events, order = order }
      local times = check_all(history.client(service):events{ since = "-30d", order = "oldest" }, events,
        function() return true end, order)
      for index = 2, #times do
        assert(times[index - 1] <= times[index])
      end
      -- 6,000 events are 120 pages. Finding the full second takes some 22 halvings of at most 11 pages each,
      -- and both of its neighbours read it too.
      assert(#service.requests < 120 + 22 * 11 + 2 * 60 + 100, tostring(#service.requests))
    end
  end)

  it("reads what is not much in one go", function()
    for _, count in ipairs{ 0, 50, 500, 540 } do
      local service = history.new{ events = history.events(2, count, 1) }
      local it = history.client(service):events{ since = "-25d", order = "oldest" }
      check_all(it, service.events, function() return true end, tostring(count))
      assert.equal(math.max(1, math.ceil(count / 50)), #service.requests)
    end
  end)

  it("keeps events that tell another time than the service goes by", function()
    local events = {}
    for index = 1, 40 do
      local time = NOW - index * DAY
      events[index] = { id = "e" .. index, time = time, tells = time + (index % 3 - 1) * 50 * DAY }
    end
    for _, order in ipairs{ "oldest", "newest", false } do
      local service = history.new{ events = events, edges = "open" }
      local query = { since = "-89d", order = order or nil }
      check_all(history.client(service):events(query), events, function() return true end, tostring(order))
    end
    local service = history.new{ events = { { id = "a", time = NOW - 10 }, { id = "b", time = NOW - 20 },
      { id = "odd", time = NOW - 60 * DAY, tells = NOW } } }
    local it = history.client(service):events{ since = "-89d", order = "newest" }
    assert.equal("a", it().id)
    it = history.client(service):events{ cursor = it.cursor }
    assert.equal("b", it().id)
    assert.equal("odd", it().id)
  end)

  it("resolves since and until once", function()
    local events = {}
    for index = 1, 200 do
      events[index] = { id = tostring(index), time = NOW - index }
    end
    local service = history.new{ events = events }
    local it = history.client(service):events{ since = "-1h", ["until"] = "-1s" }
    it()
    service.now = NOW + 600
    service.add{ id = "late", time = NOW + 300 }
    check_all(it, events, function(event) return event.id ~= "1" and event.id ~= "late" end, "resolved")
    for _, request in ipairs(service.requests) do
      assert.equal(NOW - 3600, request.StartTime)
      assert.equal(NOW - 1, request.EndTime)
    end
  end)

  it("stops at max, and asks for nothing more", function()
    local service = history.new{ events = history.events(1, 200, 1) }
    local client = history.client(service)
    for max, pages in pairs{ [0] = 0, [1] = 1, [50] = 1, [51] = 2 } do
      local before, count = #service.requests, 0
      for _ in client:events{ since = "-1d", max = max } do
        count = count + 1
      end
      assert.equal(max, count)
      assert.equal(pages, #service.requests - before)
    end
  end)

  it("asks for the location only when told to", function()
    local service = history.new{}
    local client = history.client(service)
    client:lookup{ since = "-1h", location = true }
    client:lookup{ since = "-1h", location = false }
    assert.equal(1, service.requests[1].IsReturnLocation)
    assert.is_nil(service.requests[2].IsReturnLocation)
    local emulator = cloudaudit.emulator.new{ now = NOW, record = false }
    emulator:add_event{ EventTime = NOW, Location = "Shenzhen" }
    assert.equal("Shenzhen", emulator:client():events{ since = "-1h", location = true }().location)
    assert.is_nil(emulator:client():events{ since = "-1h" }().location)
  end)
end)

describe("a service whose pages lead nowhere", function()
  local function page(over, token, count)
    local events = {}
    for index = 1, count do
      events[index] = ('{"EventId":"%s-%d","EventTime":"%d"}'):format(token, index, NOW - index)
    end
    return wire.success(('"Events":[%s],"ListOver":%s%s'):format(table.concat(events, ","), over,
      token and ',"NextToken":' .. token or ""))
  end

  local function client_of(answers)
    return wire.client(answers, { clock = function() return NOW end })
  end

  local function drain(it)
    local count = 0
    local ok, message = pcall(function()
      for _ in it do
        count = count + 1
        assert(count < 10000, "endless")
      end
    end)
    return count, ok, message
  end

  it("goes on after short and empty pages, and ends at ListOver alone", function()
    local client, driver = client_of{ page("false", "9007199254740993", 0), page("false", "9007199254740995", 1),
      page("false", "9007199254740997", 0), page("true", "9007199254740999", 2) }
    local count, ok = drain(client:events{ since = "-1h" })
    assert.is_true(ok)
    assert.equal(3, count)
    assert.equal(4, #driver.requests)
    assert.truthy(driver.requests[2].body:find('"NextToken":9007199254740993', 1, true))
  end)

  it("names the loop when a token comes again, after the events of its page", function()
    local client, driver = client_of{ page("false", "7", 2), page("false", "7", 3) }
    local it = client:events{ since = "-1h" }
    local count, ok, message = drain(it)
    assert.is_false(ok)
    assert.equal(5, count)
    assert.equal(2, #driver.requests)
    assert.truthy(message:find("NextToken 7 repeats: the service's pages form a loop", 1, true), message)
    assert.equal("protocol", it.err.kind)
    assert.error_matches(it, "form a loop")
    assert.equal(2, #driver.requests)
  end)

  it("names it at once wherever it begins", function()
    local client, driver = client_of{ function(_, n)
      return { status = 200, headers = {}, body = page("false", tostring(math.min(n, 12)), 1) }
    end }
    local count, ok = drain(client:events{ since = "-1h" })
    assert.is_false(ok)
    assert.equal(13, count)
    assert.equal(13, #driver.requests)
  end)

  it("finds longer circles", function()
    local client, driver = client_of{ function(_, n)
      return { status = 200, headers = {}, body = page("false", tostring(n % 7 + 1), 1) }
    end }
    local _, ok, message = drain(client:events{ since = "-1h" })
    assert.is_false(ok)
    assert.truthy(message:find("form a loop", 1, true))
    assert.truthy(#driver.requests < 40)
  end)

  it("says that a token is missing, and when pages stay empty", function()
    local silent = wire.success('"Events":null,"ListOver":null')
    for _, answer in ipairs{ page("false", nil, 0), page("false", "0", 0), silent } do
      local _, ok, message = drain(client_of{ answer }:events{ since = "-1h" })
      assert.is_false(ok)
      assert.truthy(message:find("has no NextToken", 1, true), message)
    end
    local client = client_of{ function(_, n)
      return { status = 200, headers = {}, body = page("false", tostring(n), 0) }
    end }
    local _, ok, message = drain(client:events{ since = "-1h" })
    assert.is_false(ok)
    assert.truthy(message:find("1000 empty pages in a row", 1, true), message)
  end)

  it("raises a failure again and again, and keeps it", function()
    local client = client_of{ page("false", "5", 1), wire.refusal("UnauthorizedOperation") }
    local it = client:events{ since = "-1h" }
    local count, ok, message = drain(it)
    assert.equal(1, count)
    assert.is_false(ok)
    assert.equal("string", type(message))
    assert.is_true(it.err:is("UnauthorizedOperation"))
    assert.error_matches(it, "UnauthorizedOperation")
  end)
end)

describe("the 90 days", function()
  local function fails(query)
    local service = history.new{}
    local client = history.client(service)
    local it = client:events(query)
    assert.equal("range", it.err.kind)
    assert.truthy(it.err.message:find("more than 90 days ago", 1, true))
    assert.truthy(it.err.hint:find("storage of the track", 1, true))
    assert.error_matches(it, "more than 90 days ago")
    local page, _, err = client:lookup(query)
    assert.is_nil(page)
    assert.equal("range", err.kind)
    assert.equal(0, #service.requests)
  end

  it("are the limit, told before anything is sent", function()
    fails{ since = "-91d" }
    fails{ since = NOW - 90 * DAY - 1 }
    fails{ since = "2020-01-01T00:00:00Z" }
  end)

  it("can be asked for whole, although their edge moves on", function()
    local events = { { id = "old", time = NOW - 90 * DAY + 120 }, { id = "new", time = NOW } }
    for _, order in ipairs{ "oldest", "newest", false } do
      local service = history.new{ events = events, now = NOW + 0.9 }
      local it = history.client(service):events{ since = "-90d", order = order or nil }
      service.now = NOW + 30
      check_all(it, events, function() return true end, tostring(order))
    end
  end)

  it("say so when they swallow events while these are read", function()
    local service = history.new{ events = { { id = "new", time = NOW } } }
    local it = history.client(service):events{ since = "-90d" }
    assert.equal("new", it().id)
    service.now = NOW + 7200
    assert.error_matches(it, "expired while they were being read")
    assert.equal("range", it.err.kind)
  end)
end)
