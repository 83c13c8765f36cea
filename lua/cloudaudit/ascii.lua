-- Protocol text is ASCII whatever the locale of the host: string.lower and the classes %a, %c, %l, %u and %w follow
-- LC_CTYPE, and under tr_TR "I" has another lower case or none.
local ascii = {}

local LOWER = {}
for byte = ("A"):byte(), ("Z"):byte() do
  LOWER[string.char(byte)] = string.char(byte + 32)
end

--- The text with the letters A to Z in lower case.
function ascii.lower(text)
  return (text:gsub("[A-Z]", LOWER))
end

--- Whether a text comes before another by its bytes. The operator < follows LC_COLLATE, except on LuaJIT.
function ascii.before(a, b)
  for index = 1, math.min(#a, #b) do
    local x, y = a:byte(index), b:byte(index)
    if x ~= y then
      return x < y
    end
  end
  return #a < #b
end

local BLANK = { [9] = true, [10] = true, [11] = true, [12] = true, [13] = true, [32] = true }

--- The text without blanks at its ends. Linear: patterns such as "(.-)%s*$" are not, on a run of blanks inside.
function ascii.trim(text)
  local first, last = text:find("[^ \t\r\n\v\f]"), #text
  if not first then
    return ""
  end
  while BLANK[text:byte(last)] do
    last = last - 1
  end
  return text:sub(first, last)
end

--- A finite number with up to 14 digits, and a point whatever the locale's decimal point is.
function ascii.number(value)
  return (("%.14g"):format(value):gsub("[^%d+%-e]+", "."))
end

return ascii
