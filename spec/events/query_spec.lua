-- Queries: what is validated before anything is sent, and when times are resolved.
local history = require "support.history"

local NOW, DAY, check_all, take = history.NOW, 86400, history.check_all, history.take

describe("a query", function()
  it("ends a range at the end of the retention: later events do not exist, and asking costs requests", function()
    for _, order in ipairs{ "oldest", "newest", false } do
      for _, far in ipairs{ "9999-12-31T23:59:59Z", 253402300799 } do
        local service = history.new{ events = history.events(3, 40, 80) }
        local got = {}
        local it = history.client(service):events{ since = "-80d", ["until"] = far, order = order or nil }
        assert.is_false(history.take(it, 100, got))
        assert.equal(40, history.size(got))
        assert.is_true(#service.requests < 20, tostring(#service.requests))
      end
    end
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
      -- A second more at each end.
      assert.equal(NOW - 3601, request.StartTime)
      assert.equal(NOW, request.EndTime)
    end
  end)

  it("may be repeated beside its cursor, but not changed", function()
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
end)

describe("a query of events", function()
  it("rejects an unknown order, too many slices, and a range that ends before it starts", function()
    local client = history.client(history.new{})
    assert.error_matches(function() client:events{ since = "-1h", order = "up" } end,
      'events%.order: "oldest" or "newest" expected, got "up"')
    for _, number in ipairs{ 0, 1.5, 65, 2 ^ 53, 1e300 } do -- each slice is a request
      assert.error_matches(function() client:events{ since = "-1h", parallel = number } end,
        "events.parallel: integer from 1 to 64 expected, got", 1, true)
    end
    local it = client:events{ since = "-1h", ["until"] = "-2h" }
    assert.equal("validation", it.err.kind)
    assert.equal("until", it.err.field)
    assert.truthy(it.err.message:find("is before since", 1, true))
  end)
end)

describe("since", function()
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

  it("is limited to the retention of 90 days, before anything is sent", function()
    fails{ since = "-91d" }
    fails{ since = NOW - 90 * DAY - 1 }
    fails{ since = "2020-01-01T00:00:00Z" }
  end)
end)
