-- Generates doc/cloudaudit.1, doc/completions and the tables of doc/command.md from the options and verbs of the
-- command. A table of the chapter is between the lines <!-- generated: NAME --> and <!-- end -->.
local help = require "cloudaudit.cli.help"
local options = require "cloudaudit.cli.options"
local status = require "cloudaudit.cli.status"
local verbs = require "cloudaudit.cli.verbs"

local command = {}

command.MAN = "doc/cloudaudit.1"
command.CHAPTER = "doc/command.md"

--- Completion scripts by shell, under the names that the shells expect.
command.COMPLETIONS = { bash = "doc/completions/cloudaudit", zsh = "doc/completions/_cloudaudit",
  fish = "doc/completions/cloudaudit.fish" }

function command.read(path)
  local file = assert(io.open(path, "rb"))
  local text = file:read("*a")
  file:close()
  return text
end

-- ---- the chapter -----------------------------------------------------------------------------

local function cell(text)
  return (text:gsub("|", "\\|"):gsub("<", "&lt;"))
end

local function option_table(rows)
  local out = { "| option | |", "| --- | --- |" }
  for _, row in ipairs(rows) do
    out[#out + 1] = ("| `%s` | %s |"):format(help.option(row), cell(row.doc))
  end
  return table.concat(out, "\n")
end

local generated = {}

function generated.common()
  return option_table(options.COMMON)
end

function generated.always()
  return option_table(options.ALWAYS)
end

function generated.filter()
  return option_table(options.FILTER)
end

function generated.statuses()
  local out = { "| status | meaning |", "| --- | --- |" }
  for _, row in ipairs(status.ROWS) do
    out[#out + 1] = ("| %s | %s |"):format(row[1], cell(row[2]))
  end
  return table.concat(out, "\n")
end

function generated.verbs()
  local out = { "| verb | |", "| --- | --- |" }
  for _, name in ipairs(verbs.names) do
    out[#out + 1] = ("| [`%s`](#%s) | %s |"):format(name, (name:gsub(" ", "-")), cell(verbs.get(name).summary))
  end
  return table.concat(out, "\n")
end

-- Synopsis, text, own options, own statuses and examples of a verb.
local function verb_section(name)
  local verb = verbs.get(name)
  local out = { ("`cloudaudit %s %s`"):format(name, help.usage(verb)), "" }
  if verb.text then
    for _, line in ipairs(help.wrap(verb.text, 120)) do
      out[#out + 1] = line
    end
    out[#out + 1] = ""
  end
  local rows = {}
  for _, row in ipairs(verb.positionals or {}) do
    rows[#rows + 1] = ("| `%s` | %s |"):format(row.value, cell(row.doc))
  end
  for _, row in ipairs(verb.options or {}) do
    rows[#rows + 1] = ("| `%s` | %s |"):format(help.option(row), cell(row.doc))
  end
  for _, row in ipairs(verb.statuses or {}) do
    rows[#rows + 1] = ("| status %s | %s |"):format(row[1], cell(row[2]))
  end
  if #rows > 0 then
    out[#out + 1] = "| | |\n| --- | --- |"
    out[#out + 1] = table.concat(rows, "\n") .. "\n"
  end
  if verb.examples then
    out[#out + 1] = "```sh\n" .. table.concat(verb.examples, "\n") .. "\n```"
  end
  return (table.concat(out, "\n"):gsub("\n+$", ""))
end

--- The text of a generated part: "common", "always", "filter", "statuses", "verbs" or the name of a verb.
function command.part(name)
  if generated[name] then
    return generated[name]()
  end
  assert(verbs.get(name), "nothing generates " .. name)
  return verb_section(name)
end

--- The chapter with its generated parts as they should be. Every part has a place in it.
function command.chapter(text)
  local found = {}
  text = text:gsub("(<!%-%- generated: ([%w_ ]+) %-%->\n).-(<!%-%- end %-%->)", function(first, name, last)
    found[name] = true
    return first .. "\n" .. command.part(name) .. "\n\n" .. last
  end)
  for name in pairs(generated) do
    assert(found[name], command.CHAPTER .. " has no place for " .. name)
  end
  for _, name in ipairs(verbs.names) do
    assert(found[name], command.CHAPTER .. " has no place for " .. name)
  end
  return text
end

-- ---- the man page ----------------------------------------------------------------------------

local function roff(text)
  return (text:gsub("\\", "\\e"):gsub("%-", "\\-"):gsub("'", "\\(aq"):gsub("\n%.", "\n\\&."):gsub("^%.", "\\&."))
end

local function list(out, rows)
  for _, row in ipairs(rows) do
    out[#out + 1] = ".TP\n.B " .. roff(row[1]):gsub('"', "\\(dq") .. "\n" .. roff(row[2])
  end
end

local function option_list(out, rows)
  local list_rows = {}
  for index, row in ipairs(rows) do
    list_rows[index] = { help.option(row), row.doc }
  end
  list(out, list_rows)
end

local function example(out, lines)
  out[#out + 1] = ".PP\n.nf\n" .. roff(table.concat(lines, "\n")) .. "\n.fi"
end

local function man_verb(out, name)
  local verb = verbs.get(name)
  out[#out + 1] = ('.SS "cloudaudit %s %s"'):format(name, roff(help.usage(verb)))
  out[#out + 1] = roff(verb.summary) .. ".\n" .. (verb.text and roff(verb.text) or "")
  local rows = {}
  for _, row in ipairs(verb.positionals or {}) do
    rows[#rows + 1] = { row.value, row.doc }
  end
  list(out, rows)
  option_list(out, verb.options or {})
  for _, row in ipairs(verb.statuses or {}) do
    list(out, { { "exit status " .. row[1], row[2] } })
  end
  if verb.examples then
    example(out, verb.examples)
  end
end

--- The man page.
function command.man()
  local out = { ".\\\" Generated by doc/gen/command.lua.\n.TH CLOUDAUDIT 1 2026-01-01 cloudaudit",
    ".SH NAME\ncloudaudit \\- audit records and tracking sets of Tencent Cloud",
    ".SH SYNOPSIS\n.B cloudaudit\n.I VERB\n.RI [ OPTION ...]",
    ".SH EXAMPLES\n.nf\n" .. roff(table.concat(help.EXAMPLES, "\n")) .. "\n.fi" }
  out[#out + 1] = ".SH DESCRIPTION\n" .. roff(help.OUTPUT)
  out[#out + 1] = ".SH VERBS"
  for _, name in ipairs(verbs.names) do
    man_verb(out, name)
  end
  out[#out + 1] = ".SH FILTER\nAll that are given must hold."
  option_list(out, options.FILTER)
  out[#out + 1] = ".SH COMMON OPTIONS\nBefore or after the verb."
  option_list(out, options.COMMON)
  option_list(out, options.ALWAYS)
  out[#out + 1] = ".SH EXIT STATUS"
  local rows = {}
  for index, row in ipairs(status.ROWS) do
    rows[index] = { tostring(row[1]), row[2] }
  end
  list(out, rows)
  out[#out + 1] = ".SH ENVIRONMENT"
  list(out, help.ENVIRONMENT)
  return (table.concat(out, "\n"):gsub("\n\n+", "\n")) .. "\n"
end

--- The completion script of a shell. Needs argparse, which the installation does not: so the scripts are committed.
function command.completion(shell)
  return verbs.get("completion").script(shell)
end

--- Writes all files.
function command.write()
  local texts = { [command.MAN] = command.man(), [command.CHAPTER] = command.chapter(command.read(command.CHAPTER)) }
  for shell, path in pairs(command.COMPLETIONS) do
    texts[path] = command.completion(shell)
  end
  for path, text in pairs(texts) do
    local file = assert(io.open(path, "wb"))
    file:write(text)
    file:close()
  end
end

return command
