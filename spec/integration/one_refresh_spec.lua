-- One refresh at a time, however many coroutines need it.
local errors = require "cloudaudit.errors"
local refreshers = require "cloudaudit.credentials.refresher"
local refreshing = require "support.refreshing"

local core_client, context = refreshing.core_client, refreshing.context
local provider, keys = refreshing.provider, refreshing.keys

describe("coroutines that need credentials at the same time", function()
  -- Resumes them in turn until all are dead; what each returned.
  local function run(threads)
    local results, alive, turns = {}, #threads, 0
    while alive > 0 do
      turns = turns + 1
      assert(turns < 1000, "they wait for ever")
      for index, thread in ipairs(threads) do
        if coroutine.status(thread) ~= "dead" then
          local values = { coroutine.resume(thread) }
          assert(values[1], values[2])
          if coroutine.status(thread) == "dead" then
            alive, results[index] = alive - 1, { values[2], values[3], values[4] }
          end
        end
      end
    end
    return results
  end

  local function yielding(answer)
    return function()
      for _ = 1, 5 do
        coroutine.yield()
      end
      return answer[1], answer[2], answer[3]
    end
  end

  local sleeping = { sleep = function() coroutine.yield() return true end }

  local function eight(refresher, client, refused)
    local threads = {}
    for index = 1, 8 do
      threads[index] = coroutine.create(function()
        return refresher:ensure_fresh(client, refused)
      end)
    end
    return run(threads)
  end

  it("cause one refresh, which yields", function()
    local mine = provider(yielding(keys"one"))
    local refresher, client = refreshers.new(mine, context(1000, sleeping)), core_client()
    for _, result in ipairs(eight(refresher, client)) do
      assert.is_true(result[1])
    end
    assert.equal(1, mine.calls.count)
    assert.equal(1, #client.handed)
    assert.is_nil(refresher.in_flight)
  end)

  it("cause one when the service rejected the credentials of all", function()
    local mine = provider(keys"one", yielding(keys"two"))
    local refresher, client = refreshers.new(mine, context(1000, sleeping)), core_client()
    refresher:ensure_fresh(client)
    for _, result in ipairs(eight(refresher, client, refresher.generation)) do
      assert.is_true(result[1])
    end
    assert.equal(2, mine.calls.count)
  end)

  it("keep using credentials that are still valid while one refreshes", function()
    local mine, now = provider(keys("one", 1200), yielding(keys("two", 9999))), 1000
    local refresher, client = refreshers.new(mine, context(function() return now end, sleeping)), core_client()
    refresher:ensure_fresh(client)
    now = 1150
    local first = coroutine.create(function() return refresher:ensure_fresh(client) end)
    coroutine.resume(first)
    assert.is_true(refresher:ensure_fresh(client)) -- while that one waits
    assert.equal(2, mine.calls.count)
    run{ first }
    assert.equal(9999, refresher.expires_at)
  end)

  it("share a failure, each with its own error table", function()
    local mine = provider(yielding{ nil, "down", true })
    local refresher = refreshers.new(mine, context(1000, sleeping))
    local results = eight(refresher, core_client())
    for index, result in ipairs(results) do
      assert.is_nil(result[1])
      assert.equal("mine: down", result[2])
      assert.is_true(index == 1 or result[3] ~= results[index - 1][3])
    end
    assert.equal(1, mine.calls.count)
    assert.is_nil(run{ coroutine.create(function() return refresher:ensure_fresh(core_client()) end) }[1][1])
    assert.equal(2, mine.calls.count) -- the next call asks again
  end)

  it("do not fail for a reason that concerns only another call", function()
    local _, message, cancelled = errors.failure{ kind = "cancelled", message = "cancelled" }
    local mine = provider(yielding{ nil, message, cancelled }, yielding(keys"two"))
    local refresher, client = refreshers.new(mine, context(1000, sleeping)), core_client()
    local results = eight(refresher, client)
    assert.equal("cancelled", results[1][3].kind)
    for index = 2, 8 do
      assert.is_true(results[index][1])
    end
    assert.equal(2, mine.calls.count)
  end)

  -- Lua 5.1 cannot yield across the pcall that notices it: there they lose patience first.
  it("do not wait for one that raised and is still alive", function()
    local mine, slept = provider(function() error("boom", 0) end, keys"two"), 0
    local function sleep(seconds)
      slept = slept + seconds
      return true
    end
    local refresher, client = refreshers.new(mine, context(1000, { sleep = sleep })), core_client()
    local first = coroutine.create(function()
      coroutine.yield(select(2, pcall(refresher.ensure_fresh, refresher, client)))
    end)
    assert.equal("boom", select(2, coroutine.resume(first)))
    local second = coroutine.create(function() return refresher:ensure_fresh(client) end)
    assert.is_true(select(2, coroutine.resume(second)))
    assert.equal(_VERSION == "Lua 5.1" and not rawget(_G, "jit") and 30 or 0, math.floor(slept))
    assert.equal(2, mine.calls.count)
  end)

  it("take over from one that died", function()
    local mine = provider(function() coroutine.yield() error("boom") end, keys"two")
    local refresher, client = refreshers.new(mine, context(1000, sleeping)), core_client()
    local first = coroutine.create(function() return refresher:ensure_fresh(client) end)
    coroutine.resume(first)
    local second = coroutine.create(function() return refresher:ensure_fresh(client) end)
    coroutine.resume(second)
    assert.equal("suspended", coroutine.status(second))
    assert.is_false((coroutine.resume(first)))
    assert.same({ { true } }, run{ second })
    assert.equal(2, mine.calls.count)
  end)

  it("take over from one that raised on the same thread", function()
    local mine = provider(function() error("boom") end, keys"two")
    local refresher, client = refreshers.new(mine, context(1000, sleeping)), core_client()
    assert.is_false((pcall(refresher.ensure_fresh, refresher, client)))
    assert.is_true(refresher:ensure_fresh(client))
  end)

  -- A client's context has a timeout, and the clock that calls are timed with.
  local function dropped(more)
    local mine = provider(function() coroutine.yield() end, keys"two")
    local made = { time = 5, slept = 0 }
    local given = { timeout = 2, now = function() return made.time end, sleep = function(seconds)
      made.time, made.slept = made.time + seconds, made.slept + seconds
      return true
    end }
    for name, value in pairs(more or {}) do
      given[name] = value
    end
    made.refresher, made.client = refreshers.new(mine, context(1000, given)), core_client()
    made.first = coroutine.create(function() return made.refresher:ensure_fresh(made.client) end)
    coroutine.resume(made.first)
    return made
  end

  it("wait for one that was dropped until their own deadline, and later ones not at all", function()
    local made = dropped()
    local ok, message, err = made.refresher:ensure_fresh(made.client)
    assert.is_nil(ok)
    assert.equal("mine: another call's refresh of the credentials did not end within 2 s", message)
    assert.same({ "timeout", "not_sent", true }, { err.kind, err.outcome, err.retryable })
    assert.is_true(math.abs(made.slept - 2) < 0.001, made.slept)
    assert.is_true(made.refresher:ensure_fresh(made.client))
    assert.is_true(math.abs(made.slept - 2) < 0.001, made.slept)
    assert.equal("suspended", coroutine.status(made.first))
    assert.is_true(made.refresher:ensure_fresh(made.client))
  end)

  it("wait no longer when the call has begun before, or when each sleep takes longer than it was asked to", function()
    local made = dropped()
    local _, _, err = made.refresher:ensure_fresh(made.client, nil, made.time - 1.5)
    assert.equal("timeout", err.kind)
    assert.is_true(math.abs(made.slept - 0.5) < 0.001, made.slept)
    made = dropped{ sleep = function() return true end } -- and the clock stands still: the sleeps are counted
    _, _, err = made.refresher:ensure_fresh(made.client)
    assert.equal("timeout", err.kind)
    local slow
    slow = dropped{ sleep = function(seconds) slow.time = slow.time + seconds + 0.4 return true end }
    _, _, err = slow.refresher:ensure_fresh(slow.client)
    assert.equal("timeout", err.kind)
    assert.is_true(slow.time < 5 + 2.5, slow.time)
  end)

  it("learn why the refresh that a timer made for them failed at their deadline", function()
    for ends, expected in pairs{ [7] = "mine: silent", [9] = "mine: getting credentials did not end within 2.05 s" } do
      local time, timer = 5, nil
      local mine = provider(function() coroutine.yield() return nil, "silent", true end)
      local refresher = refreshers.new(mine, context(1000, { timeout = 2, now = function() return time end,
        detach = function(fn)
          timer = coroutine.create(fn)
          return coroutine.resume(timer)
        end, sleep = function(seconds)
          time = time + seconds
          if time >= ends and coroutine.status(timer) == "suspended" then
            coroutine.resume(timer)
          end
          return true
        end }))
      local ok, message = refresher:ensure_fresh(core_client())
      assert.is_nil(ok)
      assert.equal(expected, message)
    end
  end)

  it("take over from one that never returns, after a time limit", function()
    local mine = provider(function() coroutine.yield() end, keys"two")
    local slept = 0
    local refresher, client = refreshers.new(mine, context(1000, { sleep = function(seconds)
      slept = slept + seconds
      return true
    end })), core_client()
    local first = coroutine.create(function() return refresher:ensure_fresh(client) end)
    coroutine.resume(first)
    assert.is_true(refresher:ensure_fresh(client))
    assert.is_true(slept >= 30 and slept < 31)
    assert.equal("suspended", coroutine.status(first))
  end)
end)
