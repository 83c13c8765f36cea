-- Callbacks: order, once each, and what an error leaves.
local callbacks = require "cloudaudit.async.callbacks"
local records = require "cloudaudit.async.record"

describe("callbacks", function()
  local one, other, said

  local function task(scheduler)
    return { scheduler = scheduler, begun = true, thread = coroutine.create(function() end) }
  end

  local function says(text)
    return function() said[#said + 1] = text end
  end

  before_each(function()
    one, other, said = { listened = {} }, { listened = {} }, {}
  end)

  it("run in the order in which their records ended", function()
    local first, second = task(one), task(one)
    assert.is_true(callbacks.add(first, says "first"))
    callbacks.add(records.several{ first, second }, says "both")
    callbacks.add(second, says "second")
    callbacks.run(one, math.huge)
    assert.equal(0, callbacks.count(one.listened))
    records.succeed(second)
    records.succeed(first)
    assert.equal(3, callbacks.count(one.listened))
    callbacks.run(one, math.huge)
    assert.same({ "second", "first", "both" }, said)
    assert.same({}, one.listened)
  end)

  it("of a record of two schedulers run once, at whichever steps first", function()
    local first, second = task(one), task(other)
    callbacks.add(records.several{ first, second }, says "both")
    records.succeed(first)
    records.succeed(second)
    assert.same({ 1, 1 }, { callbacks.count(one.listened), callbacks.count(other.listened) })
    callbacks.run(other, math.huge)
    callbacks.run(one, math.huge)
    assert.same({ "both" }, said)
    assert.equal(0, callbacks.count(one.listened))
    assert.is_false(callbacks.add(records.several{}, says "never"))
  end)

  it("run for one record at least, the others only before the time is over", function()
    for number = 1, 3 do
      local each = task(one)
      callbacks.add(each, says("first of " .. number))
      callbacks.add(each, says("second of " .. number))
      records.succeed(each)
    end
    for left = 2, 0, -1 do
      callbacks.run(one, 0)
      assert.equal(2 * left, callbacks.count(one.listened))
      assert.equal(left, #one.listened)
    end
    assert.same({ "first of 1", "second of 1", "first of 2", "second of 2", "first of 3", "second of 3" }, said)
  end)

  it("run once each when one raises, adds another or runs them itself", function()
    local first, second = task(one), task(one)
    records.succeed(first)
    records.succeed(second)
    callbacks.add(first, function()
      said[#said + 1] = "raises"
      callbacks.add(first, says "added")
      error("x", 0)
    end)
    callbacks.add(second, function()
      said[#said + 1] = "runs"
      callbacks.run(one, math.huge)
    end)
    assert.same({ false, "x" }, { pcall(callbacks.run, one, math.huge) })
    callbacks.run(one, math.huge)
    callbacks.run(one, math.huge)
    assert.same({ "raises", "added", "runs" }, said)
    assert.same({}, one.listened)
  end)
end)
