-- Runs bin/cloudaudit as a process of its own, for specs: with pipes, files or a terminal, and with signals.
local luv = require "luv"

local command = {}

local ROOT = debug.getinfo(1, "S").source:match("^@(.*)/spec/support/[^/]*$") or luv.cwd()

command.ROOT = ROOT

local function quote(text)
  return "'" .. tostring(text):gsub("'", "'\\''") .. "'"
end
command.quote = quote

-- "lua5.4" for a build "5.4-asan".
local function interpreter()
  local build = os.getenv("CLOUDAUDIT_BUILD") or "5.4"
  return build:find("^luajit") and "luajit" or "lua" .. build:match("^[%d.]+")
end

--- The program through its shell half, for the Lua of the build under test.
command.program = ("CLOUDAUDIT_LUA=%s %s"):format(interpreter(), quote(ROOT .. "/bin/cloudaudit"))

--- The shell words that run the command with arguments (a list).
function command.line(given)
  local words = { interpreter(), quote(ROOT .. "/bin/cloudaudit") }
  for _, word in ipairs(given) do
    words[#words + 1] = quote(word)
  end
  return table.concat(words, " ")
end

--- The variables of a served emulator (spec/support/emulator.lua), and others, for `env` below.
function command.env(served, more)
  local env = { CLOUDAUDIT_ENDPOINT = served.endpoint, CLOUDAUDIT_CA_FILE = served.ca_file or "",
    TENCENTCLOUD_SECRET_ID = served.secret_id, TENCENTCLOUD_SECRET_KEY = served.secret_key, TZ = "UTC",
    TENCENTCLOUD_TOKEN = "", TENCENTCLOUD_SESSION_TOKEN = "", TENCENTCLOUD_SECURITY_TOKEN = "" }
  for name, value in pairs(more or {}) do
    env[name] = value
  end
  return env
end

-- The environment of this process with changes, as a list; an empty text removes a variable.
local function environment(changes)
  local list = {}
  for name, value in pairs(luv.os_environ()) do
    if changes[name] == nil and name ~= "CLOUDAUDIT_OUTPUT" and name ~= "NO_COLOR" then
      list[#list + 1] = name .. "=" .. value
    end
  end
  for name, value in pairs(changes) do
    if value ~= "" then
      list[#list + 1] = name .. "=" .. value
    end
  end
  return list
end

local function read_all(pipe, parts)
  pipe:read_start(function(_, chunk)
    parts[#parts + 1] = chunk
    if not chunk then
      pipe:close()
    end
  end)
end

--- Runs a shell line (its last process by `exec`, so that signals arrive). options: env; cwd; interrupt (seconds after
-- which SIGINT is sent, or after the first output with "output"); on_start(pid). Returns {status, signal, out, err,
-- seconds, stopped (seconds from the signal to the end)}.
function command.shell(line, options)
  options = options or {}
  local out, err = luv.new_pipe(false), luv.new_pipe(false)
  local result, outs, errs, started = {}, {}, {}, luv.hrtime()
  local handle, sent
  local function interrupt()
    if not result.status and not sent then
      sent = luv.hrtime()
      handle:kill(options.signal or "sigint")
    end
  end
  local timer = luv.new_timer()
  handle = assert(luv.spawn("/bin/sh", { args = { "-c", line }, stdio = { nil, out, err }, cwd = options.cwd,
    env = environment(options.env or {}) }, function(status, signal)
    result.status, result.signal = status, signal
    result.seconds = (luv.hrtime() - started) / 1e9
    result.stopped = sent and (luv.hrtime() - sent) / 1e9
    handle:close()
    timer:close()
  end))
  if type(options.interrupt) == "number" then
    timer:start(math.floor(options.interrupt * 1000), 0, interrupt)
  end
  read_all(out, outs)
  read_all(err, errs)
  if options.on_start then
    options.on_start(result)
  end
  while luv.run("once") and not result.status do
    if options.interrupt == "output" and outs[1] then
      interrupt()
    end
  end
  luv.run("default")
  result.out, result.err = table.concat(outs), table.concat(errs)
  return result
end

--- Runs the command with arguments (a list); options as above, and `after`: shell redirections and pipes behind it.
function command.run(given, options)
  local after = options and options.after
  local line = (after and after:find("|") and "" or "exec ") .. command.line(given) .. " " .. (after or "")
  return command.shell(line, options)
end

--- Runs it in a pseudo-terminal of `columns`, through util-linux's script: out has what the terminal got.
function command.on_terminal(given, columns, options)
  local inner = ("stty cols %d rows 50; %s"):format(columns, command.line(given))
  options = options or {}
  local result = command.shell("exec script -qec " .. quote(inner) .. " /dev/null </dev/null", options)
  result.out = result.out:gsub("\r\n", "\n")
  return result
end

--- Runs it in a pseudo-terminal in which somebody types `keys` (as for printf %b) after options.delay
-- seconds, by default one.
function command.typed(given, keys, options)
  options = options or {}
  local line = ("{ sleep %s; printf %%b %s; sleep 0.5; } | script -qec %s /dev/null"):format(options.delay or "1",
    quote(keys), quote(command.line(given)))
  local result = command.shell(line, options)
  result.out = result.out:gsub("\r\n", "\n")
  return result
end

--- The lines of a text.
function command.lines(text)
  local list = {}
  for line in text:gmatch("([^\n]*)\n") do
    list[#list + 1] = line
  end
  return list
end

return command
