-- cloudaudit.loop.luv in a loop of luv, against a served emulator.
local cloudaudit = require "cloudaudit"
local luv = require "cloudaudit.loop.luv"
local own_process = require "support.own_process"
local served = require "support.emulator"

describe("cloudaudit.loop.luv", function()
  describe("in a loop of luv", function()
    local uv = require "luv"
    local emulator, client, loop

    before_each(function()
      emulator = served.start{}
      client = emulator:client()
      loop = nil
    end)

    after_each(function()
      if loop then
        loop:close()
      end
      uv.run()
      client:close()
      emulator:stop()
    end)

    -- Runs the loop, at most for some seconds.
    local function run()
      uv.update_time() -- other specs may have run the loop long ago
      local guard = uv.new_timer()
      guard:start(10000, 0, function()
        uv.stop()
      end)
      guard:unref()
      uv.run()
      guard:close()
    end

    -- Counts the steps of the client from now on.
    local function count_steps()
      local steps = { count = 0 }
      local stepped = setmetatable({ step = function(_, seconds)
        steps.count = steps.count + 1
        return client:step(seconds)
      end, fds = function()
        return client:fds()
      end, pending = function()
        return client:pending()
      end }, { __index = client })
      return stepped, steps
    end

    it("runs calls to their end, then lets the loop end", function()
      loop = luv.attach(client, uv)
      local futures = { client.async:quota(), client.async:get_track(1), client.async:quota() }
      run()
      assert.is_table(futures[1]:result())
      assert.equal("not_found", select(3, futures[2]:result()).kind)
      assert.is_table(futures[3]:result())
      assert.equal(0, client:pending())
    end)

    it("sees calls that callbacks of the loop and of calls start", function()
      loop = luv.attach(client, uv)
      local results = {}
      local timer = uv.new_timer()
      timer:start(30, 0, function()
        timer:close()
        client.async:quota():on_done(function(quota)
          results[1] = quota
          client.async:quota():on_done(function(again)
            results[2] = again
          end)
        end)
      end)
      run()
      assert.is_table(results[1])
      assert.is_table(results[2])
    end)

    it("needs update for calls that were started while the loop did not run", function()
      loop = luv.attach(client, uv)
      uv.run()
      local future = client.async:quota()
      uv.run()
      assert.is_false(future:done())
      assert.is_true(loop:update())
      run()
      assert.is_true(future:done())
      assert.is_true(loop:update())
      run()
    end)

    it("waits for a slow response and a retry without spinning or holding up the loop", function()
      emulator:fault{ kind = "throttle", action = "InquireAuditCredit" }
      emulator:fault{ kind = "delay", action = "InquireAuditCredit", seconds = 0.3 }
      local stepped, steps = count_steps()
      loop = luv.attach(stepped, uv)
      local ticks, future = 0, client.async:quota()
      local pulse = uv.new_timer()
      pulse:start(10, 10, function()
        ticks = ticks + 1
        if future:done() then
          pulse:close()
        end
      end)
      run()
      assert.is_table(future:result())
      assert.is_true(ticks >= 10, ticks)
      assert.is_true(steps.count < 60, steps.count)
    end)

    it("steps only where the wrapper runs it, and watches nothing until then", function()
      emulator:fault{ kind = "delay", action = "InquireAuditCredit", seconds = 0.1 }
      local queue, inside, outside, rounds = {}, 0, 0, 0
      local stepped, steps = count_steps()
      local may_step = false
      local step = stepped.step
      stepped.step = function(...)
        inside, outside = inside + (may_step and 1 or 0), outside + (may_step and 0 or 1)
        return step(...)
      end
      loop = luv.attach(stepped, uv, function(fn)
        return function()
          queue[#queue + 1] = fn
        end
      end)
      local future = client.async:quota()
      local check, pulse = uv.new_check(), uv.new_timer()
      check:start(function()
        rounds = rounds + 1
      end)
      pulse:start(50, 50, function()
        local due = queue
        queue, may_step = {}, true
        assert(#due <= 1)
        for _, fn in ipairs(due) do
          fn()
        end
        may_step = false
        if future:done() then
          pulse:close()
          check:close()
        end
      end)
      run()
      assert.is_table(future:result())
      assert.equal(0, outside)
      assert.is_true(inside == steps.count and inside > 1)
      -- A loop that polled a readable socket until the next pulse would go round thousands of times.
      assert.is_true(rounds < 20 * inside, rounds)
    end)

    it("closes more than once and leaves the calls to the client", function()
      emulator:fault{ kind = "delay", action = "InquireAuditCredit", seconds = 0.1 }
      loop = luv.attach(client, uv)
      local future = client.async:quota()
      local timer = uv.new_timer()
      timer:start(20, 0, function()
        timer:close()
        assert.is_true(loop:close())
        assert.is_true(loop:close())
      end)
      run()
      assert.is_false(future:done())
      assert.is_true(loop:update())
      run()
      assert.is_false(future:done())
      assert.is_table(future:await())
    end)

    it("calls back with kind closed when the client is closed", function()
      emulator:fault{ kind = "delay", action = "InquireAuditCredit", seconds = 5 }
      loop = luv.attach(client, uv)
      local kind
      client.async:quota():on_done(function(_, _, err)
        kind = err.kind
      end)
      local timer = uv.new_timer()
      timer:start(50, 0, function()
        timer:close()
        client:close()
      end)
      local before = uv.hrtime()
      run()
      assert.equal("closed", kind)
      assert.is_true(uv.hrtime() - before < 4e9)
    end)
  end)

  it("lets a process that closed the binding end normally", function()
    local emulator = served.start{}
    finally(function()
      emulator:stop()
    end)
    local output = own_process.run(([[
      local uv = require "luv"
      local client = require("cloudaudit").new{ endpoint = %q, secret_id = %q, secret_key = %q, env = false }
      local loop = require("cloudaudit.loop.luv").attach(client, uv)
      local future = client.async:quota()
      uv.run()
      loop:close()
      uv.run()
      client:close()
      print(future:result().remaining)
      collectgarbage()
      setmetatable({}, { __gc = function() io.write("end of the state\n") end })
    ]]):format(emulator.endpoint, emulator.secret_id, emulator.secret_key))
    assert.truthy(output:find("^%d+\nend of the state\n$") or _VERSION == "Lua 5.1" and output:find("^%d+\n$"), output)
  end)

  it("raises for misuse at the caller's line", function()
    local client = cloudaudit.emulator.new():client()
    local uv = { new_prepare = print }
    local cases = {
      { "client must be a client, got nil" },
      { "client must be a client, got table", {}, uv },
      { "uv must be luv or vim.loop, got nil", client },
      { "uv must be luv or vim.loop, got table", client, {} },
      { "wrap must be a function, got boolean", client, uv, true },
      { "got string: require returns two values, so keep uv in a local", client, uv, "/usr/lib/luv.so" },
    }
    for _, case in ipairs(cases) do
      local ok, message = pcall(function()
        luv.attach(case[2], case[3], case[4])
      end)
      assert.is_false(ok)
      assert.truthy(message:find("luv_spec.lua:%d+: attach: "), message)
      assert.truthy(message:find(case[1], 1, true), message)
    end
    client:close()
  end)
end)
