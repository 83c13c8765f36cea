-- The paginator: only ListOver ends it, whatever the service returns.
local history = require "support.history"
local wire = require "support.wire"

local NOW, DAY, check_all = history.NOW, 86400, history.check_all

describe("a paginator", function()
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

  it("continues after short and empty pages, and ends only at ListOver", function()
    local client, driver = client_of{ page("false", "9007199254740993", 0), page("false", "9007199254740995", 1),
      page("false", "9007199254740997", 0), page("true", "9007199254740999", 2) }
    local count, ok = drain(client:events{ since = "-1h" })
    assert.is_true(ok)
    assert.equal(3, count)
    assert.equal(4, #driver.requests)
    assert.truthy(driver.requests[2].body:find('"NextToken":9007199254740993', 1, true))
  end)

  it("fails when a token repeats, after the events of its page", function()
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

  it("detects a token that repeats at once, wherever the loop begins", function()
    local client, driver = client_of{ function(_, n)
      return { status = 200, headers = {}, body = page("false", tostring(math.min(n, 12)), 1) }
    end }
    local count, ok = drain(client:events{ since = "-1h" })
    assert.is_false(ok)
    assert.equal(13, count)
    assert.equal(13, #driver.requests)
  end)

  it("detects longer loops", function()
    local client, driver = client_of{ function(_, n)
      return { status = 200, headers = {}, body = page("false", tostring(n % 7 + 1), 1) }
    end }
    local _, ok, message = drain(client:events{ since = "-1h" })
    assert.is_false(ok)
    assert.truthy(message:find("form a loop", 1, true))
    assert.truthy(#driver.requests < 40)
  end)

  it("fails when a token is missing, and when pages stay empty", function()
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
end)

describe("the retention limit", function()
  it("moves while pages are read, and the whole range can be read all the same", function()
    local events = { { id = "old", time = NOW - 90 * DAY + 120 }, { id = "new", time = NOW } }
    for _, order in ipairs{ "oldest", "newest", false } do
      local service = history.new{ events = events, now = NOW + 0.9 }
      local it = history.client(service):events{ since = "-90d", order = order or nil }
      service.now = NOW + 30
      check_all(it, events, function() return true end, tostring(order))
    end
  end)

  it("is a failure of kind range when events expire while they are read", function()
    local service = history.new{ events = { { id = "new", time = NOW } } }
    local it = history.client(service):events{ since = "-90d" }
    assert.equal("new", it().id)
    service.now = NOW + 7200
    assert.error_matches(it, "expired while they were being read")
    assert.equal("range", it.err.kind)
  end)
end)
