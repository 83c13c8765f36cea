-- lookup and events: what they return and when they stop.
local cloudaudit = require "cloudaudit"
local history = require "support.history"
local wire = require "support.wire"

local NOW, take, size = history.NOW, history.take, history.size

describe("lookup", function()
  it("returns one page and the cursor of the next, over all windows", function()
    local service = history.new{ events = history.events(10, 130, 80), short = 0.2 }
    local client, got, requests = history.client(service), {}, 0
    local page = assert(client:lookup{ since = "-80d", page_size = 20 })
    while true do
      requests = requests + 1
      assert.equal(requests, #service.requests)
      assert.equal("r", page.request_id)
      assert.truthy(#page.events <= 20)
      for _, event in ipairs(page.events) do
        assert.is_nil(got[event.id])
        got[event.id] = true
      end
      if not page.cursor then
        break
      end
      page = assert(client:lookup{ cursor = page.cursor })
    end
    assert.equal(130, size(got))
  end)

  it("shares its cursors with events, except those of an order", function()
    local service = history.new{ events = history.events(11, 100, 1) }
    local client, got = history.client(service), {}
    local page = client:lookup{ since = "-1d" }
    take(client:events{ cursor = page.cursor }, 200, got)
    assert.equal(50, size(got))
    local it = client:events{ since = "-1d", order = "oldest" }
    it()
    local none, message, err = client:lookup{ cursor = it.cursor }
    assert.is_nil(none)
    assert.equal("validation", err.kind)
    assert.truthy(message:find("pass it to events()", 1, true))
    local done = client:lookup{ cursor = client:events{ cursor = it.cursor }.cursor and page.cursor }
    assert.is_nil(done.cursor)
    assert.equal(50, #done.events)
  end)

  it("returns failures and raises misuse", function()
    local service = history.new{}
    local client = history.client(service)
    local cases = {
      { {}, "lookup.since: missing, such as \"-24h\"" }, { { since = "-1h", max = 5 }, "lookup.max: unknown field" },
      { { since = true }, "lookup.since: string or number expected" },
      { { since = "-1h", filter = "x" }, "lookup.filter: function expected" },
    }
    for _, case in ipairs(cases) do
      local ok, message = pcall(client.lookup, client, case[1])
      assert.is_false(ok)
      assert.truthy(message:find(case[2], 1, true), message)
    end
    for query, expected in pairs{
      [{ since = "yesterday" }] = "lookup.since: invalid time \"yesterday\"",
      [{ since = "-1h", ["until"] = "-2h" }] = "is before since",
      [{ since = "-1h", page_size = 51 }] = "lookup.page_size: at most 50 expected",
    } do
      local page, message, err = client:lookup(query)
      assert.is_nil(page)
      assert.equal("validation", err.kind)
      assert.truthy(message:find(expected, 1, true), message)
    end
    assert.equal(0, #service.requests)
  end)
end)

describe("events", function()
  it("stops at max, and sends no further request", function()
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

  it("requests the location only when asked to", function()
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

  it("raises a failure again when called again, and keeps it", function()
    local page = wire.success('"Events":[{"EventId":"a","EventTime":"1699999999"}],"ListOver":false,"NextToken":5')
    local it = wire.client({ page, wire.refusal("UnauthorizedOperation") }, { clock = function() return NOW end })
      :events{ since = "-1h" }
    assert.equal("a", it().id)
    local ok, message = pcall(it)
    assert.is_false(ok)
    assert.equal("string", type(message))
    assert.is_true(it.err:is("UnauthorizedOperation"))
    assert.error_matches(it, "UnauthorizedOperation")
  end)

  it("gives events one by one without raising, by next", function()
    local page = wire.success('"Events":[{"EventId":"a","EventTime":"1699999999"}],"ListOver":false,"NextToken":5')
    local last = wire.success('"Events":[{"EventId":"b","EventTime":"1699999998"}],"ListOver":true')
    local options = { clock = function() return NOW end }
    local it = wire.client({ page, last }, options):events{ since = "-1h" }
    assert.same({ "a", "b" }, { it:next().id, it().id })
    assert.is_nil((it:next()))
    assert.is_nil(it.err)
    it = wire.client({ page, wire.refusal("UnauthorizedOperation") }, options):events{ since = "-1h" }
    assert.equal("a", it:next().id)
    for _ = 1, 2 do
      local event, message, err = it:next()
      assert.same({ nil, it.err.message, it.err }, { event, message, err })
    end
    assert.error_matches(it, "UnauthorizedOperation")
  end)
end)
