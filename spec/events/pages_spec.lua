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
    assert.equal(3, count)
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
    assert.equal(12, count)
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
    assert.truthy(message:find("1000 pages in a row without a new event", 1, true), message)
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

describe("odd answers", function()
  local function client_of(answers, options)
    local given = { clock = function() return NOW end }
    for name, value in pairs(options or {}) do
      given[name] = value
    end
    return wire.client(answers, given)
  end

  -- Reads to the end or to the failure: the number of events, the iterator, and whether it failed.
  local function read(client, query)
    local it, events = client:events(query or { since = "-1h" }), {}
    while true do
      local ok, event = pcall(it)
      if not ok then
        assert.equal("string", type(event))
        assert.equal("table", type(it.err))
        return events, it, true
      elseif not event then
        return events, it, false
      end
      events[#events + 1] = event
      assert(#events < 10000, "endless")
    end
  end

  it("give every item of the list", function()
    for _, order in ipairs{ "oldest", false } do
      local client = client_of(wire.success('"ListOver":true,"Events":[null,1,"x",[],{"EventId":"a"},{"EventId":17},'
        .. '{"EventId":{},"Username":"u"},{"Resources":1},{"EventTime":"now"}]'))
      local events = read(client, { since = "-1h", order = order or nil })
      assert.equal(9, #events)
    end
  end)

  it("whose Events are not a list are a failure that names the member", function()
    for _, json in ipairs{ '"[]"', "{}", '{"a":1}', "3", "true" } do
      for _, query in ipairs{ { since = "-1h" }, { since = "-1h", order = "oldest" } } do
        local events, it, failed = read(client_of(wire.success('"ListOver":true,"Events":' .. json)), query)
        assert.is_true(failed, json)
        assert.equal(0, #events)
        assert.equal("protocol", it.err.kind)
        assert.equal("Events", it.err.field)
        assert.equal("string", type(it.cursor))
      end
      local client = client_of(wire.success('"ListOver":true,"Events":' .. json))
      local _, _, err = client:lookup{ since = "-1h" }
      assert.equal("Events", err.field)
      _, _, err = client:tail{}:poll()
      assert.equal("Events", err.field)
      _, _, err = client:wait_for({}, 1)
      assert.equal("Events", err.field)
    end
  end)

  it("may give ListOver and NextToken as number or text", function()
    for _, over in ipairs{ "1", '"1"', '"true"', "true" } do
      local client = client_of(wire.success('"Events":[{"EventId":"a"}],"ListOver":' .. over))
      local events, _, failed = read(client)
      assert.is_false(failed)
      assert.equal(1, #events)
    end
    for _, token in ipairs{ "5", '"5"', "9007199254740993", '"18446744073709551615"' } do
      local client, driver = client_of{
        wire.success('"Events":[{"EventId":"a"}],"ListOver":0,"NextToken":' .. token),
        wire.success('"Events":[{"EventId":"b"}],"ListOver":true') }
      local events, _, failed = read(client)
      assert.is_false(failed)
      assert.equal(2, #events)
      assert.truthy(driver.requests[2].body:find('"NextToken":' .. token:gsub('"', ""), 1, true))
    end
  end)

  it("whose ListOver or NextToken cannot be read give their events, then fail and name the member", function()
    local cases = { { "NextToken", '"abc=="' }, { "NextToken", "-5" }, { "NextToken", "12.5" }, { "NextToken", "true" },
      { "NextToken", "[]" }, { "NextToken", "{}" }, { "NextToken", '"18446744073709551616"' },
      { "NextToken", '"' .. ("x"):rep(2000) .. '"' }, { "ListOver", '"maybe"' }, { "ListOver", "2" },
      { "ListOver", "[]" } }
    for _, case in ipairs(cases) do
      local client = client_of(wire.success(('"Events":[{"EventId":"a"}],"%s":%s'):format(case[1], case[2])))
      local events, it, failed = read(client)
      assert.equal(1, #events)
      assert.is_true(failed)
      assert.equal("protocol", it.err.kind)
      assert.equal(case[1], it.err.field)
      -- The page is read again from the cursor, without the event.
      local rest, again = read(client_of(wire.success('"Events":[{"EventId":"a"},{"EventId":"b"}],"ListOver":true')),
        { cursor = it.cursor })
      assert.is_nil(again.err)
      assert.equal("b", rest[1].id)
      assert.is_nil(rest[2])
    end
  end)

  it("with an id that is a number make a cursor that can be read", function()
    local body = wire.success('"Events":[{"EventId":17},{"EventId":18}],"ListOver":true')
    for _, order in ipairs{ "oldest", false } do
      local it = client_of(body):events{ since = "-1h", order = order or nil }
      assert.equal("17", it().id)
      it = client_of(body):events{ cursor = it.cursor }
      assert.equal("18", it().id)
      assert.is_nil(it())
    end
  end)

  it("in a cycle of pages give no event twice before the failure", function()
    for length = 1, 9 do
      local client = client_of{ function(_, n)
        local page = (n - 1) % length + 1
        local members = '"Events":[{"EventId":"%d"},{"EventId":"%d"}],"ListOver":false,"NextToken":%d'
        return { status = 200, headers = {}, body = wire.success(members:format(2 * page, 2 * page + 1, page)) }
      end }
      local events, it, failed = read(client)
      assert.is_true(failed)
      assert.truthy(it.err.message:find("form a loop", 1, true))
      assert.equal(2 * length, #events)
    end
  end)

  it("that repeat a page under ever new tokens give no event twice, and end", function()
    local client, driver = client_of{ function(_, n)
      local members = '"Events":[{"EventId":"a"}],"ListOver":false,"NextToken":'
      return { status = 200, headers = {}, body = wire.success(members .. n) }
    end }
    local events, it = read(client)
    assert.equal(1, #events)
    assert.equal("protocol", it.err.kind)
    assert.truthy(#driver.requests < 1010)
  end)
end)

-- A service that counts pages by offset, and counts the last event of a page again when `inclusive`. Before each page
-- `arrive` new events push the others back.
local function shifting(count, arrive, inclusive)
  local events, late = {}, 0
  for index = 1, count do
    events[index] = ("e%03d"):format(index)
  end
  return function(request)
    local params = require("cloudaudit.core").decode(request.body)
    local from = tonumber(params.NextToken or 0)
    for _ = 1, from > 0 and arrive or 0 do
      late = late + 1
      table.insert(events, 1, "late" .. late)
    end
    local items = {}
    for index = from + 1, math.min(from + params.MaxResults, #events) do
      items[#items + 1] = ('{"EventId":"%s","EventTime":"%d"}'):format(events[index], NOW - 10)
    end
    local next_at = from + #items - (inclusive and 1 or 0)
    return { status = 200, headers = {}, body = wire.success(('"Events":[%s],"ListOver":%s,"NextToken":%d'):format(
      table.concat(items, ","), tostring(from + params.MaxResults >= #events), next_at)) }
  end
end

describe("pages that shift or overlap", function()
  it("give each event once, with and without order, and from every cursor", function()
    for _, service in ipairs{ { 0, true }, { 3, false }, { 7, true } } do
      for _, order in ipairs{ "newest", false } do
        local function client()
          return (wire.client({ shifting(60, service[1], service[2]) }, { clock = function() return NOW end }))
        end
        local seen, old = {}, 0
        for event in client():events{ since = "-1h", order = order or nil, page_size = 20 } do
          assert.is_nil(seen[event.id], event.id)
          seen[event.id] = true
          old = old + (event.id:find("^e") and 1 or 0)
        end
        assert.equal(60, old)
      end
      for stop = 1, 59 do
        local client = wire.client({ shifting(60, service[1], service[2]) }, { clock = function() return NOW end })
        local seen, old = {}, 0
        local it = client:events{ since = "-1h", page_size = 20 }
        for _ = 1, stop do
          seen[it().id] = true
        end
        for event in client:events{ cursor = it.cursor } do
          assert.is_nil(seen[event.id], event.id)
          seen[event.id] = true
        end
        for id in pairs(seen) do
          old = old + (id:find("^e") and 1 or 0)
        end
        assert.equal(60, old)
      end
    end
  end)
end)

describe("a page that is too long", function()
  -- Answers like a driver with the option max_response: events of 100 bytes, at most `most` of them.
  local function limited(count, most, refusal)
    return function(request)
      local params = require("cloudaudit.core").decode(request.body)
      local from = tonumber(params.NextToken or 0)
      if math.min(params.MaxResults, count - from) > most then
        if refusal then
          return { status = 200, headers = {}, body = wire.refusal("ResponseSizeLimitExceeded", "too large") }
        end
        return nil, "the body of the response is longer than max_response (1000 bytes)",
          { kind = "protocol", sent = true, field = "max_response" }
      end
      local items = {}
      for index = from + 1, math.min(from + params.MaxResults, count) do
        items[#items + 1] = ('{"EventId":"e%d","EventTime":"%d"}'):format(index, NOW - index)
      end
      return { status = 200, headers = {}, body = wire.success(('"Events":[%s],"ListOver":%s,"NextToken":%d'):format(
        table.concat(items, ","), tostring(from + #items >= count), from + #items)) }
    end
  end

  it("is asked for again with fewer events", function()
    for _, most in ipairs{ 49, 25, 24, 7, 1 } do
      for _, refusal in ipairs{ true, false } do
        local client = wire.client({ limited(120, most, refusal) }, { clock = function() return NOW end })
        local count = 0
        for _ in client:events{ since = "-1h" } do
          count = count + 1
        end
        assert.equal(120, count)
        assert.equal(120, #client:tail{ since = "-1h" }:poll())
        assert.is_true(#client:lookup{ since = "-1h" }.events <= most)
      end
    end
  end)

  it("with a single event fails, and names the option", function()
    local client = wire.client({ limited(5, 0) }, { clock = function() return NOW end })
    local it = client:events{ since = "-1h" }
    assert.is_false((pcall(it)))
    assert.equal("protocol", it.err.kind)
    assert.equal("max_response", it.err.field)
    assert.truthy(it.err.message:find("max_response", 1, true))
    assert.truthy(it.err.hint:find("max_response", 1, true))
  end)
end)
