-- Reads command-line arguments by a table of options. Prints nothing and ends nothing.
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

--- Reads `given` (a list of strings) by `rows` {name=, value= (its name in the help; none: a switch),
-- type= "number" | nil, list= (may come several times), doc=}. Returns the values by name and the
-- rest, or nil and a message that names what is wrong.
function arguments.parse(given, rows)
  local values, rest = {}, {}
  local i = 1
  while i <= #given do
    local word = given[i]
    local name, value = word:match("^%-%-([%w%-]+)=(.*)$")
    name = name or word:match("^%-%-([%w%-]+)$")
    if not name then
      if word:find("^%-.") then
        return nil, "unknown option " .. word
      end
      rest[#rest + 1] = word
    else
      local row, near = find(rows, name)
      if not row then
        return nil, ("unknown option --%s%s"):format(name, near and (", did you mean --%s?"):format(near) or "")
      elseif not row.value then
        if value then
          return nil, ("--%s takes no value"):format(name)
        end
        value = true
      elseif not value then
        i = i + 1
        value = given[i]
        if not value then
          return nil, ("--%s: %s is missing"):format(name, row.value)
        end
      end
      local converted, message = value, nil
      if row.value then
        converted, message = convert(row, value)
      end
      if message then
        return nil, message
      end
      store(values, row, converted)
    end
    i = i + 1
  end
  return values, rest
end

--- The lines of a help text for `rows`.
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
