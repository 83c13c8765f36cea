-- Removes secret values from a text that somebody else wrote: JSON at any depth (JSON texts inside JSON too), URLs,
-- form bodies, header lines, broken JSON. Linear in the length of the text, in any locale, on any bytes.
local json = require "support.oracle.redact_json"
local names = require "support.oracle.secret_names"

local redact = {}

local MARK = "[redacted]"
redact.MARK = MARK

-- JSON texts inside JSON texts are opened this deep.
local MAX_TEXTS = 8

-- Shorter values are common words too, and are replaced only behind their names.
local TELLING = 8

-- Tencent Cloud's access key ids, permanent and temporary.
local KEY_ID = "AKID[0-9A-Za-z_%-]+"

local function remember(found, value)
  if type(value) == "string" and #value >= TELLING and value ~= MARK then
    found[value] = true
  end
end

--- Adds a value to the set `found`, unless it is too short to be told from a common word.
redact.remember = remember

-- ---- texts that are not JSON -----------------------------------------------------------------

-- A name is looked for in this many bytes before a separator.
local LONGEST_NAME = 64

local function byte_of(hex)
  return string.char(tonumber(hex, 16))
end

-- The name that ends before the separator at `at`, without its quotes and escapes; nil when there is none.
local function name_before(text, at)
  local before = text:sub(math.max(1, at - LONGEST_NAME), at - 1)
  local name = before:match("([0-9A-Za-z_%-%.%%\\]+)[\"'\\ ]*$")
  return name and (name:gsub("\\+u00(%x%x)", byte_of):gsub("%%(%x%x)", byte_of):gsub("\\", ""))
end

-- How many backslashes end at `at`, counted down to `first`.
local function backslashes(text, at, first)
  local count = 0
  while at - count >= first and text:byte(at - count) == 92 do
    count = count + 1
  end
  return count
end

-- The last byte of a value whose opening quote is at `quote`. In JSON that is nested k deep a closing quote has
-- 2^k - 1 backslashes, and a quote inside the value has more.
local function quoted_end(text, quote)
  local slashes, at = backslashes(text, quote - 1, 1), quote + 1
  while true do
    local closing = text:find('"', at, true)
    if not closing then
      return #text
    elseif backslashes(text, closing - 1, quote + 1) % (2 * (slashes + 1)) == slashes then
      return closing - slashes - 1
    end
    at = closing + 1
  end
end

-- The last byte before one of a set, from `first` on.
local function before_any(text, set, first)
  return (text:find(set, first) or #text + 1) - 1
end

-- First and last byte of the value behind the separator at `at`.
local function value_behind(text, at, name)
  local first = text:find("[^ \t]", at + 1) or #text + 1
  local quote = text:find("[^\\]", first) or #text + 1
  local c = text:sub(quote, quote)
  if c == '"' then
    return quote + 1, quoted_end(text, quote)
  elseif c == "'" then
    return quote + 1, before_any(text, "'", quote + 1)
  elseif names.is_header(name) and text:sub(at, at) == ":" then
    return first, before_any(text, "[\r\n]", first)
  end
  return first, before_any(text, "[&;,%s\"'<>}%]]", first)
end

-- Tokens of HTTP authentication schemes that stand without a name.
local SCHEMES = { "([Bb][Ee][Aa][Rr][Ee][Rr] +)([0-9A-Za-z%-%._~%+/=]+)", "([Bb][Aa][Ss][Ii][Cc] +)([0-9A-Za-z%+/=]+)" }

local function plain(text, found, level)
  local out, from, at = {}, 1, 1
  while true do
    local separator = text:find("[=:]", at)
    if not separator then
      break
    end
    at = separator + 1
    local name = name_before(text, separator)
    if name and names.is_secret(name, level) and text:sub(at, at + #MARK - 1) ~= MARK then
      local first, last = value_behind(text, separator, name)
      local value = text:sub(first, last)
      if last >= first and not names.is_kept(value, level) then
        remember(found, value)
        out[#out + 1] = text:sub(from, first - 1)
        out[#out + 1] = MARK
        from, at = last + 1, last + 1
      end
    end
  end
  out[#out + 1] = text:sub(from)
  text = table.concat(out)
  for _, scheme in ipairs(SCHEMES) do
    text = text:gsub(scheme, function(before, value)
      if #value >= TELLING then
        remember(found, value)
        return before .. MARK
      end
    end)
  end
  return text
end

local function values(text, found, level, depth)
  local rewritten
  if depth < MAX_TEXTS and text:find("^[ \t\r\n]*[%[{]") then
    local inner = {}
    rewritten = json.rewrite(text, level, MARK, function(value, hide)
      if not hide or names.is_kept(value, level) then
        return values(value, inner, level, depth + 1)
      end
      remember(inner, value)
      return MARK
    end)
    for value in pairs(rewritten and inner or {}) do
      found[value] = true
    end
  end
  return rewritten or plain(text, found, level)
end

--- The text without the values of secret names; they are added to the set `found`. JSON stays JSON. `level` is
-- "secrets" (access key ids stay) or "all".
function redact.values(text, found, level)
  return values(text, found, level, 0)
end

-- ---- values that were found ------------------------------------------------------------------

-- What tokens and keys are made of: such a value is replaced where it stands as a word.
local WORD = "[0-9A-Za-z_%-%.~%+/=%%]+"
-- Values with other characters are searched for one by one: the longest ones, no more than these.
local MAX_PHRASES = 16

--- What `without` takes of a set of values that `values` has found.
function redact.needles(found)
  local words, phrases = {}, {}
  for value in pairs(found) do
    if value:find("^" .. WORD .. "$") then
      words[value] = true
    else
      phrases[#phrases + 1] = value
    end
  end
  table.sort(phrases, function(a, b)
    return #a > #b or #a == #b and a < b
  end)
  for index = MAX_PHRASES + 1, #phrases do
    phrases[index] = nil
  end
  return { words = words, phrases = phrases, any = next(found) ~= nil }
end

local function replace(text, phrase)
  local out, from = {}, 1
  while true do
    local first, last = text:find(phrase, from, true)
    if not first then
      break
    end
    out[#out + 1] = text:sub(from, first - 1) .. MARK
    from = last + 1
  end
  out[#out + 1] = text:sub(from)
  return table.concat(out)
end

-- Smaller parts that a word may be made of, such as a path or token=value.
local PARTS = { "[^=]+", "[^/]+", "[^/=]+" }

--- The text without values that were found elsewhere and, at level "all", without access key ids.
function redact.without(text, needles, level)
  if needles.any then
    local words = needles.words
    local function hide(part)
      return words[part] and MARK or nil
    end
    text = text:gsub(WORD, function(word)
      if words[word] then
        return MARK
      end
      local new = word
      for _, part in ipairs(PARTS) do
        new = new:gsub(part, hide)
      end
      return new
    end)
    for _, phrase in ipairs(needles.phrases) do
      text = replace(text, phrase)
    end
  end
  return level == "all" and text:gsub(KEY_ID, MARK) or text
end

return redact
