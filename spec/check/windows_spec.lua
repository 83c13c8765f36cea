local windows = require "cloudaudit.check.windows"

local function add(counted, ...)
  local last
  for _, time in ipairs{ ... } do
    last = counted:add("key", { time = time, id = tostring(time) })
  end
  return #last
end

describe("cloudaudit.check.windows", function()
  it("counts what lies within the span, its ends included", function()
    assert.equal(3, add(windows.new(600), 0, 300, 600))
    assert.equal(2, add(windows.new(600), 0, 300, 601))
    assert.equal(1, add(windows.new(600), 0, 700))
  end)

  it("finds the fullest window around an event that comes late", function()
    assert.equal(3, add(windows.new(600), 0, 500, 1000, 1100, 450))
    assert.equal(4, add(windows.new(600), 0, 100, 500, 1200, 600))
  end)

  it("counts keys apart", function()
    local counted = windows.new(600)
    counted:add("a", { time = 1 })
    assert.equal(1, #counted:add("b", { time = 2 }))
  end)

  it("counts a value once, by its last time", function()
    local counted = windows.new(600)
    counted:add("key", { time = 0, value = "a" }, true)
    counted:add("key", { time = 500, value = "b" }, true)
    assert.equal(2, #counted:add("key", { time = 900, value = "a" }, true))
  end)

  it("looks back from a time", function()
    local counted = windows.new(600)
    add(counted, 0, 300, 500)
    assert.equal(2, #counted:before("key", 850))
    assert.equal(0, #counted:before("other", 850))
    assert.equal(1, #counted:before("key", 10))
  end)

  it("keeps a bounded number of events of a key, and forgets keys that are past", function()
    local counted = windows.new(600)
    for time = 1, 1000 do
      assert.is_true(#counted:add("busy", { time = time / 10 }) <= 64)
    end
    for time = 1, 9000 do
      counted:add("key " .. time, { time = time * 10 })
    end
    local count = 0
    for _ in pairs(counted.lists) do
      count = count + 1
    end
    assert.is_true(count < 6000, tostring(count))
    assert.is_nil(counted.lists.busy)
    assert.truthy(counted.lists["key 9000"])
  end)

  it("makes what a condition returns", function()
    local found = windows.found({ { time = 5, id = "a" }, { time = 6 } }, { "k" }, "k", "text", { id = "b" })
    assert.same({ keys = { "k" }, subject = "k", detail = "text", evidence = { "a", "b" }, from = 5 }, found)
  end)
end)
