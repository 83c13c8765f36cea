-- Reads the words of a command line by rows of options (see options.lua), with argparse. Everything that is wrong ends
-- the command with 2 and names the option, its value and what would be right.
local core = require "cloudaudit.core"
local optional = require "cloudaudit.optional"
local status = require "cloudaudit.cli.status"

local parser = {}

local function key_of(name)
  return (name:gsub("%-", "_"))
end

-- ---- types -----------------------------------------------------------------------------------

local UNITS = { s = 1, m = 60, h = 3600, d = 86400, w = 604800 }

-- Digits as people write them: not "0x10", "1e3", " 5" or "nan".
local function number(text, expected, fits)
  local value = text:find("^%-?[0-9]+%.?[0-9]*$") and tonumber(text)
  if not value or value == math.huge or not fits(value) then
    return nil, expected .. " expected"
  end
  return value
end

local types = {}

function types.number(text)
  return number(text, "number", function()
    return true
  end)
end

function types.seconds(text)
  return number(text, "number of seconds", function(value)
    return value > 0
  end)
end

function types.size(text)
  return number(text, "number of megabytes", function(value)
    return value > 0
  end)
end

function types.positive(text, row)
  local expected = row.max and "whole number from 1 to " .. row.max or "whole number of 1 or more"
  return number(text, expected, function(value)
    return value >= 1 and value % 1 == 0 and value <= (row.max or math.huge)
  end)
end

--- "5m", "1h30m" or seconds.
function types.duration(text)
  if text:find("^%d+%.?%d*$") then
    return tonumber(text)
  end
  local seconds, rest = 0, text
  while rest ~= "" do
    local count, unit, after = rest:match("^(%d+)([smhdw])(.*)$")
    if not count or #count > 9 then
      return nil, "duration such as 30s, 5m or 1h expected"
    end
    seconds, rest = seconds + tonumber(count) * UNITS[unit], after
  end
  return seconds
end

