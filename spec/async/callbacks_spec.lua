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
    callbacks.run(one)
    assert.equal(0, callbacks.count(one.listened))
    records.succeed(second)
    records.succeed(first)
    assert.equal(3, callbacks.count(one.listened))
    callbacks.run(one)
    assert.same({ "second", "first", "both" }, said)
    assert.same({}, one.listened)
  end)

  it("of a record of two schedulers run once, at whichever steps first", function()
    local first, second = task(one), task(other)
    callbacks.add(records.several{ first, second }, says "both")
    records.succeed(first)
    records.succeed(second)
    assert.same({ 1, 1 }, { callbacks.count(one.listened), callbacks.count(other.listened) })
    callbacks.run(other)
    callbacks.run(one)
    assert.same({ "both" }, said)
    assert.equal(0, callbacks.count(one.listened))
    assert.is_false(callbacks.add(records.several{}, says "never"))
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
      callbacks.run(one)
    end)
    assert.same({ false, "x" }, { pcall(callbacks.run, one) })
    callbacks.run(one)
    callbacks.run(one)
    assert.same({ "raises", "added", "runs" }, said)
    assert.same({}, one.listened)
  end)
end)
