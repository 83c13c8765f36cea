local state = require "cloudaudit.check.state"

-- A world of prepared answers that counts its reads.
local function world_of(answers)
  local counts, world = {}, {}
  for name, answer in pairs(answers) do
    world[name] = function(...)
      counts[name] = (counts[name] or 0) + 1
      return answer(...)
    end
  end
  return world, counts
end

local function source(list)
  local index = 0
  return function()
    index = index + 1
    return list[index]
  end
end

local function failure(code)
  return { message = "no", is = function(_, given)
    return given == code
  end }
end

describe("cloudaudit.check.state", function()
  it("reads once, also what failed", function()
    local err = failure("X")
    local world, counts = world_of{ tracks = function()
      return { { id = 1 } }
    end, quota = function()
      return nil, "no", err
    end }
    local reads = state.new(world)
    for _ = 1, 2 do
      assert.equal(1, #reads:get("tracks"))
      assert.same({ nil, "no", err }, { reads:get("quota") })
    end
    assert.same({ tracks = 1, quota = 1 }, counts)
  end)

  it("reads each set whole, without one that was deleted meanwhile", function()
    local gone = failure("ResourceNotFound")
    local reads = state.new((world_of{ tracks = function()
      return { { id = 1 }, { id = 2 }, { id = 3 } }
    end, track = function(id)
      if id == 2 then
        return nil, "gone", gone
      end
      return { id = id, whole = true }
    end }))
    assert.same({ { id = 1, whole = true }, { id = 3, whole = true } }, reads:get("details"))
  end)

  it("does not know the sets when one cannot be read", function()
    local err = failure("UnauthorizedOperation")
    local reads = state.new((world_of{ tracks = function()
      return { { id = 1 } }
    end, track = function()
      return nil, "denied", err
    end }))
    assert.same({ nil, "denied", err }, { reads:get("details") })
    assert.same({ nil, "denied", err }, { reads:get("sinks") })
  end)

  it("knows the account from the newest event, of 90 days if there is none today", function()
    local asked = {}
    local reads = state.new((world_of{ events = function(query)
      asked[#asked + 1] = query.since
      return source(query.since == "-90d" and { { account_id = 100000000001 } } or {})
    end }))
    assert.same({ id = "100000000001" }, reads:get("account"))
    assert.same({ "-24h", "-90d" }, asked)
    assert.same({}, reads:get("recent"))
    reads = state.new((world_of{ events = function()
      return source{}
    end }))
    assert.same({}, reads:get("account"))
  end)

  it("reads no event of storages when no enabled set has one", function()
    local world, counts = world_of{ tracks = function()
      return {}
    end, events = function()
      return source{}
    end }
    assert.same({}, (state.new(world):get("sinks")))
    assert.is_nil(counts.events)
  end)

  it("does not take a broken reading for its end", function()
    local err = failure("X")
    local reads = state.new((world_of{ events = function()
      return function()
        return nil, "broken", err
      end
    end }))
    for _, name in ipairs{ "changes", "recent", "account" } do
      assert.same({ nil, "broken", err }, { reads:get(name) })
    end
  end)

  it("tells the actions of every read", function()
    for name, actions in pairs(state.ACTIONS) do
      assert.is_true(#actions > 0, name)
    end
  end)
end)
