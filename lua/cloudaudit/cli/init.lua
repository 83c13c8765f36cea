-- The command `cloudaudit`: finds the verb and runs it. Data goes to standard output, messages to standard error. A
-- verb is a module {summary, usage, options, run}.
local arguments = require "cloudaudit.cli.arguments"
local core = require "cloudaudit.core"

local cli = {}

-- Verbs and their modules, in the order of the help text.
local VERBS = {
  { "emulate", "cloudaudit.cli.emulate" },
}

local HELP = { name = "help", doc = "show this text" }

local USAGE = 2

local function usage_error(streams, message, hint)
  streams.err:write("cloudaudit: ", message, "\n", hint or "Try cloudaudit --help\n")
  return USAGE
end

local function show_help(streams)
  streams.out:write("Usage: cloudaudit VERB [OPTION...]\n\nVerbs:\n")
  for _, verb in ipairs(VERBS) do
    streams.out:write(("  %-10s %s\n"):format(verb[1], require(verb[2]).summary))
  end
  streams.out:write("\n  --help     show this text; cloudaudit VERB --help shows the options of a verb\n",
    "  --version  show the version\n")
  return 0
end

local function show_verb_help(streams, name, verb, rows)
  streams.out:write(("Usage: cloudaudit %s %s\n%s\n\n%s\n"):format(name, verb.usage, verb.summary,
    arguments.help(rows)))
  return 0
end

local function run_verb(name, verb, words, streams)
  local rows = {}
  for i, row in ipairs(verb.options) do
    rows[i] = row
  end
  rows[#rows + 1] = HELP
  local values, rest = arguments.parse(words, rows)
  if not values then
    return usage_error(streams, name .. ": " .. rest, ("Try cloudaudit %s --help\n"):format(name))
  elseif values.help then
    return show_verb_help(streams, name, verb, rows)
  end
  return verb.run(values, rest, streams)
end

local function find_verb(name)
  local names = {}
  for i, verb in ipairs(VERBS) do
    if verb[1] == name then
      return require(verb[2])
    end
    names[i] = verb[1]
  end
  return nil, core.nearest(name, names)
end

--- Runs a command line, a list of strings without the program's name. `streams` is {out=, err=}, by default the
-- standard streams. Returns the exit code: 0, 1 (runtime failure) or 2 (wrong usage).
function cli.main(words, streams)
  streams = streams or { out = io.stdout, err = io.stderr }
  local name = words[1]
  if not name then
    return usage_error(streams, "verb missing")
  elseif name == "--help" or name == "-h" or name == "help" then
    return show_help(streams)
  elseif name == "--version" then
    streams.out:write("cloudaudit ", core.version, " (", _VERSION, ")\n")
    return 0
  end
  local verb, near = find_verb(name)
  if not verb then
    return usage_error(streams, ("unknown verb %s%s"):format(name, near and (", did you mean %s?"):format(near) or ""))
  end
  local rest = {}
  for i = 2, #words do
    rest[i - 1] = words[i]
  end
  return run_verb(name, verb, rest, streams)
end

return cli
