-- The cost of asynchronous calls, each measured in a process of its own: CPU time of step(0), and memory. Prints the
-- figures; the bounds on time leave room for a busy machine, and grow on a slow one.
local cpu = require "support.cpu"

local BUILD = os.getenv("CLOUDAUDIT_BUILD") or "5.4"
local SANITIZED = BUILD:find("asan", 1, true)

local function run(program)
  local pipe = assert(io.popen(("env -u LD_PRELOAD sh spec/with %s lua spec/bench/work/%s 2>&1")
    :format(BUILD, program)))
  local output = pipe:read("*a")
  pipe:close()
  return output
end

describe("the cost of asynchronous calls", function()
  it("is under a millisecond of CPU per step, apart from TLS handshakes", function()
    local output = run("steps.lua 1000")
    local pattern = ("([%d.]+) "):rep(4) .. "([%d.]+)\n"
    local shakes, _, _, _, worst, steps, median, high, highest, most = output:match("^" .. pattern .. pattern .. "$")
    assert(most, output)
    print(("1000 calls, 16 in flight: CPU of step(0) median %s ms, 99 %% %s ms, 99.9 %% %s ms, worst %s ms"):format(
      median, high, highest, most))
    print(("16 TLS handshakes at once: %s steps, worst %s ms"):format(shakes, worst))
    local room = (SANITIZED and 20 or 1) * cpu.slowness()
    assert.is_true(tonumber(steps) > 1000 / 16)
    assert.is_true(tonumber(highest) < 3 * room)
    assert.is_true(tonumber(worst) < 15 * room)
  end)

  -- The least of three processes, since one may be interrupted. Loading libcurl is the dynamic linker's work.
  it("is at most 3 ms in the worst step of the first HTTPS call, however many authorities the system trusts", function()
    local function least(store)
      local best, certificates = math.huge, nil
      for _ = 1, 3 do
        local output = run("first_call.lua " .. store)
        local loaded, worst, total, count = output:match("^([%d.]+) ([%d.]+) ([%d.]+) (%d+)\n$")
        assert(count, output)
        best, certificates = math.min(best, tonumber(worst)), count
        print(("first HTTPS call, %s of %s certificates: libcurl loaded in %s ms, worst step %s ms of %s ms"):format(
          store, count, loaded, worst, total))
      end
      return best, tonumber(certificates)
    end
    local room = (SANITIZED and 10 or 1) * cpu.slowness()
    local hashed, count = least("hashed")
    assert.is_true(hashed <= 3 * room, hashed)
    -- The server's CA is not in it: the step that parses a trust store, and the handshake up to the refusal.
    local system = least("system")
    assert.is_true(count == 0 or system <= 3 * room, system)
  end)

  it("is at most 32 KB per call in progress and 16 KB per idle client, apart from libcurl's memory", function()
    local output = run("memory.lua")
    local idle, call = output:match("^([%d.]+) ([%d.]+)\n$")
    assert(idle, output)
    print(("memory: %s KB per idle client, %s KB per call in progress"):format(idle, call))
    -- The red zones and quarantine of AddressSanitizer more than double it.
    local room = SANITIZED and 8 or 1
    assert.is_true(tonumber(idle) > 1 and tonumber(idle) <= 16 * room)
    assert.is_true(tonumber(call) > 1 and tonumber(call) <= 32 * room)
  end)
end)