--- A list "a,b".
function types.names(text)
  local list = {}
  for name in text:gmatch("[^,]+") do
    list[#list + 1] = name:match("^%s*(.-)%s*$")
  end
  if #list == 0 then
    return nil, "names separated by commas expected"
  end
  return list
end

-- The value of a word for a row; a message that begins with the option otherwise. argparse reports it.
local function converter(row)
  local place = row.positional and row.value or "--" .. row.name
  return function(text)
    local value, message = text, nil
    if row.choices then
      for _, choice in ipairs(row.choices) do
        if text == choice then
          return text
        end
      end
      local near = core.nearest(text, row.choices)
      value, message = nil, table.concat(row.choices, ", ") .. " expected"
      message = message .. (near and ("\ndid you mean %s?"):format(near) or "")
    elseif types[row.type] then
      value, message = types[row.type](text, row)
    end
    if value == nil then
      local first, hint = message:match("^(.-)(\n.*)$")
      return nil, ("%s: %s, got %s%s"):format(place, first or message, status.quote(text), hint or "")
    end
    return value
  end
end

-- ---- words -----------------------------------------------------------------------------------

-- Rows by "--name" and "-n".
local function index(rows)
  local by_word = {}
  for _, row in ipairs(rows) do
    by_word["--" .. row.name] = row
    if row.short then
      by_word["-" .. row.short] = row
    end
  end
  return by_word
end

-- Two traps of argparse: "--since -2h" would be read as an option -2, so such a value is joined to its option; and an
-- option whose value is optional would swallow the next word, so the default is written out.
local function join(words, by_word)
  local out, at = {}, 1
  while words[at] do
    local word = words[at]
    local row = by_word[word]
    if word == "--" then
      for rest = at, #words do
        out[#out + 1] = words[rest]
      end
      return out
    elseif row and row.optional then
      word = word .. "=" .. row.optional
    elseif row and row.value and (words[at + 1] or ""):find("^%-%d") then
      at = at + 1
      word = word .. (word:find("^%-%-") and "=" or "") .. words[at]
    end
    out[#out + 1], at = word, at + 1
  end
  return out
end

--- Divides the words of a command line: those before and after the verb, without it, and the verb (nil without one).
-- Before it stand only `rows`, the options that every verb takes.
function parser.find_verb(words, rows)
  local by_word, rest, at = index(rows), {}, 1
  while words[at] do
    local word = words[at]
    if word == "-" or not word:find("^%-") then
      for after = at + 1, #words do
        rest[#rest + 1] = words[after]
      end
      return word, rest
    end
    local name = word:match("^(%-%-[^=]+)=") or word:match("^%-%-.*") or word:sub(1, 2)
    local row = by_word[name]
    if not row then
      local names = {}
      for known in pairs(by_word) do
        names[#names + 1] = known
      end
      table.sort(names)
      local near = core.nearest(name, names)
      status.usage(("unknown option %s before the verb"):format(name),
        near and ("did you mean %s?"):format(near) or "options of a verb stand behind it: cloudaudit VERB " .. name)
    end
    rest[#rest + 1], at = word, at + 1
    if row.value and not row.optional and word == name and words[at] then
      rest[#rest + 1], at = words[at], at + 1
    end
  end
  return nil, rest
end

-- ---- argparse --------------------------------------------------------------------------------

--- The parser class of argparse; ends the command, for the verb `owner`, when it is not installed.
function parser.argparse(owner)
  local argparse = optional.module("argparse")
  if not argparse then
    status.needs(owner, "argparse")
  end
  return argparse()
end

local function add_option(made, row, completes)
  local names = (row.short and "-" .. row.short .. " " or "") .. "--" .. row.name
  local element
  if row.value then
    element = made:option(names):convert(converter(row)):argname(row.value)
    if row.list then
      element:action("append"):count("*")
    end
  else
    element = made:flag(names)
  end
  if completes and row.choices then
    element:choices(row.choices)
  end
  element:target(key_of(row.name)):description(row.doc)
end

--- Adds the options and positionals of a verb to an argparse parser or command. `completes`: for completions, which
-- offer the choices of a value; otherwise the converter checks them.
function parser.declare(made, rows, positionals, completes)
  for _, row in ipairs(rows) do
    add_option(made, row, completes)
  end
  for _, row in ipairs(positionals or {}) do
    row.positional = true
    local element = made:argument(row.name):args(row.args or 1):convert(converter(row)):argname(row.value)
    element:description(row.doc)
    if completes and row.choices then
      element:choices(row.choices)
    end
  end
end

-- argparse quotes names and puts its suggestion on a second line.
local function complain(owner, message)
  local text, hint = message:match("^(.-)\n(.*)$")
  text = (text or message):gsub("unknown option '([^']*)'", "unknown option %1")
    :gsub("too many arguments", "too many arguments")
  hint = hint and hint:gsub("^Did you mean", "did you mean"):gsub("'", "")
  status.usage(owner .. ": " .. text, hint or ("see cloudaudit %s --help"):format(owner))
end

-- A list of lists of names is one list; argparse also makes an empty list of an option that was not given.
local function flatten(rows, values)
  for _, row in ipairs(rows) do
    local key = key_of(row.name)
    local given = row.list and values[key]
    if given and #given == 0 then
      values[key] = nil
    elseif given and row.type == "names" then
      local list = {}
      for _, names in ipairs(given) do
        for _, name in ipairs(names) do
          list[#list + 1] = name
        end
      end
      values[key] = list
    end
  end
  return values
end

--- Whether the words ask for help or the version, which needs no argparse and no valid command line: "help", "version"
-- or nil.
function parser.wants(words, rows)
  local by_word, at = index(rows), 1
  while words[at] and words[at] ~= "--" do
    local row = by_word[words[at]]
    if row and (row.name == "help" or row.name == "version") then
      return row.name
    end
    at = at + (row and row.value and not row.optional and 2 or 1)
  end
  return nil
end

--- The values of the words by the names of their rows ("-" becomes "_"), positionals included. `owner`: the verb.
function parser.read(owner, words, rows, positionals)
  local made = parser.argparse(owner):name("cloudaudit " .. owner):add_help(false)
  parser.declare(made, rows, positionals)
  local done, result = made:pparse(join(words, index(rows)))
  if not done then
    complain(owner, result)
  end
  return flatten(rows, result)
end

return parser
