-- Reading all events of a range: each is returned once, whatever the service does where its documentation is silent.
local cloudaudit = require "cloudaudit"
local history = require "support.history"
local random = require "cloudaudit.emulator.random"

local NOW, DAY, check_all = history.NOW, 86400, history.check_all
local EDGES = { "closed", "open", "left", "right" }
local ORDERS = { "newest", "oldest", "shuffled" }

local function pick(chance, list)
  return list[chance:integer(1, #list)]
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
  -- Both ends of the range count in.
  events[#events + 1] = { id = set .. "/since", time = NOW - days * DAY, name = "E1" }
  events[#events + 1] = { id = set .. "/until", time = NOW, name = "E1" }
  return events
end

local function every()
  return true
end

describe("events", function()
  it("returns each event once: 1,000 histories, page sizes, short pages, window edges and orders", function()
    local chance = random.new(20260131)
    for set = 1, 1000 do
      local days = pick(chance, { 1, 40, 89 })
      local since, edges, order = NOW - days * DAY, pick(chance, EDGES), pick(chance, { "oldest", "newest", false })
      local events = history_of(chance, set, days)
      local service = history.new{ events = events, order = pick(chance, ORDERS), edges = edges,
        short = chance:integer(0, 1) * 0.4, seed = set }
      local it = history.client(service):events{ since = since, page_size = chance:integer(1, 50),
        order = order or nil }
      local times = check_all(it, events, every, ("set %d, %s, %s, %d days"):format(set, edges, tostring(order), days))
      for index = 2, #times do
        assert(order ~= "oldest" or times[index - 1] <= times[index])
        assert(order ~= "newest" or times[index - 1] >= times[index])
      end
    end
  end)

  it("returns each event of the emulator once, which verifies signatures and limits", function()
    for seed = 1, 8 do
      local order, edges = ORDERS[seed % 2 + 1], EDGES[seed % 4 + 1]
      local emulator = cloudaudit.emulator.new{ now = NOW, short_pages = 0.5, record = false, order = order,
        page_tokens = "strict",
        seed = seed, edges = edges }
      local events = history_of(random.new(seed), seed, 89)
      for _, event in ipairs(events) do
        emulator:add_event{ EventId = event.id, EventTime = event.time }
      end
      check_all(emulator:client():events{ since = "-89d" }, events, every, order)
      check_all(emulator:client():events{ since = "-89d", order = "oldest" }, events, every, order)
      check_all(emulator:client():events{ since = "-89d", order = "newest", page_size = 3 }, events, every, order)
    end
  end)

  it("keeps events whose own time differs from the time by which the service selects", function()
    local events = {}
    for index = 1, 40 do
      local time = NOW - index * DAY
      events[index] = { id = "e" .. index, time = time, tells = time + (index % 3 - 1) * 50 * DAY }
    end
    for _, order in ipairs{ "oldest", "newest", false } do
      local service = history.new{ events = events, edges = "open" }
      local query = { since = "-89d", order = order or nil }
      check_all(history.client(service):events(query), events, every, tostring(order))
    end
    local service = history.new{ events = { { id = "a", time = NOW - 10 }, { id = "b", time = NOW - 20 },
      { id = "odd", time = NOW - 60 * DAY, tells = NOW } } }
    local it = history.client(service):events{ since = "-89d", order = "newest" }
    assert.equal("a", it().id)
    it = history.client(service):events{ cursor = it.cursor }
    assert.equal("b", it().id)
    assert.equal("odd", it().id)
  end)
end)
