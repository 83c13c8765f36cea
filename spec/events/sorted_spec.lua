-- Events by time: how a range is divided for sorting.
local history = require "support.history"

local NOW, DAY, check_all = history.NOW, 86400, history.check_all

describe("events with an order", function()
  it("holds few events at a time, and a whole second when it has more", function()
    local events = {}
    for index = 1, 6000 do
      local offset = index > 3000 and index * 200 or 600 * 200
      events[index] = { id = ("%05d"):format(index), time = NOW - 20 * DAY + offset }
    end
    for _, order in ipairs{ "newest", "oldest", "shuffled" } do
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

  it("reads a range with few events as one slice", function()
    for _, count in ipairs{ 0, 50, 500, 540 } do
      local service = history.new{ events = history.events(2, count, 1) }
      local it = history.client(service):events{ since = "-25d", order = "oldest" }
      check_all(it, service.events, function() return true end, tostring(count))
      assert.equal(math.max(1, math.ceil(count / 50)), #service.requests)
    end
  end)

  it("sorts events of one second by id, in both directions, and resumes between them", function()
    local events = {}
    for index = 1, 9 do
      events[index] = { id = ("id%d"):format(index), time = NOW - 100 }
    end
    for order, expected in pairs{ oldest = "id1 id2 id3 id4 id5 id6 id7 id8 id9",
      newest = "id9 id8 id7 id6 id5 id4 id3 id2 id1" } do
      local client, ids = history.client(history.new{ events = events, order = "shuffled" }), {}
      local it = client:events{ since = "-1h", order = order }
      for index = 1, 9 do
        ids[index] = it().id
        it = client:events{ cursor = it.cursor }
      end
      assert.is_nil(it())
      assert.equal(expected, table.concat(ids, " "))
    end
  end)
end)
