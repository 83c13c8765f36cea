-- Validates tables from users (options, specs, queries) against rows of data. Raises nothing: a wrong type or an
-- unknown name is a failure of kind "misuse".
--
-- A row is {name=, type=, required=, min=, max=, one_of=, missing=}. `type`: Lua's types and those of KINDS, separated
-- by "|", or "any". `min` and `max` bound numbers, inclusively. `one_of`: a list of permitted values; with `type`, in
-- addition to that type. `missing`: text appended when a required value is missing. `method` is the method's name, or a
-- path into its argument such as "new.driver".
local core = require "cloudaudit.core"
local errors = require "cloudaudit.errors"

local validate = {}

local HUGE = math.huge

-- Types beyond Lua's own: the name in messages, and the bounds of a number (`above` is exclusive) or a test.
local KINDS = {
  seconds = { "number of seconds", above = 0 },
  count = { "integer", min = 0, whole = true },
  positive = { "integer", min = 1, whole = true },
  callable = { "function", fits = function(value)
    local meta = type(value) ~= "function" and getmetatable(value)
    return type(value) == "function" or (type(meta) == "table" and meta.__call ~= nil)
  end },
}

local function place(method, key)
  if type(key) == "string" then
    return method .. "." .. key, key
  end
  local text = "[" .. tostring(key) .. "]"
  return method .. text, text
end

--- The failure for an unknown name, with the nearest known one; `noun` is "field" or "option".
function validate.unknown(method, key, names, noun)
  local where, field = place(method, key)
  local near = type(key) == "string" and core.nearest(key, names) or nil
  local suggestion = near and (", did you mean " .. near .. "?") or ""
  return errors.misuse(where .. ": unknown " .. noun .. suggestion, field)
end

-- Whether a number is within the bounds of a row and of a kind; NaN never is.
local function in_range(row, kind, value)
  return value >= (row.min or kind.min or -HUGE) and value > (kind.above or -HUGE) and value <= (row.max or HUGE)
end

local NO_BOUNDS = {}

-- Whether a value has a type, which is one of KINDS or Lua's.
local function fits(row, name, value)
  local kind = KINDS[name]
  if name == "any" then
    return true
  elseif kind and kind.fits then
    return kind.fits(value)
  elseif kind then
    return type(value) == "number" and value < HUGE and in_range(row, kind, value)
      and (not kind.whole or value % 1 == 0)
  end
  local bounded = name == "number" and (row.min or row.max)
  return type(value) == name and (not bounded or in_range(row, NO_BOUNDS, value))
end

local function number(value)
  return ("%.14g"):format(value)
end

-- A type in words, with its bounds: "integer from 0 to 9".
local function words_of_type(row, name)
  local kind = KINDS[name] or NO_BOUNDS
  local words, min = kind[1] or name, row.min or kind.min
  if kind.fits or name ~= "number" and kind == NO_BOUNDS then
    return words
  elseif kind.above and not row.min then
    words = ("%s greater than %s"):format(words, number(kind.above))
    return row.max and ("%s and at most %s"):format(words, number(row.max)) or words
  elseif min and row.max then
    return ("%s from %s to %s"):format(words, number(min), number(row.max))
  elseif min then
    return ("%s of %s or more"):format(words, number(min))
  end
  return row.max and ("%s of at most %s"):format(words, number(row.max)) or words
end

-- What a row permits: "boolean or number", "\"newest\" or \"oldest\"".
local function words_of(row)
  local list = {}
  for name in (row.type or ""):gmatch("[^|]+") do
    list[#list + 1] = words_of_type(row, name)
  end
  for _, value in ipairs(row.one_of or {}) do
    list[#list + 1] = type(value) == "string" and ("%q"):format(value) or tostring(value)
  end
  local last = table.remove(list)
  return list[1] and table.concat(list, ", ") .. " or " .. last or last
end

-- Whether a row permits a number by its type: then a wrong one may be shown.
local function takes_number(row)
  for name in (row.type or ""):gmatch("[^|]+") do
    if name == "number" or KINDS[name] and not KINDS[name].fits then
      return true
    end
  end
  return false
end

--- The length of a table that is a list without holes; nil for any other value.
function validate.length(value)
  if type(value) ~= "table" then
    return nil
  end
  local count = 0
  for _ in pairs(value) do
    count = count + 1
  end
  for index = 1, count do
    if rawget(value, index) == nil then
      return nil
    end
  end
  return count
end

--- Validates one value against a row; true or a failure.
function validate.value(method, row, value)
  if value == nil then
    if row.required then
      return errors.misuse(method .. "." .. row.name .. ": missing" .. (row.missing or ""), row.name)
    end
    return true
  end
  for name in (row.type or ""):gmatch("[^|]+") do
    if fits(row, name, value) then
      return true
    end
  end
  for _, permitted in ipairs(row.one_of or {}) do
    if value == permitted then
      return true
    end
  end
  -- A value is shown only where a number or one of a list was expected: any other may be a misplaced secret.
  local got = type(value)
  if got == "number" and takes_number(row) then
    got = tostring(value)
  elseif got == "string" and row.one_of then
    got = ("%q"):format(value:sub(1, 40):gsub("[%z\1-\31\127]", " "))
  end
  return errors.misuse(("%s.%s: %s expected, got %s"):format(method, row.name, words_of(row), got), row.name)
end

--- Validates the named fields of a table and ignores its other fields. True or a failure.
function validate.values(method, values, rows)
  for _, row in ipairs(rows) do
    local ok, message, err = validate.value(method, row, values[row.name])
    if not ok then
      return nil, message, err
    end
  end
  return true
end

--- Validates a whole table: no unknown name, no wrong type, nothing missing. `noun` ("field") is for messages. True or
-- a failure.
function validate.fields(method, values, rows, noun)
  noun = noun or "field"
  if type(values) ~= "table" then
    return errors.misuse(("%s: table of %ss expected, got %s"):format(method, noun, type(values)))
  end
  local names, known = {}, {}
  for index, row in ipairs(rows) do
    names[index], known[row.name] = row.name, true
  end
  local unknown
  for key in pairs(values) do -- the same one of two each time
    if not known[key] and (unknown == nil or tostring(key) < tostring(unknown)) then
      unknown = key
    end
  end
  if unknown ~= nil then
    return validate.unknown(method, unknown, names, noun)
  end
  return validate.values(method, values, rows)
end

return validate
