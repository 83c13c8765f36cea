-- Every allocation of a warm call fails, one by one and from each one on: those of Lua, of this library, of libcurl
-- and of OpenSSL alike. Not under sanitizers, which have their own malloc.
local faults = require "faults.rig"
local text = require "faults.scripts.text"

local RUNS = {
  { scheme = "http", what = "read" }, { scheme = "http", what = "write" },
  { scheme = "https", what = "read" }, { scheme = "https", what = "write" },
}

local function newer_openssl()
  local pipe = assert(io.popen("env -u LD_PRELOAD openssl version"))
  local major, minor = pipe:read("*a"):match("^OpenSSL (%d+)%.(%d+)")
  pipe:close()
  return tonumber(major) * 100 + tonumber(minor) >= 305
end

describe("a process without memory", function()
  local rig

  setup(function()
    rig = faults.start()
    -- Concurrently, since some wait for their deadline most of the time.
    for _, run in ipairs(RUNS) do
      run.service = rig.serve(run.scheme, { "request", { "send", text.response(200, text.SUCCESS) }, "again" })
      run.finish = faults.start_child("memory", { preload = true,
        args = { run.service.url, rig.authority.ca_file, run.what } })
    end
  end)

  teardown(function()
    rig.stop()
  end)

  for _, run in ipairs(RUNS) do
    local what = ("%s over %s"):format(run.what, run.scheme:upper())
    it("keeps the outcome of a " .. what .. " correct, and recovers", function()
      local output = run.finish()
      local failed, growth = output:match("\nend%s+(%d+)%s+(-?%d+)\nstatus 0\n$")
      assert.truthy(failed, output:sub(-2000))
      local counts, wrong, raised = run.service:count('"Name":"(mem-\\d+)"'), {}, 0
      for name, outcome in output:gmatch("(mem%-%d+)%s+(%S+)") do
        local problem = run.what == "write" and faults.contradiction(outcome, counts[name] or 0)
        wrong[#wrong + 1] = problem and name .. ": " .. problem or nil
        raised = raised + (outcome == "raised" and 1 or 0)
      end
      assert.same({}, wrong)
      assert.is_true(tonumber(failed) > 200, failed)
      -- For some hundred failures. libssl 3.5 and later leak when an allocation of SSL_CTX_new fails: up to 1,143
      -- blocks of libssl and libcrypto in one round, none of this library.
      local most = run.scheme == "https" and newer_openssl() and 2000 or 10
      assert.is_true(tonumber(growth) < most, growth .. " blocks more in one round")
      faults.measured("%s: %d allocations failed, %d errors raised, %d blocks more in a round", what, failed, raised,
        growth)
    end)
  end
end)
