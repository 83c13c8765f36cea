-- Every allocation that a warm call makes fails, one by one and from each one on: those of Lua, of the
-- library, of libcurl and of OpenSSL alike. Not under sanitizers, which bring a malloc of their own.
local faults = require "faults.rig"
local text = require "faults.scripts.text"

describe("a process without memory", function()
  local rig

  setup(function()
    rig = faults.start()
  end)

  teardown(function()
    rig.stop()
  end)

  for _, scheme in ipairs{ "http", "https" } do
    for _, what in ipairs{ "read", "write" } do
      it(("keeps the outcome of a %s over %s true, and goes on"):format(what, scheme:upper()), function()
        local script = { "request", { "send", text.response(200, text.SUCCESS) }, "again" }
        local tls
        if scheme == "https" then
          table.insert(script, 1, "tls")
          tls = rig.certificate
        end
        local service = rig.server:listen{ script, again = true, tls = tls }
        local output = faults.child("memory", { preload = true, args = { service.url, rig.authority.ca_file, what } })
        local failed, growth = output:match("\nend%s+(%d+)%s+(-?%d+)\nstatus 0\n$")
        assert.truthy(failed, output:sub(-2000))
        local counts, wrong, raised = service:count('"Name":"(mem-\\d+)"'), {}, 0
        for name, outcome in output:gmatch("(mem%-%d+)%s+(%S+)") do
          local problem = what == "write" and faults.contradiction(outcome, counts[name] or 0)
          wrong[#wrong + 1] = problem and name .. ": " .. problem or nil
          raised = raised + (outcome == "raised" and 1 or 0)
        end
        assert.same({}, wrong)
        assert.is_true(tonumber(failed) > 100, failed)
        assert.is_true(tonumber(growth) < tonumber(failed) / 20, growth .. " blocks more")
        faults.measured("%s over %s: %d allocations failed, %d errors raised, %d blocks more at the end", what,
          scheme:upper(), failed, raised, growth)
      end)
    end
  end
end)
