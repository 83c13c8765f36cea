-- The texts of --help, from the same rows as the parser. Lines fit into 80 columns where a word allows it.
local options = require "cloudaudit.cli.options"
local status = require "cloudaudit.cli.status"
local verbs = require "cloudaudit.cli.verbs"

local help = {}

local WIDTH = 80

help.OUTPUT = "Prints a table on a terminal and JSON lines elsewhere; -o FORMAT or CLOUDAUDIT_OUTPUT replace that."

--- Environment variables that the command itself reads; the library's are in doc/client.md.
help.ENVIRONMENT = {
  { "CLOUDAUDIT_OUTPUT", "format of the output in place of the default" },
  { "CLOUDAUDIT_ENDPOINT, CLOUDAUDIT_CA_FILE, TENCENTCLOUD_REGION", "defaults of the options of these names" },
  { "CLOUDAUDIT_CA_PATH", "directory of CA certificates to trust, under hashed names" },
  { "TENCENTCLOUD_SECRET_ID, TENCENTCLOUD_SECRET_KEY, TENCENTCLOUD_TOKEN", "credentials, before the other sources" },
  { "NO_COLOR, TERM, COLUMNS", "as usual" },
}

--- Breaks a text into lines of at most `width` characters.
function help.wrap(text, width)
  local lines, line = {}, ""
  for word in text:gmatch("%S+") do
    if line ~= "" and #line + 1 + #word > width then
      lines[#lines + 1], line = line, word
    else
      line = line == "" and word or line .. " " .. word
    end
  end
  lines[#lines + 1] = line
  return lines
end

-- Two columns: {{left, right}…}.
local function columns(rows)
  local width = 0
  for _, row in ipairs(rows) do
    width = math.max(width, #row[1])
  end
  width = math.min(width, 26)
  local out = {}
  for _, row in ipairs(rows) do
    local pad = "  " .. row[1] .. (" "):rep(width - #row[1])
    if #row[1] > width then
      out[#out + 1], pad = pad, (" "):rep(width + 2)
    end
    for index, line in ipairs(help.wrap(row[2], WIDTH - width - 4)) do
      out[#out + 1] = (index == 1 and pad or (" "):rep(width + 2)) .. "  " .. line
    end
  end
  return table.concat(out, "\n")
end

--- An option as it is written: "-o, --output FORMAT", "--dry-run[=curl]".
function help.option(row)
  local value = row.value and (row.optional and "[=" .. row.value .. "]" or " " .. row.value) or ""
  return (row.short and "-" .. row.short .. ", " or "") .. "--" .. row.name .. value
end

--- The arguments of a verb: "SUBJECT [FILTER] [OPTION...]".
function help.usage(verb)
  local words = {}
  for _, row in ipairs(verb.positionals or {}) do
    local word = row.value .. ((row.args == "*" or row.args == "+") and "..." or "")
    words[#words + 1] = (row.args == "?" or row.args == "*") and "[" .. word .. "]" or word
  end
  words[#words + 1] = verb.filter and "[FILTER]" or nil
  words[#words + 1] = "[OPTION...]"
  return table.concat(words, " ")
end

local function option_rows(list, verb)
  local rows, replaced = {}, {}
  for _, row in ipairs(verb and verb.options or {}) do
    replaced[row.name] = true
  end
  for _, row in ipairs(list) do
    if not replaced[row.name] then
      rows[#rows + 1] = { help.option(row), row.doc }
    end
  end
  return rows
end

local function plain(list)
  local rows = {}
  for _, row in ipairs(list or {}) do
    rows[#rows + 1] = { help.option(row), row.doc }
  end
  return rows
end

local function section(out, title, rows)
  if #rows > 0 then
    out[#out + 1] = title .. ":\n" .. columns(rows)
  end
end

local function status_rows(verb)
  local rows = {}
  for _, row in ipairs(status.ROWS) do
    rows[#rows + 1] = { tostring(row[1]), row[2] }
  end
  for _, row in ipairs(verb and verb.statuses or {}) do
    rows[#rows + 1] = { tostring(row[1]), "here: " .. row[2] }
  end
  return rows
end

local function examples(list)
  return "Examples:\n  " .. table.concat(list, "\n  ")
end

help.EXAMPLES = {
  'eval "$(cloudaudit emulate --background --print-env)"   # no account needed',
  "cloudaudit events --since 2h",
  "cloudaudit who audit-logs --since 30d",
  "cloudaudit events --since 7d --event DeleteBucket -o jsonl | jq .detail",
}

local function verb_rows()
  local rows = {}
  for _, name in ipairs(verbs.names) do
    rows[#rows + 1] = { name, verbs.get(name).summary }
  end
  return rows
end

--- The help of the command.
function help.command()
  local out = { "Usage: cloudaudit VERB [OPTION...]\nAudit records and tracking sets of Tencent Cloud.\n"
    .. help.OUTPUT, examples(help.EXAMPLES) }
  section(out, "Verbs (cloudaudit VERB --help has their options)", verb_rows())
  section(out, "Common options, before or after the verb", plain(options.COMMON))
  section(out, "Options of every verb", plain(options.ALWAYS))
  section(out, "Exit status", status_rows())
  return table.concat(out, "\n\n") .. "\n"
end

--- The verbs of a group such as tracks.
function help.group(name)
  local rows = {}
  for _, second in ipairs(verbs.of_group(name)) do
    rows[#rows + 1] = { name .. " " .. second, verbs.get(name .. " " .. second).summary }
  end
  local out = { ("Usage: cloudaudit %s VERB [OPTION...]; see cloudaudit %s VERB --help"):format(name, name) }
  section(out, "Verbs", rows)
  return table.concat(out, "\n") .. "\n"
end

--- What is shown, on standard error, when no verb is given.
function help.short()
  local out = { "Usage: cloudaudit VERB [OPTION...]; see cloudaudit --help" }
  section(out, "Verbs", verb_rows())
  return table.concat(out, "\n") .. "\n"
end

--- The help of a verb.
function help.verb(name, verb)
  local out = { ("Usage: cloudaudit %s %s\n%s%s"):format(name, help.usage(verb), verb.summary,
    verb.formats and "\n" .. help.OUTPUT or "") }
  out[#out + 1] = verb.examples and examples(verb.examples)
  if verb.text then
    out[#out + 1] = table.concat(help.wrap(verb.text, WIDTH), "\n")
  end
  local positionals = {}
  for _, row in ipairs(verb.positionals or {}) do
    positionals[#positionals + 1] = { row.value, row.doc }
  end
  section(out, "Arguments", positionals)
  section(out, "Options", plain(verb.options))
  section(out, "FILTER, all of which must hold", verb.filter and option_rows(options.FILTER, verb) or {})
  section(out, "Common options", verb.common ~= false and option_rows(options.COMMON, verb) or {})
  section(out, "Options of every verb", option_rows(options.ALWAYS, verb))
  section(out, "Exit status", status_rows(verb))
  return table.concat(out, "\n\n") .. "\n"
end

return help
