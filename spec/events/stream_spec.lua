-- Events in the order of the service: what the position of a stream holds.
local core = require "cloudaudit.core"
local history = require "support.history"

local NOW, take, size = history.NOW, history.take, history.size

describe("the position of a stream", function()
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

  it("loses nothing when events arrive late in between", function()
    local service = history.new{ events = history.events(5, 120, 1) }
    for stop = 1, 119, 9 do
      local got = {}
      local it = history.client(service):events{ since = "-1d" }
      take(it, stop, got)
      -- Newer than all: it appears on the page that is read again.
      service.add{ id = "late" .. stop, time = NOW }
      local before = #service.events
      take(history.client(service):events{ cursor = it.cursor }, 500, got)
      for index = 1, 120 do
        assert.is_true(got[service.events[index].id])
      end
      assert.truthy(size(got) <= before)
    end
  end)

  it("reads a page without a valid next page again, instead of skipping it", function()
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
end)
