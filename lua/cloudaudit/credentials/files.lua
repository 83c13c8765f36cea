-- Reads files of credentials, in their two formats. Writes none, and no message shows a line of one.
local ascii = require "cloudaudit.ascii"
local core = require "cloudaudit.core"
local errors = require "cloudaudit.errors"
local providers = require "cloudaudit.credentials.provider"

local files = {}

-- More than any file of credentials has; a device or a log, named by mistake, is not read to its end.
local MAX_BYTES = 1024 * 1024

--- The home directory ("~"), or nil.
function files.home(context)
  local getenv = context.getenv
  local home = getenv and (getenv("HOME") or "") or ""
  if home == "" and getenv then
    home = getenv("USERPROFILE") or ""
  end
  return home ~= "" and home or nil
end

--- The failure of a file that exists and cannot be used.
function files.broken(path, text)
  return errors.failure{ kind = "credentials", message = ("%s: %s"):format(path, text) }
end

local function has_bit(mode, bit)
  return math.floor(mode / bit) % 2 == 1
end

-- A file that others can read or write is not refused, since the official tools write such files.
local function warn_of_others(context, path, mode, quietly)
  context.warned = context.warned or {}
  local readable = not quietly and (has_bit(mode, 4) or has_bit(mode, 32))
  local writable = has_bit(mode, 2) or has_bit(mode, 16)
  if context.warned[path] or not (readable or writable) then
    return
  end
  context.warned[path] = true
  providers.log(context, "warn", "%s: this credentials file is %s by others (mode %03o): run chmod %s", path,
    readable and writable and "readable and writable" or readable and "readable" or "writable", mode % 512,
    quietly and "go-w" or "600")
end

--- The text of a file; nil, message when it does not exist; nil, message, err when it cannot be read. Never waits: only
-- regular files are read. `quietly`: no warning when others can read it, since it has no secret key.
function files.read(context, path, quietly)
  if type(io) ~= "table" or not io.open then
    return nil, path .. ": skipped (no io library)"
  end
  local text, mode, reason = core.read_file(path, MAX_BYTES)
  if reason == "missing" then
    return nil, path .. ": not found"
  elseif reason == "long" then
    return files.broken(path, "longer than 1 MiB")
  elseif not text then
    return files.broken(path, "cannot be read: " .. mode)
  end
  warn_of_others(context, path, mode, quietly)
  return text
end

-- Some editors write a byte order mark.
local function unmarked(text)
  return (text:gsub("^\239\187\191", ""))
end

-- ---- INI -------------------------------------------------------------------------------------
-- What Python's configparser accepts, with which the official tools read these files, and a little more: quotes around
-- a value, blanks inside [ default ], a section in two parts. A comment stands on a line of its own or behind a
-- section; behind a value it is a part of the value.

local trimmed, lower = ascii.trim, ascii.lower

local function unquoted(value)
  return value:match('^"(.*)"$') or value:match("^'(.*)'$") or value
end

-- The name of the section that a line begins, or nil.
local function section_name(line)
  local name, rest = line:match("^%[([^%]]*)%](.*)$")
  local is_section = name and (rest == "" or trimmed(rest):find("^[;#]"))
  return is_section and trimmed(name) or nil
end

-- Name (in lower case) and value of a line "name = value" or "name: value", or nil.
local function setting(line)
  local name, value = line:match("^([^=:]+)[=:](.*)$")
  if name then
    return lower(trimmed(name)), trimmed(value)
  end
end

-- The value on a line and its continuation lines.
local function joined(lines)
  local first, last = 1, #lines
  while lines[first] == "" do
    first = first + 1
  end
  while last > first and lines[last] == "" do
    last = last - 1
  end
  return unquoted(table.concat(lines, "\n", first, last))
end

local Ini = {}
Ini.__index = Ini

-- Adds a line "name = value"; nil or what is wrong with it.
function Ini:add(line, depth)
  local name, value = setting(line)
  if not name then
    return "is neither [section] nor name = value"
  elseif not self.section then
    return "comes before any [section]"
  elseif self.section[name] then
    return "repeats " .. (name:find("^secret_") and name or "a name")
  end
  self.depth = self.value and math.min(self.depth, depth) or depth
  self.value = { value }
  self.section[name] = self.value
end

-- True if an indented line continues the value above it: one that is a setting itself does not.
function Ini:continues(line, depth)
  if not self.value or depth <= self.depth then
    return false
  end
  local name = setting(line)
  return not name or name:find("[^A-Za-z0-9_.-]") ~= nil or self.section[name] ~= nil
end

-- Reads a line; nil or what is wrong with it.
function Ini:read(line)
  local indent, rest = line:match("^([ \t\v\f]*)(.*)$")
  rest = trimmed(rest)
  local name = section_name(rest)
  if name then
    self.sections[name] = self.sections[name] or {}
    self.section, self.value = self.sections[name], nil
  elseif rest == "" then
    if self.value then
      self.value[#self.value + 1] = ""
    end
  elseif not rest:find("^[;#]") then
    if not self:continues(rest, #indent) then
      return self:add(rest, #indent)
    end
    self.value[#self.value + 1] = rest
  end
end

-- The sections with their values as texts; those of [DEFAULT] stand for what a section lacks.
local function values_of(sections)
  for _, section in pairs(sections) do
    for name, lines in pairs(section) do
      section[name] = joined(lines)
    end
  end
  local default = { __index = sections.DEFAULT }
  for _, section in pairs(sections) do
    if section ~= sections.DEFAULT then
      setmetatable(section, default)
    end
  end
  return sections
end

--- The sections of an INI file, {name = {key in lower case = value}}; or nil, message, err, which name the line.
function files.ini(path, text)
  local ini, number = setmetatable({ sections = {} }, Ini), 0
  for line in (unmarked(text):gsub("\r\n?", "\n") .. "\n"):gmatch("([^\n]*)\n") do
    number = number + 1
    local problem = ini:read(line)
    if problem then
      return files.broken(path, ("line %d %s"):format(number, problem))
    end
  end
  return values_of(ini.sections)
end

-- ---- JSON ------------------------------------------------------------------------------------

--- The object in a JSON file; nil, message, err.
function files.json(path, text)
  local value = core.decode(unmarked(text))
  if type(value) ~= "table" or getmetatable(value) == core.list then
    return files.broken(path, "not a JSON object")
  end
  return value
end

--- Completes the snapshot that was read from a file, or returns a failure that names the file.
function files.snapshot(path, snapshot)
  for _, name in ipairs{ "secret_id", "secret_key" } do
    if type(snapshot[name]) ~= "string" or snapshot[name] == "" then
      return files.broken(path, name .. " is missing")
    end
  end
  if snapshot.token == "" then
    snapshot.token = nil
  end
  return snapshot
end

return files
