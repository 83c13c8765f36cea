-- The verbs. To add one: its name here, and a file of that name in this folder which returns
--
--   summary      one line for the help
--   examples     shell lines; the first section of its help
--   text         a paragraph for the help (optional)
--   positionals  rows {name, value (its name in the help), args ("1", "?", "*", "+"; default 1), doc}
--   options      rows as in cli/options.lua; a row replaces the common one of the same name
--   filter       true: it takes FILTER
--   common       false: it takes no common options
--   formats      the formats that --output may name, its default on a terminal first (nil: it has none)
--   columns      names that --columns may have (nil: the verb checks them)
--   statuses     rows {number, meaning} beyond the common ones
--   run          function(context): does the work and returns the exit status (nil: 0); see cli/context.lua
--
-- A verb requires what it needs in `run`, so that --help and --version stay fast. `make types` writes the new tables
-- of doc/command.md and doc/cloudaudit.1.
local verbs = {}

--- In the order of the help. A name of two words is a verb of a group: the file is in the folder of the first.
verbs.names = { "events", "who", "tail", "export", "tracks list", "tracks show", "tracks create", "tracks set",
  "tracks enable", "tracks disable", "tracks delete", "tracks plan", "tracks apply", "check", "report", "doctor",
  "call", "emulate", "completion" }

--- The verb of a name; nil when there is none.
function verbs.get(name)
  for _, known in ipairs(verbs.names) do
    if known == name then
      return require("cloudaudit.cli.verbs." .. name:gsub(" ", "."))
    end
  end
  return nil
end

--- The second words of a group; empty when the name is not a group's.
function verbs.of_group(name)
  local list = {}
  for _, known in ipairs(verbs.names) do
    if known:sub(1, #name + 1) == name .. " " then
      list[#list + 1] = known:sub(#name + 2)
    end
  end
  return list
end

return verbs
