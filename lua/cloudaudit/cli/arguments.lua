-- Parses command-line arguments according to a table of options. Never prints or exits.
local core = require "cloudaudit.core"

local arguments = {}

local function find(rows, name)
  local names = {}
  for i, row in ipairs(rows) do
    if row.name == name then
      return row
    end
    names[i] = row.name
  end
  return nil, core.nearest(name, names)
end

local function convert(row, text)
  if row.type == "number" then
    local number = tonumber(text)
    if not number then
      return nil, ("--%s: number expected, got %s"):format(row.name, text)
    end
    return number
  end
  return text
end

local function store(values, row, value)
  if row.list then
    values[row.name] = values[row.name] or {}
    table.insert(values[row.name], value)
  else
    values[row.name] = value
  end
end

-- Parses one option at words[at] and stores its value; returns the index of the next word, or nil and a message.
local function parse_option(words, at, rows, values)
  local name, value = words[at]:match("^%-%-([%w%-]+)=(.*)$")
  name = name or words[at]:match("^%-%-([%w%-]+)$")
  if not name then
    return nil, "unknown option " .. words[at]
  end
  local row, near = find(rows, name)
  if not row then
    return nil, ("unknown option --%s%s"):format(name, near and (", did you mean --%s?"):format(near) or "")
  elseif not row.value then
    if value then
      return nil, ("--%s: unexpected value"):format(name)
    end
    store(values, row, true)
    return at + 1
  end
  if not value then
    at = at + 1
    value = words[at]
  end
  if not value then
    return nil, ("--%s: %s is missing"):format(name, row.value)
  end
  local converted, message = convert(row, value)
  if message then
    return nil, message
  end
  store(values, row, converted)
  return at + 1
end

--- Parses `words` (a list of strings) according to `rows` {name=, value= (its name in the help; nil: a switch), type=
-- "number" or nil, list= (may be repeated), doc=}. Returns the values by name and the positional arguments, or nil
-- and a message.
function arguments.parse(words, rows)
  local values, rest = {}, {}
  local at, message = 1, nil
  while at and words[at] do
    if words[at]:find("^%-.") then
      at, message = parse_option(words, at, rows, values)
    else
      rest[#rest + 1] = words[at]
      at = at + 1
    end
  end
  if message then
    return nil, message
  end
  return values, rest
end

--- The help text for `rows`, one line each.
function arguments.help(rows)
  local lines, width = {}, 0
  for i, row in ipairs(rows) do
    lines[i] = "  --" .. row.name .. (row.value and " " .. row.value or "")
    width = math.max(width, #lines[i])
  end
  for i, row in ipairs(rows) do
    lines[i] = lines[i] .. (" "):rep(width - #lines[i] + 2) .. row.doc
  end
  return table.concat(lines, "\n")
end

return arguments
