-- Questions to the terminal: whether a descriptor is one, how wide it is, whether to use color. luv answers them if it
-- is installed; without it a shell says whether a descriptor is a terminal, and COLUMNS how wide it is.
local optional = require "cloudaudit.optional"

local terminal = {}

local DEFAULT_WIDTH = 80

--- The module luv, or nil.
function terminal.luv()
  return optional.module("luv")
end

--- Whether descriptor 0, 1 or 2 is a terminal.
function terminal.is(fd)
  local luv = terminal.luv()
  if luv then
    return luv.guess_handle(fd) == "tty"
  end
  local done = os.execute(("[ -t %d ]"):format(fd))
  return done == true or done == 0
end

-- The size of the controlling terminal, through a descriptor of its own: a tty handle on 0 to 2 would make that one
-- non-blocking. On Lua 5.4 luv crashes at exit unless the loop has seen the handle closed.
local function measured(luv)
  local fd = luv.fs_open("/dev/tty", "r", 0)
  local handle = fd and luv.new_tty(fd, true)
  if not handle then
    return nil
  end
  local width = handle:get_winsize()
  handle:close()
  luv.run("nowait")
  return width
end

--- Columns of the terminal; asked each time, since it can be resized.
function terminal.width()
  local luv = terminal.luv()
  local width = luv and measured(luv) or tonumber(os.getenv("COLUMNS"))
  return width and width > 0 and math.floor(width) or DEFAULT_WIDTH
end

--- Whether to color output to a terminal or not, for --color auto, always or never.
function terminal.color(choice, is_terminal)
  if choice == "always" or choice == "never" then
    return choice == "always"
  end
  return is_terminal and terminal.luv() ~= nil and (os.getenv("NO_COLOR") or "") == ""
    and os.getenv("TERM") ~= "dumb"
end

return terminal
