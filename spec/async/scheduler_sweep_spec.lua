-- An error is raised at every instruction of async, tasks and refresh, once each, as a debug hook with a time limit
-- does: futures end, `step` ends, and later calls work. Every allocation fails: spec/c/lua_async_alloc_test.c.
local scenarios = require "support.async_scenarios"

local SWEPT = { "cloudaudit/async/", "cloudaudit/credentials/refresher.lua", "cloudaudit/call.lua" }
local JIT = rawget(_G, "jit") -- one hook for all coroutines; elsewhere each has its own

local create = coroutine.create

local function is_swept(source)
  for _, name in ipairs(SWEPT) do
    if source:find(name, 1, true) then
      return true
    end
  end
  return false
end

-- Calls hook_of(index) for the main thread (0) and each new coroutine: a hook and the instructions between its calls.
local function watch(hook_of)
  local made = 0
  debug.sethook(hook_of(0))
  rawset(coroutine, "create", function(fn)
    local thread = create(fn)
    made = made + 1
    if not JIT then
      debug.sethook(thread, hook_of(made))
    end
    return thread
  end)
end

local last_ok, last_message
local function unwatch(ok, message)
  debug.sethook()
  rawset(coroutine, "create", create)
  last_ok, last_message = ok, message
end

-- The instructions of the swept files in an undisturbed run: pairs of a coroutine and its number of the instruction.
local function points_of(scenario)
  local points, swept = {}, {}
  scenario(function()
    watch(function(index)
      local count = 0
      return function()
        local fn = debug.getinfo(2, "f").func
        if swept[fn] == nil then
          swept[fn] = is_swept(debug.getinfo(2, "S").source)
        end
        count = count + 1
        if swept[fn] then
          points[#points + 1] = { index, count }
        end
      end, "", 1
    end)
  end, unwatch)
  assert(last_ok, last_message)
  return points
end

-- Runs a scenario with an error at one point: whether the error was raised.
local function interrupt(scenario, point)
  local raised = false
  local ok, message = pcall(scenario, function()
    watch(function(index)
      if index == point[1] then
        return function()
          debug.sethook()
          raised = is_swept(debug.getinfo(2, "S").source) -- the order of a table's keys may differ
          if raised then
            error("interrupted", 0)
          end
        end, "", point[2]
      end
    end)
  end, unwatch)
  unwatch()
  return raised, ok, message
end

describe("an error at any instruction of async", function()
  local compiles = JIT and jit.status() -- compiled code calls no hooks

  setup(function()
    if compiles then
      jit.off()
      jit.flush()
    end
  end)

  teardown(function()
    unwatch()
    if compiles then
      jit.on()
    end
  end)

  for name, scenario in pairs(scenarios) do
    it("leaves no future, no step and no later call undone: " .. name:gsub("_", " "), function()
      scenario(function() end, function() end) -- loads all modules
      local points, count = points_of(scenario), 0
      for _, point in ipairs(points) do
        local raised, ok, message = interrupt(scenario, point)
        assert(ok, ("coroutine %d, instruction %d: %s"):format(point[1], point[2], tostring(message)))
        count = count + (raised and 1 or 0)
      end
      print(("measured: %s, an error at %d of %d instructions of %s"):format(JIT and JIT.version or _VERSION, count,
        #points, name))
      assert.is_true(count > 500 and count >= #points * 0.9)
    end)
  end
end)
