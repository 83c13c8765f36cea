local shared_rate = require "cloudaudit.driver.nginx.rate_limit"

-- A dictionary like nginx's, whose entries end by `clock`. `between` is called before each operation: other workers may
-- come in there.
local function new_dict(between, clock)
  local values, ends, dict = {}, {}, {}
  local function operation(fn)
    return function(_, key, ...)
      between()
      if ends[key] and ends[key] <= clock() then
        values[key], ends[key] = nil, nil
      end
      return fn(key, ...)
    end
  end
  local function store(key, value, seconds)
    values[key], ends[key] = value, seconds and clock() + seconds
    return true
  end
  dict.incr = operation(function(key, by, init, seconds)
    if values[key] == nil then
      if not init then
        return nil, "not found"
      end
      store(key, init, seconds)
    end
    values[key] = values[key] + by
    return values[key]
  end)
  dict.get = operation(function(key) return values[key] end)
  dict.set = operation(store)
  dict.add = operation(function(key, ...)
    if values[key] ~= nil then
      return nil, "exists"
    end
    return store(key, ...)
  end)
  dict.forget = function(key) values[key] = nil end
  dict.counted = function()
    local sum = 0
    for _, count in pairs(values) do
      sum = sum + count
    end
    return sum
  end
  return dict
end

local function nothing() end

local function most_in_a_second(times)
  table.sort(times)
  local most, first = 0, 1
  for last = 1, #times do
    while times[last] - times[first] >= 1 do
      first = first + 1
    end
    most = math.max(most, last - first + 1)
  end
  return most
end

describe("the shared rate limit", function()
  local now
  local function clock()
    return now
  end

  before_each(function()
    now = 1000.05
  end)

  it("admits a full second's requests at once, and the next after that second", function()
    local limiter = shared_rate.new(new_dict(nothing, clock), 5, clock)
    for _ = 1, 5 do
      assert.equal(0, limiter:take("a"))
    end
    local wait = limiter:take("a")
    assert.is_true(wait > 1 and wait <= 1.1)
    assert.equal(0, limiter:take("b"))
    now = now + wait + 1e-6
    assert.equal(0, limiter:take("a"))
  end)

  it("returns how long to wait until enough requests have expired", function()
    local limiter = shared_rate.new(new_dict(nothing, clock), 3, clock)
    for _ = 1, 3 do
      assert.equal(0, limiter:take("a"))
      now = now + 0.3
    end
    local wait = limiter:take("a")
    assert.is_true(wait > 0 and wait <= 0.21, wait)
    now = now + wait + 1e-6
    assert.equal(0, limiter:take("a"))
    assert.is_true(limiter:take("a") > 0.2)
  end)

  it("uses its full rate", function()
    local limiter, sent = shared_rate.new(new_dict(nothing, clock), 18, clock), 0
    local ends = now + 60
    while now < ends do
      local wait = limiter:take("a")
      sent = sent + (wait == 0 and 1 or 0)
      now = now + wait + 1e-6
    end
    assert.is_true(sent >= 60 * 18 / 1.11 and sent <= 61 * 18, sent)
  end)

  it("is kept however the steps of workers interleave", function()
    local state = 12345
    local function random()
      state = (state * 16807) % 2147483647
      return state / 2147483647
    end
    for round = 1, 40 do
      local dict = new_dict(function()
        now = now + (random() < 0.01 and random() * 0.15 or random() * 0.0002)
        coroutine.yield()
      end, clock)
      local rate, times, workers = 1 + round % 20, {}, {}
      for index = 1, 8 do
        local limiter = shared_rate.new(dict, rate, clock)
        local worker = { wakes = now }
        worker.resume = coroutine.wrap(function()
          for _ = 1, 8 do
            local wait, turn
            repeat
              wait, turn = limiter:take("a")
              if wait == 0 then
                worker.wakes = random() < 0.5 and now or now + random() * 0.3 -- while it connects
                coroutine.yield()
                wait = limiter:renew("a", turn)
              end
              if wait > 0 then
                worker.wakes = now + wait
                coroutine.yield()
              end
            until wait == 0
            times[#times + 1] = now
          end
          worker.wakes = math.huge
        end)
        workers[index] = worker
      end
      repeat
        local awake, first = {}, math.huge
        for _, worker in ipairs(workers) do
          first = math.min(first, worker.wakes)
          awake[#awake + 1] = worker.wakes <= now and worker or nil
        end
        if awake[1] then
          awake[1 + math.floor(random() * #awake)].resume()
        elseif first < math.huge then
          now = first
        end
      until first == math.huge
      assert.equal(64, #times)
      local most = most_in_a_second(times)
      assert.is_true(most <= rate, ("round %d: %d of %d"):format(round, most, rate))
    end
  end)

  it("halves after a throttle, once a second, and recovers by one a second", function()
    local dict = new_dict(nothing, clock)
    local limiter = shared_rate.new(dict, 8, clock)
    local function burst()
      local count = 0
      while limiter:take("a") == 0 do
        count = count + 1
      end
      now = now + 1.2
      return count
    end
    assert.equal(8, burst())
    limiter:throttled("a")
    limiter:throttled("a")
    assert.equal(4, burst())
    assert.equal(5, burst())
    limiter:throttled("a")
    assert.equal(3, burst())
    now = now + 20
    assert.equal(8, burst())
    limiter = shared_rate.new(dict, 1, clock)
    limiter:throttled("b")
    assert.equal(0, limiter:take("b"))
  end)

  it("renews a slot: unchanged within its tenth, for another one later", function()
    local operations = 0
    local dict = new_dict(function() operations = operations + 1 end, clock)
    local limiter = shared_rate.new(dict, 2, clock)
    local wait, turn = limiter:take("a")
    assert.equal(0, wait)
    local before = operations
    assert.same({ 0, turn }, { limiter:renew("a", turn) })
    assert.equal(before, operations)
    assert.equal(1, dict.counted())
    now = now + 0.1
    local again, newer = limiter:renew("a", turn)
    assert.same({ 0, turn + 1 }, { again, newer })
    assert.equal(1, dict.counted())
    now = now + 0.5
    assert.equal(0, limiter:take("a"))
    now = now + 0.3
    assert.same({ 0, newer + 8 }, { limiter:renew("a", newer) })
    assert.is_true(limiter:take("a") > 0)
    assert.equal(2, dict.counted())
  end)

  it("gives back no slot that the dictionary has dropped", function()
    local dict, operations = nil, 0
    dict = new_dict(function()
      operations = operations + 1
      if operations == 15 then -- before it takes itself back
        dict.forget("a 10000")
      end
    end, clock)
    local limiter = shared_rate.new(dict, 1, clock)
    now = 1000.05
    dict:incr("a 9999", 1, 0)
    assert.is_true(limiter:take("a") > 0)
    assert.equal(1, dict.counted())
  end)

  it("reports when the dictionary is full", function()
    local full = { incr = function() return nil, "no memory" end }
    local wait, message = shared_rate.new(full, 1, clock):take("a")
    assert.is_nil(wait)
    assert.equal("no memory", message)
  end)
end)
