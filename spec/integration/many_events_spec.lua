-- A million events through `events`: constant memory, in Lua's heap and in the process. Runs in a separate process,
-- since a heap that other specs have filled collects late.
local own_process = require "support.own_process"

-- The address sanitizer delays the release of memory, so that resident memory says nothing there, and is slow: it
-- reads a tenth.
local SANITIZED = (os.getenv("CLOUDAUDIT_BUILD") or ""):find("asan", 1, true)
local TOTAL = SANITIZED and 100000 or 1000000

describe("a million events", function()
  it("grow memory by less than 2 MB after warm-up, and each is returned once", function()
    local said = own_process.run(("print(require('support.many_events').read(%d))"):format(TOTAL))
    local count, heap, resident = said:match("^(%d+)\t(%S+)\t(%S+)\n$")
    assert(count, said)
    assert.equal(TOTAL, tonumber(count))
    assert.truthy(tonumber(heap) < 2048, "heap: KB " .. heap)
    assert.truthy(SANITIZED or tonumber(resident) < 2048, "resident: KB " .. resident)
  end)
end)
