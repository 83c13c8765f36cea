-- The query of a report as words of a command line.
local query = {}

local function word(value)
  value = tostring(value)
  if value:find("^[A-Za-z0-9_.,:/@=+*-]+$") then
    return value
  end
  return "'" .. value:gsub("'", "'\\''") .. "'"
end

--- The options that were given, of rows as in cli/options.lua: --since 7d --event A,B --denied.
function query.text(rows, values)
  local words = {}
  for _, row in ipairs(rows) do
    local value = values[(row.name:gsub("%-", "_"))]
    if row.list and row.type ~= "names" then
      for _, each in ipairs(value or {}) do
        words[#words + 1] = ("--%s %s"):format(row.name, word(each))
      end
    elseif value == true then
      words[#words + 1] = "--" .. row.name
    elseif value ~= nil and value ~= false then
      words[#words + 1] = ("--%s %s"):format(row.name, word(type(value) == "table" and table.concat(value, ",")
        or type(value) == "number" and ("%.14g"):format(value) or value))
    end
  end
  return table.concat(words, " ")
end

return query
