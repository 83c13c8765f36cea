-- The command `cloudaudit`: finds the verb and runs it. Data goes to standard output, everything else
-- to standard error. A verb is a module of its own: {summary, usage, options, run}.
local arguments = require "cloudaudit.cli.arguments"
local core = require "cloudaudit.core"

local cli = {}

-- verb -> module, in the order of the help text.
local VERBS = {
  { "emulate", "cloudaudit.cli.emulate" },
}

local HELP = { name = "help", doc = "show this text" }

local USAGE = 2

local function complain(streams, message, hint)
  streams.err:write("cloudaudit: ", message, "\n", hint or "Try cloudaudit --help\n")
  return USAGE
end

local function show_help(streams)
  streams.out:write("Usage: cloudaudit VERB [OPTION...]\n\nVerbs:\n")
  for _, verb in ipairs(VERBS) do
    streams.out:write(("  %-10s %s\n"):format(verb[1], require(verb[2]).summary))
  end
  streams.out:write("\n  --help     show this text; cloudaudit VERB --help shows the verb's\n",
    "  --version  show the version\n")
  return 0
end

local function show_verb_help(streams, name, verb, rows)
  streams.out:write(("Usage: cloudaudit %s %s\n%s\n\n%s\n"):format(name, verb.usage, verb.summary,
    arguments.help(rows)))
  return 0
end

local function run_verb(name, verb, given, streams)
  local rows = {}
  for i, row in ipairs(verb.options) do
    rows[i] = row
  end
  rows[#rows + 1] = HELP
  local values, rest = arguments.parse(given, rows)
  if not values then
    return complain(streams, name .. ": " .. rest, ("Try cloudaudit %s --help\n"):format(name))
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

--- Runs the command line `given` (a list of strings, without the program's name). `streams` is {out=,
-- err=}, by default the standard ones. Returns the exit code: 0, 1 (it failed) or 2 (wrong usage).
function cli.main(given, streams)
  streams = streams or { out = io.stdout, err = io.stderr }
  local name = given[1]
  if not name then
    return complain(streams, "a verb is missing")
  elseif name == "--help" or name == "-h" or name == "help" then
    return show_help(streams)
  elseif name == "--version" then
    streams.out:write("cloudaudit ", core.version, " (", _VERSION, ")\n")
    return 0
  end
  local verb, near = find_verb(name)
  if not verb then
    return complain(streams, ("unknown verb %s%s"):format(name, near and (", did you mean %s?"):format(near) or ""))
  end
  local rest = {}
  for i = 2, #given do
    rest[i - 1] = given[i]
  end
  return run_verb(name, verb, rest, streams)
end

return cli
