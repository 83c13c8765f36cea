-- examples/recent_events.lua against the emulator, run after run.
local cloudaudit = require "cloudaudit"

local NOW = 1767225600

describe("the example of recent events", function()
  local emulator, state

  local module = setmetatable({ new = function(options) return emulator:client(options) end }, { __index = cloudaudit })

  -- Runs the example: whether it succeeded, its error, and the lines that it printed.
  local function run()
    local lines = {}
    local environment = setmetatable({
      arg = { "-2d", state },
      require = function() return module end,
      print = function(value) lines[#lines + 1] = tostring(value) end,
      os = setmetatable({ exit = function(code) error("exit " .. code, 0) end }, { __index = os }),
      io = setmetatable({ stderr = { write = function(_, text) lines[#lines + 1] = text end } }, { __index = io }),
    }, { __index = _G })
    local ok, message
    if setfenv then
      ok, message = pcall(setfenv(assert(loadfile("examples/recent_events.lua")), environment))
    else
      ok, message = pcall(assert(loadfile("examples/recent_events.lua", "t", environment)))
    end
    return ok, message, lines
  end

  before_each(function()
    emulator = cloudaudit.emulator.new{ now = NOW, delivery_lag = { 0, 300 }, short_pages = 0.3,
      page_tokens = "strict" }
    state = os.tmpname()
  end)

  after_each(function()
    os.remove(state)
  end)

  it("prints each event once, late ones in a later run", function()
    emulator:scenario("disabled_track")
    local ok, message, lines = run()
    assert.is_true(ok, message)
    assert.equal(11, #lines)
    assert.truthy(lines[1]:find("CreateAuditTrack", 1, true))
    ok, message, lines = run()
    assert.is_true(ok, message)
    assert.equal(0, #lines)
    for minute = 1, 5 do
      emulator:advance(60)
      emulator:add_event{ EventId = "late" .. minute, EventTime = emulator:now(), ActionType = "Write" }
    end
    local seen = {}
    for _ = 1, 8 do
      ok, message, lines = run()
      assert.is_true(ok, message)
      for _, line in ipairs(lines) do
        assert.is_nil(seen[line])
        seen[line] = true
      end
      emulator:advance(60)
    end
    for minute = 1, 5 do
      local found = false
      for line in pairs(seen) do
        found = found or line:find("late" .. minute, 1, true) ~= nil
      end
      assert.is_true(found)
    end
  end)

  it("reports a failure, keeps its state and exits with 1", function()
    emulator:scenario("disabled_track")
    emulator:fault{ kind = "error", action = "DescribeEvents", code = "UnauthorizedOperation" }
    local ok, message, lines = run()
    assert.is_false(ok)
    assert.equal("exit 1", message)
    assert.truthy(lines[1]:find("UnauthorizedOperation", 1, true))
    assert.truthy(lines[2]:find("hint: CAM denies", 1, true))
    emulator:clear_faults()
    ok, message, lines = run()
    assert.is_true(ok, message)
    assert.equal(11, #lines)
  end)
end)
