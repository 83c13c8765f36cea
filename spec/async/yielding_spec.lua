-- Whether the running code may yield.
local yielding = require "cloudaudit.async.yielding"

local OLD = _VERSION == "Lua 5.1" and not rawget(_G, "jit")

describe("yielding", function()
  it("is to the host in a coroutine, not on the main thread of a scheduler", function()
    local thread = coroutine.create(function()
      local inside = yielding.in_coroutine()
      yielding.to_host()
      return inside
    end)
    assert.same({ true }, { coroutine.resume(thread) })
    assert.equal("suspended", coroutine.status(thread))
    assert.same({ true, true }, { coroutine.resume(thread) })
  end)

  it("is refused inside pcall and for loops on Lua 5.1 alone, with the remedy", function()
    local function in_pcall()
      return pcall(yielding.to_host)
    end
    -- No tail call: it would hide from the check that a for loop called the iterator.
    local function iterator()
      local value = yielding.to_host()
      return value
    end
    local function in_loop()
      local seen
      for value in iterator do
        seen = value
      end
      return seen
    end
    for _, fn in ipairs{ in_pcall, in_loop } do
      local thread = coroutine.create(fn)
      local _, first, second = coroutine.resume(thread)
      local message = second or first
      assert.equal(OLD and "dead" or "suspended", coroutine.status(thread))
      assert.equal(OLD, message ~= nil and message:find("call this outside of it", 1, true) ~= nil)
    end
  end)
end)
