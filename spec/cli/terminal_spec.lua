local command = require "support.command"
local terminal = require "cloudaudit.cli.terminal"

-- What a Lua text prints into a file while descriptors 1 and 2 are a terminal of 73 columns.
local function on_terminal(text, hidden)
  local name = os.tmpname()
  local script = os.tmpname()
  local file = assert(io.open(script, "w"))
  file:write(hidden and 'package.preload.luv = function() error("hidden") end\n' or "",
    'local terminal = require "cloudaudit.cli.terminal"\nlocal out = io.open("', name, '", "w")\n', text,
    "\nout:close()")
  file:close()
  local build = os.getenv("CLOUDAUDIT_BUILD")
  command.shell(("exec script -qec %s /dev/null </dev/null"):format(command.quote(
    ("stty cols 73; sh spec/with %s lua %s"):format(build, script))), { env = { LD_PRELOAD = "", COLUMNS = "99" } })
  local result = assert(io.open(name))
  local found = result:read("*a")
  result:close()
  os.remove(name)
  os.remove(script)
  return found
end

describe("cloudaudit.cli.terminal", function()
  it("knows a terminal and its width", function()
    assert.equal("true true 73", on_terminal('out:write(tostring(terminal.is(1)), " ", tostring(terminal.is(2)), " ", '
      .. "terminal.width())"))
  end)

  it("does without luv: a shell tells terminals, COLUMNS the width", function()
    assert.equal("true 99", on_terminal('out:write(tostring(terminal.is(1)), " ", terminal.width())', true))
  end)

  it("leaves the terminal in blocking mode", function()
    assert.equal("0", on_terminal([[terminal.width()
      local flags = io.open("/proc/self/fdinfo/1"):read("*a"):match("flags:%s*(%d+)")
      out:write(tostring(math.floor(tonumber(flags, 8) / 2048) % 2))]]))
  end)

  it("colors by --color, and by itself only on a terminal without NO_COLOR that is not dumb", function()
    assert.is_true(terminal.color("always", false))
    assert.is_false(terminal.color("never", true))
    assert.is_false(terminal.color("auto", false))
    local names = { "NO_COLOR", "TERM" }
    local luv, before = terminal.luv(), {}
    for _, name in ipairs(names) do
      before[name] = os.getenv(name)
    end
    local function auto(no_color, term)
      luv.os_setenv("NO_COLOR", no_color)
      luv.os_setenv("TERM", term)
      return terminal.color("auto", true)
    end
    assert.same({ true, false, false }, { auto("", "xterm"), auto("1", "xterm"), auto("", "dumb") })
    for _, name in ipairs(names) do
      if before[name] then
        luv.os_setenv(name, before[name])
      else
        luv.os_unsetenv(name)
      end
    end
  end)
end)
