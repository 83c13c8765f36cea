-- The peak of an export does not depend on the number of its events. `make bench` does it with a million of the
-- emulator.
local own_process = require "support.own_process"

-- The address sanitizer delays the release of memory.
local SANITIZED = (os.getenv("CLOUDAUDIT_BUILD") or ""):find("asan", 1, true)

local function peak(total)
  local said = own_process.run(("print(require('support.many_exported').run(%d))"):format(total))
  return assert(tonumber(said), said)
end

describe("an export of 100,000 events", function()
  it("takes at most a fifth more memory than one of 10,000", function()
    local small = peak(10000)
    local large = peak(SANITIZED and 20000 or 100000)
    assert.truthy(SANITIZED or large <= small * 1.2, ("%d KB, and %d KB"):format(small, large))
  end)
end)
