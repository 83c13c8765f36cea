local core = require "cloudaudit.core"
local history = require "support.history"

local take, size = history.take, history.size

describe("it.cursor", function()
  it("resumes in another client after any event, each event once", function()
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

  it("resumes repeatedly, one event at a time, and stays short", function()
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
      assert.truthy(most <= 100, tostring(most))
    end
  end)

  it("resumes after a failure, and after max", function()
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

  it("is rejected when it is not a valid cursor, without a request", function()
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
      (sorted:gsub('"edge":%d+', '"edge":4102444800')),
      -- numbers that the service cannot hold
      (cursor:gsub('"until":%d+', '"until":4503599627370496')), (cursor:gsub('"until":%d+', '"until":253402300799')),
      (cursor:gsub('"since":%d+', '"since":0')), (cursor:gsub('"page_size":50', '"page_size":1e300')),
      (cursor:gsub('"since":%d+', '"since":1e300'):gsub('"until":%d+', '"until":1e300')),
      (cursor:gsub('"window":1', '"window":1e300')), (sorted:gsub('"edge":', '"time":1e300,"edge":')) }
    for index, case in ipairs(cases) do
      assert(case ~= cursor, "case " .. index .. " changes nothing")
      local failing = client:events{ cursor = case }
      assert.equal("validation", failing.err and failing.err.kind, case)
      assert.equal("cursor", failing.err.field)
      assert.equal(case == '{"v":2}' and "events.cursor: unknown version of a cursor: version 1 expected"
        or "events.cursor: invalid cursor: pass the text of it.cursor unchanged", failing.err.message)
    end
    assert.equal(before, #service.requests)
    assert.error_matches(function() client:events{ cursor = 5 } end, "events.cursor: string expected, got number")
  end)
end)
