-- The command `cloudaudit`: finds the verb, reads its words and runs it. Data goes to standard output, everything else
-- to standard error. Verbs are in verbs/, what they work with in context.lua.
local context = require "cloudaudit.cli.context"
local core = require "cloudaudit.core"
local options = require "cloudaudit.cli.options"
local output = require "cloudaudit.cli.output"
local parser = require "cloudaudit.cli.parser"
local status = require "cloudaudit.cli.status"
local verbs = require "cloudaudit.cli.verbs"

local cli = {}

local SIGINT = 130

local function before_verb()
  return options.of{}
end

local function version_text()
  local found, curl = pcall(require, "cloudaudit.curl")
  local jit = rawget(_G, "jit")
  return ("cloudaudit %s (%s, libcurl %s, OpenSSL %s)\n"):format(core.version, jit and jit.version or _VERSION,
    found and curl.version or "missing", core.openssl_version:match("%d[%da-z.]*") or core.openssl_version)
end

-- Help and version come before all that could be wrong with the other words.
local function inform(wanted, name, verb, streams)
  local text
  if wanted == "version" then
    text = version_text()
  else
    local help = require "cloudaudit.cli.help"
    text = verb and help.verb(name, verb) or help.command()
  end
  streams.out:write(text)
  return 0
end

-- The full name of the verb, the words that are left, and the verb. Without a verb: the status.
local function choose(name, words, streams)
  local group = verbs.of_group(name)
  if #group > 0 then
    local second, rest = parser.find_verb(words, before_verb())
    if not second then
      local help = require "cloudaudit.cli.help"
      local wanted = parser.wants(rest, before_verb()) == "help"
      local stream = wanted and streams.out or streams.err
      stream:write(help.group(name))
      return wanted and 0 or 2
    end
    local verb = verbs.get(name .. " " .. second)
    if verb then
      return name .. " " .. second, rest, verb
    end
    local near = core.nearest(second, group)
    status.usage(("unknown verb %s %s"):format(name, second), near and ("did you mean %s?"):format(near)
      or "known: " .. table.concat(group, ", "))
  end
  local verb = verbs.get(name)
  if not verb then
    local known = {}
    for index, full in ipairs(verbs.names) do
      known[index] = full:match("^%S+")
    end
    local near = core.nearest(name, known)
    status.usage("unknown verb " .. name, near and ("did you mean %s?"):format(near) or "see cloudaudit --help")
  end
  return name, words, verb
end

local function run(given, streams)
  local name, words = parser.find_verb(given, before_verb())
  if not name or name == "help" then
    local wanted = name and "help" or parser.wants(words, before_verb())
    if wanted then
      return inform(wanted, nil, nil, streams)
    end
    parser.read("", words, before_verb())
    streams.err:write(require("cloudaudit.cli.help").short())
    return 2
  end
  local verb
  name, words, verb = choose(name, words, streams)
  if not verb then
    return name
  end
  local rows = options.of(verb)
  local wanted = parser.wants(words, rows)
  if wanted then
    return inform(wanted, name, verb, streams)
  end
  local values = parser.read(name, words, rows, verb.positionals)
  streams.context = context.new(name, verb, values, streams)
  return verb.run(streams.context) or 0
end

-- Says why the command ends, and returns its status.
local function explain(problem, streams)
  if streams.context then
    streams.context:clear()
  end
  if not status.is_problem(problem) then
    streams.err:write(status.text{ message = tostring(problem), hint = "this is a bug of cloudaudit" })
    return 1
  end
  streams.err:write(status.text(problem))
  return problem.status
end

-- Dies by SIGINT, so that a shell sees it. What was printed stays; lua.c has restored the signal's default.
local function interrupted(streams)
  pcall(streams.out.flush, streams.out)
  if streams.context then
    streams.context:clear()
  end
  if streams.process then
    io.popen("kill -s INT $PPID"):close()
  end
  return SIGINT
end

--- Runs the command line `given` (a list of words, without the program's name). `streams` is {out=, err=}, by default
-- the standard ones. Returns the exit status, see status.lua.
function cli.main(given, streams)
  local process = streams == nil
  local held = process and output.reserve()
  streams = { out = output.new(streams and streams.out), err = streams and streams.err or io.stderr, process = process,
    held = held, terminals = streams and { false, false } }
  local done, result = pcall(run, given, streams)
  if not done and status.is_interrupt(result) then
    return interrupted(streams)
  elseif not done then
    result = explain(result, streams)
  end
  -- Also after a failure: what was printed before it must be there, or its loss be told.
  local closed, problem = pcall(streams.out.close, streams.out)
  if not closed and status.is_interrupt(problem) then
    return interrupted(streams)
  elseif not closed and result ~= 141 then
    result = status.worst{ explain(problem, streams), result }
  end
  return result
end

return cli
