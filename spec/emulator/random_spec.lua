local random = require "cloudaudit.emulator.random"

describe("cloudaudit.emulator.random", function()
  it("returns the same numbers on every Lua", function()
    local generator = random.new(1)
    assert.equal("5bccde90-c45a-49f0-a974-11b31b5f0f34", generator:uuid())
    assert.equal("57a003f1-c44f-4239-95c0-5fa02d8edc62", generator:uuid())
  end)

  it("returns different numbers for different seeds, even neighbouring ones", function()
    local seen = {}
    for seed = -3, 40 do
      local id = random.new(seed):uuid()
      assert.is_nil(seen[id])
      seen[id] = true
    end
  end)

  it("stays within its bounds and reaches both", function()
    local generator, low, high = random.new(3), 0, 0
    for _ = 1, 2000 do
      local number = generator:integer(-2, 2)
      assert.is_true(number >= -2 and number <= 2 and number % 1 == 0)
      low, high = math.min(low, number), math.max(high, number)
      local fraction = generator:next()
      assert.is_true(fraction >= 0 and fraction < 1)
    end
    assert.same({ -2, 2 }, { low, high })
  end)

  it("makes version 4 UUIDs", function()
    local generator = random.new(9)
    for _ = 1, 100 do
      local id = generator:uuid()
      assert.equal(36, #id)
      assert.truthy(id:find("^%x+%-%x%x%x%x%-4%x%x%x%-[89ab]%x%x%x%-%x+$"))
    end
  end)

  it("does not affect math.random", function()
    math.randomseed(5)
    local expected = math.random(1000000)
    math.randomseed(5)
    random.new(1):uuid()
    assert.equal(expected, math.random(1000000))
  end)
end)
