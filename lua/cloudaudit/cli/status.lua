-- Exit statuses, and the problems that end the command. A problem is raised as a table {status, message, hint} from any
-- depth and caught once, by cli.main; nothing in between catches it.
local width = require "cloudaudit.cli.width"

local status = {}

--- {number, meaning}, in the order of the manual.
status.ROWS = {
  { 0, "done; the question was answered" },
  { 1, "the service refused or failed; nothing was done, or it was a read" },
  { 2, "wrong usage, found before anything was sent" },
  { 3, "credentials or permission" },
  { 4, "the answer is no: drift, findings, not seen in time, fault found" },
  { 5, "throttled beyond --patience; nothing is lost" },
  { 6, "network, TLS, name or time-out" },
  { 7, "a write may have been done: look before repeating it" },
  { 8, "cannot write here: disk full, no permission, locked, file changed" },
  { "130, 141, 143", "ended by SIGINT, SIGPIPE, SIGTERM" },
}

local BY_KIND = {
  validation = 2, range = 2, config = 2, misuse = 2, credentials = 3, auth = 3, permission = 3, throttled = 5,
  dns = 6, connect = 6, tls = 6, transport = 6, timeout = 6,
}

-- When several things failed, the first of these is the status.
local PRECEDENCE = { 7, 8, 3, 6, 5, 1, 4, 2 }

local Problem = {}

--- The status of an error of the library. `writes`: the call that failed changes something.
function status.of(err, writes)
  if writes and err.outcome == "unknown" then
    return 7
  end
  return BY_KIND[err.kind] or 1
end

--- The status of several: the one that must not be missed.
function status.worst(statuses)
  for _, number in ipairs(PRECEDENCE) do
    for _, given in ipairs(statuses) do
      if given == number then
        return number
      end
    end
  end
  return 0
end

--- Ends the command with a status, a message and perhaps a hint.
function status.raise(number, message, hint)
  error(setmetatable({ status = number, message = message, hint = hint }, Problem), 0)
end

--- A word of the command line for a message, in quotes and without control characters.
function status.quote(text)
  return ("%q"):format((text:gsub("[\1-\31\127]", "?")))
end

--- Ends the command because it was used wrongly.
function status.usage(message, hint)
  status.raise(2, message, hint)
end

-- Where the packages are called other than the modules: {Debian, LuaRocks}.
local PACKAGES = { zlib = { "lua-zlib", "lua-zlib" }, ["luasql.sqlite3"] = { "lua-sql-sqlite3", "luasql-sqlite3" } }

--- The packages of a module: of Debian, of LuaRocks.
function status.packages(module)
  local names = PACKAGES[module] or { "lua-" .. module, module }
  return names[1], names[2]
end

--- Ends the command because a verb needs a module that is not installed.
function status.needs(verb, module)
  error(setmetatable({ status = 2, verb = verb, message = ("needs the Lua module %s (Debian: %s, LuaRocks: %s)"):format(
    module, status.packages(module)) }, Problem), 0)
end

--- The text of a problem for standard error; empty for one that ends silently. Words of the command line and names of
-- files may have control characters, which are escaped.
function status.text(problem)
  if not problem.message then
    return ""
  end
  return width.escape_lines(("cloudaudit%s: %s\n"):format(problem.verb and " " .. problem.verb or "",
    problem.message) .. (problem.hint and "  hint: " .. problem.hint .. "\n" or ""))
end

--- One line for an error of the library: its message with the code and the request id in parentheses.
function status.message(err)
  local message, details = err.message, {}
  if err.code then
    local ending = (" (%s)"):format(err.code)
    if message:sub(-#ending) == ending then
      message = message:sub(1, -#ending - 1)
    end
    details[1] = err.code
  end
  if err.request_id then
    details[#details + 1] = "RequestId " .. err.request_id
  end
  return #details > 0 and ("%s (%s)"):format(message, table.concat(details, ", ")) or message
end

--- Ends the command because of an error of the library. `writes`: see status.of; `more` is added to the message.
function status.fail(err, writes, more)
  status.raise(status.of(err, writes), status.message(err) .. (more and "; " .. more or ""), err.hint)
end

--- Whether a value that was raised is a problem of this module.
function status.is_problem(value)
  return getmetatable(value) == Problem
end

--- Whether a value that was raised, or the message of a failure, comes from SIGINT: lua.c turns it into this error.
function status.is_interrupt(value)
  local text = type(value) == "string" and value or type(value) == "table" and value.message
  return type(text) == "string" and text:find("interrupted!", 1, true) ~= nil
end

return status
