-- Reads files of credentials, in their two formats. Writes none, and no message shows a line of one.
local core = require "cloudaudit.core"
local errors = require "cloudaudit.errors"
local providers = require "cloudaudit.credentials.provider"

local files = {}

-- More than any file of credentials has; a device or a log, named by mistake, is not read to its end.
local MAX_BYTES = 1024 * 1024

local ENOENT, ENOTDIR = 2, 20

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

-- A file that others can read is not refused, since the official tools write such files.
local function warn_of_readers(context, path)
  local mode = core.file_mode(path)
  context.warned = context.warned or {}
  if mode and not context.warned[path] and math.floor(mode / 4) % 2 + math.floor(mode / 32) % 2 > 0 then
    context.warned[path] = true
    providers.log(context, "warn", "%s: this credentials file is readable by others (mode %03o): run chmod 600", path,
      mode % 512)
  end
end

--- The text of a file; nil, message when it does not exist; nil, message, err when it cannot be read. `quietly`: no
-- warning when others can read it, since it has no secret key.
function files.read(context, path, quietly)
  if type(io) ~= "table" or not io.open then
    return nil, path .. ": skipped (no io library)"
  end
  local file, message, code = io.open(path, "rb")
  if not file then
    if code == ENOENT or code == ENOTDIR then
      return nil, path .. ": not found"
    end
    return files.broken(path, "cannot be read: " .. tostring(message):gsub("^.*: ", ""))
  end
  local text, problem = file:read(MAX_BYTES + 1)
  file:close()
  if not text and problem then
    return files.broken(path, "cannot be read: " .. problem)
  elseif text and #text > MAX_BYTES then
    return files.broken(path, "longer than 1 MiB")
  elseif not quietly then
    warn_of_readers(context, path)
  end
  return text or ""
end

-- Some editors write a byte order mark.
local function unmarked(text)
  return (text:gsub("^\239\187\191", ""))
end

-- ---- INI -------------------------------------------------------------------------------------

local function unquoted(value)
  return value:match('^"(.*)"$') or value:match("^'(.*)'$") or value
end

--- The sections of an INI file, {name = {key = value}}; or nil, message, err, which name the line.
function files.ini(path, text)
  local sections, section, number = {}, nil, 0
  for line in (unmarked(text) .. "\n"):gmatch("(.-)\r?\n") do
    number = number + 1
    line = line:match("^%s*(.-)%s*$")
    local name = line:match("^%[%s*([^%]]-)%s*%]$")
    local key, value = line:match("^([^=:%s]+)%s*[=:]%s*(.*)$")
    if name then
      sections[name] = sections[name] or {}
      section = sections[name]
    elseif line ~= "" and not line:find("^[;#]") then
      if not key then
        return files.broken(path, ("line %d is neither [section] nor name = value"):format(number))
      elseif not section then
        return files.broken(path, ("line %d comes before any [section]"):format(number))
      elseif section[key] then
        return files.broken(path, ("line %d repeats %s"):format(number,
          key:find("^secret_") and key or "a name"))
      end
      section[key] = unquoted(value)
    end
  end
  return sections
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
