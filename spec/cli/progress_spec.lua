local core = require "cloudaudit.core"
local progress = require "cloudaudit.cli.progress"
local terminal = require "cloudaudit.cli.terminal"

-- A progress whose clock is `clock.now`, and what it writes.
local function new(values, on_terminal, request)
  values.utc = true
  local context = { values = values, err = { text = "" } }
  function context.is_terminal(_, fd)
    return on_terminal and fd == 2
  end
  function context.err.write(self, ...)
    self.text = self.text .. table.concat({ ... })
  end
  progress.attach(context, request or { since = 1768176000, ["until"] = 1768176000 + 20 * 86400, order = "oldest" })
  return context
end

describe("cloudaudit.cli.progress", function()
  local clock, monotonic, width = { now = 0 }, core.monotonic, terminal.width

  before_each(function()
    clock.now = 1000
    core.monotonic = function() -- luacheck: ignore
      return clock.now
    end
    terminal.width = function() -- luacheck: ignore
      return 100
    end
  end)

  after_each(function()
    core.monotonic, terminal.width = monotonic, width -- luacheck: ignore
  end)

  it("is silent unless asked, and on a terminal in its first second", function()
    assert.is_nil(new({}, false).progress)
    assert.is_nil(new({ quiet = true }, true).progress)
    local context = new({}, true)
    clock.now = 1000.9
    context.progress:update(1768176000)
    assert.equal("", context.err.text)
  end)

  it("rewrites a line on a terminal, and removes it", function()
    local context = new({}, true)
    for index = 1, 1203 do
      context.progress:update(1768176000 + index)
    end
    clock.now = 1010
    context.progress:update(1768176000 + 8.2 * 86400)
    assert.equal("\r1 204 events  2026-01-12 → 2026-01-20  41 %  120/s  15 s left\27[K", context.err.text:sub(1, -1))
    context.progress:clear()
    context.progress:clear()
    assert.equal("\27[K\r\27[K", context.err.text:sub(-7))
    clock.now = 1010.1
    context.err.text = ""
    context.progress:update(1768176000 + 9 * 86400)
    assert.equal("", context.err.text)
  end)

  it("tells that it waits, and counts from the newest", function()
    local context = new({}, true, { since = 1768176000, ["until"] = 1768176000 + 86400, order = "newest" })
    context.progress:update(1768176000 + 43200)
    clock.now = 1200
    context.progress:update(nil, true)
    assert.equal("\r1 events  2026-01-13 → 2026-01-12  50 %  0/s  3 min left  (waiting for the rate limit)\27[K",
      context.err.text)
  end)

  it("is never wider than the terminal", function()
    terminal.width = function() -- luacheck: ignore
      return 30
    end
    local context = new({}, true)
    clock.now = 1002
    context.progress:update(1768176000 + 86400)
    assert.equal("\r1 events  2026-01-12 → 2026-…\27[K", context.err.text)
  end)

  it("writes a plain line every 10 s with --progress", function()
    local context = new({ progress = true }, false)
    for second = 1, 25 do
      clock.now = 1000 + second
      context.progress:update(1768176000 + second * 86400)
    end
    local lines = select(2, context.err.text:gsub("\n", ""))
    assert.equal(2, lines)
    assert.is_nil(context.err.text:find("[\r\27]"))
  end)
end)
