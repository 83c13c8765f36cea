local core = require "cloudaudit.core"
local events = require "cloudaudit.events.event"
local state = require "cloudaudit.export.state"

local function new(since)
  return state.new{ since = since or 1000, filter = "--write", format = "jsonl", gzip = true, redacted = true }
end

local function event(id, time)
  return events.new{ id = id, time = time, raw = "{}" }
end

describe("cloudaudit.export.state", function()
  it("is the same after it was text", function()
    local held = new()
    assert.is_true(held:take(event("a", 1500), 5000))
    assert.is_true(held:take(event(nil, 1600), 5000))
    held.pending, held.number, held.parts = { "dt=1970-01-01/part-000001.jsonl.gz" }, 1, 1
    local again = state.decode(held:encode())
    again.reached = held.reached
    assert.same(held, again)
    assert.is_false(again:take(event("a", 1500), 5000))
    assert.is_false(again:take(event(nil, 1600), 5000))
    assert.is_true(again:take(event("b", 1500), 5000))
    assert.same({ 3, 1500, 1600 }, { again.count, again.first, again.last })
  end)

  it("stands at the last event taken while it reads, and keeps the events of that second", function()
    local held = new()
    held:take(event("a", 1500), 9000)
    held:take(event("b", 1600), 9000)
    held:take(event("c", 1600), 9000)
    held:advance(9000, 9000)
    assert.equal(1600, held.position)
    assert.same({ b = 1600, c = 1600 }, held.known)
  end)

  it("stays before what was not read to its end", function()
    local held = new()
    held:take(event("a", 1500), 9000)
    held:advance(1400, 9000)
    assert.equal(1400, held.position)
    held:advance(1300, 9000)
    assert.equal(1400, held.position)
    assert.same({ a = 1500 }, held.known)
  end)

  it("stays behind the time of reading, since events appear late", function()
    local held = new()
    held:take(event("a", 1500), 2500)
    held:take(event("b", 1700), 2500)
    held:advance(9000, 2500)
    assert.equal(1600, held.position)
    held:finish(2500, 2500)
    assert.equal(1600, held.position)
    assert.same({ b = 1700 }, held.known)
    held = new()
    held:finish(2000, 9000)
    assert.equal(2001, held.position)
    held:finish(1500, 9000)
    assert.equal(2001, held.position)
  end)

  it("remembers events without a time, or out of order, until their whole range is behind it", function()
    local held = new()
    held:take(event("timeless"), 5000)
    held:take(event("b", 2000), 5000)
    held:take(event("early", 500), 5000)
    held:take(event("back", 1500), 5000)
    held:take(event("beyond", 6000), 5000)
    held:take(event("c", 3000), 5000)
    held:advance(9000, 9000)
    assert.equal(3000, held.position)
    assert.same({ timeless = 5000, early = 5000, back = 5000, beyond = 6000, c = 3000 }, held.known)
    held:finish(5000, 9000)
    assert.same({ beyond = 6000 }, held.known)
  end)

  it("is refused when it is another version, or not what it should be", function()
    assert.same({ nil, "it is not JSON" }, { state.decode("{") })
    assert.same({ nil, "it is not JSON" }, { state.decode("7") })
    local text = new():encode()
    local function wrong(name, value)
      local held = core.decode(text)
      held[name] = value
      return (select(2, state.decode(core.encode(held))))
    end
    assert.equal("version 2 of exports, with rows of version 1: this command knows 1 and 1", wrong("version", 2))
    assert.equal("version 1 of exports, with rows of version 9: this command knows 1 and 1", wrong("row", 9))
    assert.equal("it has no position", wrong("position", "1"))
    assert.equal("it has no number", wrong("number", -1))
    local others = { filter = 1, format = 1, gzip = 1, redacted = 1, known = { 1 }, pending = { "../../x" } }
    for name, value in pairs(others) do
      assert.equal("a member has a wrong type", wrong(name, value), name)
    end
    assert.truthy(state.decode(text))
  end)
end)
