-- Checks the tables that users hand us (options, specs, queries) against rows of data.
-- Raises nothing: a wrong type or an unknown name is a failure of kind "misuse".
local core = require "cloudaudit.core"
local errors = require "cloudaudit.errors"

local check = {}

local HUGE = math.huge

-- What a row's `type` means beyond Lua's own types: a test and the words for it.
local KINDS = {
  seconds = { "number of seconds greater than 0",
    function(value) return type(value) == "number" and value > 0 and value < HUGE end },
  count = { "integer of 0 or more",
    function(value) return type(value) == "number" and value >= 0 and value < HUGE and value % 1 == 0 end },
  positive = { "integer of 1 or more",
    function(value) return type(value) == "number" and value >= 1 and value < HUGE and value % 1 == 0 end },
  callable = { "function",
    function(value)
      local meta = type(value) ~= "function" and getmetatable(value)
      return type(value) == "function" or (type(meta) == "table" and meta.__call ~= nil)
    end },
}

local function place(owner, key)
  if type(key) == "string" then
    return owner .. "." .. key, key
  end
  local text = "[" .. tostring(key) .. "]"
  return owner .. text, text
end

--- The failure for a name that is not known; `noun` is "field" or "option".
function check.unknown(owner, key, names, noun)
  local where, field = place(owner, key)
  local near = type(key) == "string" and core.nearest(key, names) or nil
  local tail = near and (", did you mean " .. near .. "?") or ""
  return errors.misuse(where .. ": unknown " .. noun .. tail, field)
end

--- Checks one value against a row {name=, type=, required=, most= (of a number)}; true or a failure.
function check.value(owner, row, value)
  if value == nil then
    if row.required then
      return errors.misuse(owner .. "." .. row.name .. ": missing" .. (row.missing or ""), row.name)
    end
    return true
  end
  local small = not (row.most and type(value) == "number" and value > row.most)
  for expected in row.type:gmatch("[^|]+") do
    local kind = KINDS[expected]
    if small and (kind and kind[2](value) or not kind and type(value) == expected) then
      return true
    end
  end
  local words = row.type:gsub("[^|]+", function(expected)
    return KINDS[expected] and KINDS[expected][1]
  end):gsub("|", " or ")
  if row.most then
    words = ("%s, at most %d,"):format(words, row.most)
  end
  -- Only a number that had to be a number is shown: a mistyped secret is none.
  local got = type(value)
  if got == "number" and KINDS[row.type] and row.type ~= "callable" then
    got = tostring(value)
  end
  return errors.misuse(("%s.%s: %s expected, got %s"):format(owner, row.name, words, got), row.name)
end

--- Checks the values of a table's named fields against rows, whatever else the table holds. True or a failure.
function check.values(owner, given, rows)
  for _, row in ipairs(rows) do
    local ok, message, err = check.value(owner, row, given[row.name])
    if not ok then
      return nil, message, err
    end
  end
  return true
end

--- Checks a table against rows {name=, type="string|table|seconds…", required=}: every name known,
-- every type right, nothing missing. `noun` defaults to "field". True or a failure.
function check.fields(owner, given, rows, noun)
  noun = noun or "field"
  if type(given) ~= "table" then
    return errors.misuse(("%s: table of %ss expected, got %s"):format(owner, noun, type(given)))
  end
  local names, known = {}, {}
  for index, row in ipairs(rows) do
    names[index], known[row.name] = row.name, true
  end
  for key in pairs(given) do
    if not known[key] then
      return check.unknown(owner, key, names, noun)
    end
  end
  return check.values(owner, given, rows)
end

return check
