local core = require "cloudaudit.core"
local history = require "support.history"

local NOW = history.NOW

local function take(it, count, got)
  for _ = 1, count do
    local event = it()
    if not event then
      return false
    end
    assert(not got[event.id], "twice: " .. event.id)
    got[event.id] = true
  end
  return true
end

local function size(set)
  local count = 0
  for _ in pairs(set) do
    count = count + 1
  end
  return count
end

describe("it.cursor", function()
  it("goes on in another client after every single event, each once", function()
    for _, order in ipairs{ "oldest", "newest", false } do
      for _, service_order in ipairs{ "newest", "oldest", "shuffled" } do
        local service = history.new{ events = history.events(3, 90, 80), order = service_order, short = 0.5 }
        for stop = 0, 90 do
          local got = {}
          local it = history.client(service):events{ since = "-80d", page_size = 7, order = order or nil }
          take(it, stop, got)
          local cursor = it.cursor
          assert.equal("string", type(cursor))
          assert.is_nil(cursor:find("\n", 1, true))
          local rest = history.client(service):events{ cursor = cursor }
          assert.is_false(take(rest, 100, got))
          assert.equal(90, size(got))
          assert.is_nil(history.client(service):events{ cursor = rest.cursor }())
        end
      end
    end
  end)

  it("goes on again and again, one event at a time, and stays short", function()
    for _, order in ipairs{ "oldest", false } do
      local service = history.new{ events = history.events(4, 150, 1), short = 0.3 }
      local got, cursor, count = {}, nil, 0
      local most = 0
      while true do
        local it = history.client(service):events{ since = "-1d", cursor = cursor, order = order or nil }
        if not take(it, 1, got) then
          break
        end
        cursor, count = it.cursor, count + 1
        most = math.max(most, #(core.decode(cursor).given or {}))
      end
      assert.equal(150, count)
      assert.truthy(most <= 50, tostring(most))
    end
  end)

  it("forgets the ids of a window with the window", function()
    local service = history.new{ events = { { id = "new", time = NOW - 5 }, { id = "next", time = NOW - 6 },
      { id = "old", time = NOW - 40 * 86400 }, { id = "older", time = NOW - 41 * 86400 } } }
    local it = history.client(service):events{ since = "-50d" }
    it()
    local cursor = it.cursor:gsub('"given":%[', '"given":["gone",')
    it = history.client(service):events{ cursor = cursor }
    assert.equal("next", it().id)
    assert.equal("old", it().id)
    assert.same({ "old" }, core.decode(it.cursor).given)
  end)

  it("loses nothing when events turn up late in between", function()
    local service = history.new{ events = history.events(5, 120, 1) }
    for stop = 1, 119, 9 do
      local got = {}
      local it = history.client(service):events{ since = "-1d" }
      take(it, stop, got)
      -- Newer than all: it comes up in front of the page that is read again.
      service.add{ id = "late" .. stop, time = NOW }
      local before = #service.events
      take(history.client(service):events{ cursor = it.cursor }, 500, got)
      for index = 1, 120 do
        assert.is_true(got[service.events[index].id])
      end
      assert.truthy(size(got) <= before)
    end
  end)

  it("goes on after a failure, and after max", function()
    local service = history.new{ events = history.events(6, 120, 60) }
    local got = {}
    service.fail = function(count)
      return count == 2 and '{"Response":{"Error":{"Code":"UnauthorizedOperation","Message":"no"},"RequestId":"r"}}'
    end
    local it = history.client(service):events{ since = "-60d", page_size = 20 }
    assert.is_false((pcall(take, it, 200, got)))
    assert.equal(20, size(got))
    service.fail = nil
    it = history.client(service):events{ cursor = it.cursor, max = 30 }
    assert.is_false(take(it, 200, got))
    assert.equal(50, size(got))
    take(history.client(service):events{ cursor = it.cursor }, 200, got)
    assert.equal(120, size(got))
  end)

  it("reads the page of a loop again instead of passing it over", function()
    local service = history.new{ events = history.events(7, 30, 1) }
    local client = history.client(service)
    service.fail = function()
      return '{"Response":{"Events":[{"EventId":"x","EventTime":"1699999999"}],"ListOver":false,"RequestId":"r"}}'
    end
    local it = client:events{ since = "-1d" }
    assert.equal("x", it().id)
    assert.is_false((pcall(it)))
    local held = core.decode(it.cursor)
    assert.is_nil(held.token)
    assert.same({ "x" }, held.given)
  end)

  it("holds the query, which may be given beside it, but no other", function()
    local service = history.new{ events = history.events(8, 60, 1) }
    local client = history.client(service)
    local query = { since = "-1d", where = { user = "u1", event_name = { "E0", "E1" } }, order = "oldest",
      location = true, page_size = 3 }
    local all, got = {}, {}
    take(client:events(query), 100, all)
    local it = client:events(query)
    take(it, 2, got)
    service.now = NOW + 3000
    query.cursor = it.cursor
    take(client:events(query), 100, got)
    assert.same(all, got)
    assert.equal(1, service.requests[#service.requests].IsReturnLocation)
    assert.equal(3, service.requests[#service.requests].MaxResults)
    local function refused(change, field)
      local other = { cursor = it.cursor }
      for name, value in pairs(change) do
        other[name] = value
      end
      local failing = client:events(other)
      assert.equal("validation", failing.err.kind)
      assert.equal(field, failing.err.field)
      assert.error_matches(failing, "the cursor was made")
    end
    refused({ where = { user = "u2" } }, "where")
    refused({ order = "newest" }, "order")
    refused({ location = false }, "location")
    local filtered = client:events{ since = "-1d", filter = function() return true end }
    assert.truthy(client:events{ cursor = filtered.cursor, filter = function() return true end }())
    local failing = client:events{ cursor = filtered.cursor }
    assert.equal("filter", failing.err.field)
  end)

  it("is refused when it is none or damaged, without a request", function()
    local service = history.new{ events = history.events(9, 60, 1) }
    local client = history.client(service)
    local it = client:events{ since = "-1d" }
    it()
    local cursor, before = it.cursor, #service.requests
    local sorted = client:events{ since = "-1d", order = "oldest" }.cursor
    local cases = { "", "x", "5", "[]", "{}", '{"v":2}', cursor:sub(1, -2), cursor:sub(2),
      (cursor:gsub('"since":%d+', '"since":"x"')), (cursor:gsub('"window":1', '"window":0')),
      (cursor:gsub('"window":1', '"window":1.5')), (cursor:gsub('"given":%[', '"given":[5,')),
      (cursor:gsub('"attributes":%[', '"attributes":[["x"],')), (cursor:gsub('"tests":%[', '"tests":["x"')),
      (cursor:gsub('"page_size":50', '"page_size":0')), (cursor:gsub('"v":1', '"v":1,"order":"up"')),
      (cursor:gsub('"window":1', '"window":2')), (sorted:gsub('"edge":%d+', '"edge":0')),
      (sorted:gsub('"edge":%d+', '"edge":4102444800')) }
    for index, case in ipairs(cases) do
      assert(case ~= cursor, "case " .. index .. " changes nothing")
      local failing = client:events{ cursor = case }
      assert.equal("validation", failing.err and failing.err.kind, case)
      assert.equal("cursor", failing.err.field)
    end
    assert.equal(before, #service.requests)
    assert.error_matches(function() client:events{ cursor = 5 } end, "events.cursor: string expected, got number")
  end)
end)

describe("lookup", function()
  it("gives one page and the cursor of the next, over all windows", function()
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
    assert.truthy(message:find("go on with events()", 1, true))
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
      [{ since = "-1h", page_size = 51 }] = "50 events a page at the most",
    } do
      local page, message, err = client:lookup(query)
      assert.is_nil(page)
      assert.equal("validation", err.kind)
      assert.truthy(message:find(expected, 1, true), message)
    end
    assert.equal(0, #service.requests)
  end)
end)
