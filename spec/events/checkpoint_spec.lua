-- Checkpoints: a tail resumes where another one stopped, each event once.
local checkpoints = require "cloudaudit.events.checkpoint"
local core = require "cloudaudit.core"
local history = require "support.history"

local NOW, collect, size = history.NOW, history.collect, history.size

describe("tail:checkpoint", function()
  it("resumes in another client, each event once", function()
    for seed = 1, 20 do
      local service = history.new{ events = history.late_events(seed, 120, 1500, 500), short = 0.3, seed = seed }
      local got, checkpoint = {}, nil
      while service.now < NOW + 2100 do
        service.now = service.now + 70
        local tail = history.client(service):tail{ since = NOW, lag = 500, checkpoint = checkpoint }
        collect(tail:poll(), got)
        checkpoint = tail:checkpoint()
        assert.is_nil(checkpoint:find("[^\32-\126]"))
        assert.equal("table", type(core.decode(checkpoint)))
      end
      assert.equal(120, size(got))
    end
  end)

  it("holds the events returned so far in the middle of iter, including the current one", function()
    local events = {}
    for index = 1, 30 do
      events[index] = { id = tostring(index), time = NOW - 30 + index }
    end
    for stop = 1, 30 do
      local service, got = history.new{ events = events }, {}
      local tail, count = history.client(service):tail{ since = "-1m" }, 0
      for event in tail:iter() do
        collect({ event }, got)
        count = count + 1
        if count == stop then
          break
        end
      end
      collect(history.client(service):tail{ checkpoint = tail:checkpoint() }:poll(), got)
      assert.equal(30, size(got))
      -- A poll of the same tail returns the rest too.
      local rest = tail:poll()
      assert.equal(30 - stop, #rest)
      assert.equal(0, #tail:poll())
    end
  end)

  it("holds the events of earlier polls in the middle of a later one", function()
    local events = {}
    for index = 1, 20 do
      events[index] = { id = tostring(index), time = NOW - 30 + index, visible = index > 10 and NOW + 5 or NOW }
    end
    local service, got = history.new{ events = events }, {}
    local tail = history.client(service):tail{ since = "-1m" }
    collect(tail:poll(), got)
    assert.equal(10, size(got))
    for event in tail:iter() do
      collect({ event }, got)
      if size(got) == 15 then
        break
      end
    end
    collect(history.client(service):tail{ checkpoint = tail:checkpoint() }:poll(), got)
    assert.equal(20, size(got))
  end)

  it("is the same text for the same state, in every process", function()
    local state = { since = 1.0e9, high = 1000000100, floor = 1000000050, seen = { b = 1000000060, a = 1000000070 } }
    local text = checkpoints.write(state)
    assert.equal('{"v":1,"since":1000000000,"high":1000000100,"floor":1000000050,'
      .. '"seen":[["a",1000000070],["b",1000000060]]}',
      text)
    assert.same(state, checkpoints.read("tail", text))
  end)

  it("is rejected when it is not a checkpoint", function()
    local client = history.client(history.new{})
    local good = client:tail():checkpoint()
    for _, text in ipairs{ "", "x", "{}", '{"v":2}', (good:gsub('"seen":%[', '"seen":[5')),
      (good:gsub('"high":', '"hig":')), (good:gsub('"seen":%[', '"seen":[["a","b"]')),
      (good:gsub('"since":%d+', '"since":1e300')), (good:gsub('"high":%d+', '"high":4503599627370496')),
      (good:gsub('"seen":%[', '"seen":[["a",1e300]')) } do
      local tail, message, err = client:tail{ checkpoint = text }
      assert.is_nil(tail, text)
      assert.equal("validation", err.kind)
      assert.equal("tail.checkpoint: invalid checkpoint: pass the text of tail:checkpoint() unchanged", message)
    end
  end)

  it("starts at the retention limit, which moves before the first poll", function()
    local service = history.new{ events = { { id = "first", time = NOW - 90 * 86400 + 300 } } }
    local tail = history.client(service):tail{ since = "-90d" }
    service.now = NOW + 5
    local found, more = assert(tail:poll())
    assert.equal("first", found[1].id)
    assert.is_true(more)
  end)

  it("fails with kind range at poll when it is too old", function()
    local service = history.new{}
    local checkpoint = history.client(service):tail():checkpoint()
    service.now = NOW + 91 * 86400
    local found, _, err = history.client(service):tail{ checkpoint = checkpoint }:poll()
    assert.is_nil(found)
    assert.equal("range", err.kind)
    local tail, _, wrong = history.client(service):tail{ since = "-91d" }
    assert.is_nil(tail)
    assert.equal("range", wrong.kind)
  end)
end)
