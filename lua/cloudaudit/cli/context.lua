-- What a verb works with: its values, the two streams, and what it says to people.
--
--   values   the values of options and positionals ("-" in a name becomes "_")
--   out      standard output, each write of which is checked: write, flush (see output.lua)
--   err      standard error
--   now      epoch seconds at the start, to which relative times refer
--   format   "table", "jsonl", "json", "csv" or "ocsf", for a verb with formats
local status = require "cloudaudit.cli.status"
local core = require "cloudaudit.core"
local width = require "cloudaudit.cli.width"

local context = {}

local Context = {}
Context.__index = Context

local function choose_format(self, verb)
  local format, place = self.values.output, "--output"
  if not format then
    format, place = os.getenv("CLOUDAUDIT_OUTPUT"), "CLOUDAUDIT_OUTPUT"
  end
  if not format or format == "" then
    return self:is_terminal(1) and verb.formats[1] or "jsonl"
  end
  for _, known in ipairs(verb.formats) do
    if known == format then
      return format
    end
  end
  local near = core.nearest(format, verb.formats)
  status.usage(("%s: %s expected, got %q"):format(place, table.concat(verb.formats, ", "), format),
    near and ("did you mean %s?"):format(near))
end

--- The context of one run of a verb.
function context.new(name, verb, values, streams)
  local self = setmetatable({ name = name, verb = verb, values = values, out = streams.out, err = streams.err,
    now = math.floor(core.time()), terminals = streams.terminals or {} }, Context)
  if verb.formats then
    self.format = choose_format(self, verb)
  elseif values.output or values.columns then
    status.usage(("--%s: cloudaudit %s prints no rows"):format(values.output and "output" or "columns", name))
  end
  return self
end

--- Whether descriptor 1 or 2 is a terminal.
function Context:is_terminal(fd)
  if self.terminals[fd] == nil then
    self.terminals[fd] = require("cloudaudit.cli.terminal").is(fd)
  end
  return self.terminals[fd]
end

--- A note for people, on standard error; none with -q.
function Context:note(text)
  if not self.values.quiet then
    self:clear()
    self.err:write(width.escape_lines(text), "\n")
  end
end

--- Removes the line of progress, if there is one, before something else is written.
function Context:clear()
  if self.progress then
    self.progress:clear()
  end
end

--- A client with the common options.
function Context:client()
  self.made = self.made or require("cloudaudit.cli.client").new(self)
  return self.made
end

return context
