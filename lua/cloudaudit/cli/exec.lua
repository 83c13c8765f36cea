-- The command of `tail --exec`: runs for one event, with its line on standard input.
local status = require "cloudaudit.cli.status"

local exec = {}

local TRIES = 3

local function quoted(text)
  return "'" .. tostring(text):gsub("%z", ""):gsub("'", "'\\''") .. "'"
end

-- Writes the line to a file of its own. A pipe would do for short lines, but a command that ends without reading it
-- would end this process by SIGPIPE.
local function line_file(line)
  local made, path = pcall(os.tmpname) -- raises where it can make none
  if not made and status.is_interrupt(path) then
    error(path, 0)
  elseif not made then
    status.raise(8, "--exec: no temporary file can be made: " .. tostring(path))
  end
  local file, message = io.open(path, "wb")
  local done = file
  if file then
    done, message = file:write(line, "\n")
    local closed, problem = file:close()
    done, message = done and closed, message or problem
  end
  if not done then
    os.remove(path)
    status.raise(8, "--exec: " .. tostring(message))
  end
  return path
end

-- Runs the command once; its status. The shell removes the file as soon as it is open, so that nothing is left however
-- this ends; and it prints the status, which io.popen does not tell on every Lua. The command's own output goes to
-- standard error, since data alone may be on standard output.
local function run_once(command, event, line)
  local path = quoted(line_file(line))
  local pipe = io.popen(("exec 3<%s; rm -f %s; CLOUDAUDIT_EVENT=%s CLOUDAUDIT_USER=%s CLOUDAUDIT_ID=%s sh -c %s "
    .. "<&3 3<&- >&2; echo $?"):format(path, path, quoted(event.name or ""), quoted(event.user or ""),
    quoted(event.id or ""), quoted(command)), "r")
  local text = pipe and pipe:read("*a")
  if pipe then
    pipe:close()
  end
  return tonumber(text and text:match("^%d+"))
end

--- Runs --exec for an event and its JSON line, again after a failure; ends the command after the third.
function exec.run(context, event, line)
  for attempt = 1, TRIES do
    if run_once(context.values.exec, event, line) == 0 then
      return
    elseif attempt < TRIES then
      require("cloudaudit.cli.client").sleep(context, attempt)
    end
  end
  status.raise(1, ("--exec: failed %d times for the event %s"):format(TRIES, event.id or "without an id"),
    context.values.checkpoint and "the checkpoint stands before this event" or nil)
end

return exec
