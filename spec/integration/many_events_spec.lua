-- A million events through `events`: flat in Lua's memory and in the process's. In a process of its own, since
-- a heap that other specs have filled takes its time before it collects.
local own_process = require "support.own_process"

-- The address sanitizer keeps what was freed for a while, so its build says nothing about residency and
-- would take long: there a tenth has to do.
local SANITIZED = (os.getenv("CLOUDAUDIT_BUILD") or ""):find("asan", 1, true)
local TOTAL = SANITIZED and 100000 or 1000000

describe("a million events", function()
  it("grow memory by less than 2 MB after warm-up, each once", function()
    local said = own_process.run(("print(require('support.many_events').read(%d))"):format(TOTAL))
    local count, heap, resident = said:match("^(%d+)\t(%S+)\t(%S+)\n$")
    assert(count, said)
    assert.equal(TOTAL, tonumber(count))
    assert.truthy(tonumber(heap) < 2048, "heap: KB " .. heap)
    assert.truthy(SANITIZED or tonumber(resident) < 2048, "resident: KB " .. resident)
  end)
end)
