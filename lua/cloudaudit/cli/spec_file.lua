-- Reads specs of tracking sets from a file: JSON, or Lua that returns a spec or a list of specs. A Lua file is text,
-- sees nothing (its environment is empty), and may run a bounded number of instructions.
local core = require "cloudaudit.core"
local status = require "cloudaudit.cli.status"

local spec_file = {}

local MAX_BYTES = 4 * 1024 * 1024
local MAX_INSTRUCTIONS = 1000000

--- Line and column of a byte of a text, counted from 1.
function spec_file.place(text, at)
  local before, line, from = text:sub(1, at - 1), 1, 0
  for position in before:gmatch("()\n") do
    line, from = line + 1, position
  end
  return line, #before - from + 1
end

--- The value of a JSON text; ends the command with 2, line and column when it is not one. `place` names the text.
function spec_file.json(place, text)
  local value, message = core.decode(text)
  if value == nil then
    local problem, at = tostring(message):match("^(.-) at byte (%d+)$")
    if not problem then
      status.usage(("%s: %s"):format(place, tostring(message)))
    end
    local line, column = spec_file.place(text, tonumber(at))
    status.usage(("%s:%d:%d: invalid JSON: %s"):format(place, line, column, problem))
  end
  return value
end

local function read_bytes(path, option)
  local file, message = io.open(path, "rb")
  local text
  if file then
    text, message = file:read(MAX_BYTES + 1)
    file:close()
    text = text or not message and "" or nil
  end
  if not text then
    status.usage(("%s: %s"):format(option, tostring(message)))
  elseif #text > MAX_BYTES then
    status.usage(("%s: %s is longer than %d bytes"):format(option, path, MAX_BYTES))
  end
  return text
end

-- Compiles a text with an empty environment. Some editors write a byte order mark.
local function compile(text, name)
  text = text:gsub("^\239\187\191", "")
  if text:sub(1, 1) == "\27" then
    return nil, name .. ": a binary chunk; Lua source expected"
  elseif rawget(_G, "setfenv") then
    local chunk, message = rawget(_G, "loadstring")(text, "=" .. name)
    return chunk and rawget(_G, "setfenv")(chunk, {}), message
  end
  return load(text, "=" .. name, "t", {})
end

-- Runs a chunk in a coroutine of its own, so that the hook is the chunk's alone. Compiled loops of LuaJIT skip hooks.
local function run(chunk, name, option)
  local jit = rawget(_G, "jit")
  if jit then
    jit.off(chunk, true)
  end
  local thread = coroutine.create(chunk)
  local used = 0
  debug.sethook(thread, function()
    used = used + 1000
    if used > MAX_INSTRUCTIONS then
      local info = debug.getinfo(2, "l")
      error(string.format("%s:%d: stopped after %d instructions", name, info and info.currentline or 0,
        MAX_INSTRUCTIONS), 0)
    end
  end, "", 1000)
  -- Methods of strings could run for a long time in one instruction.
  local methods = getmetatable("")
  debug.setmetatable("", nil)
  local done, value = coroutine.resume(thread)
  debug.setmetatable("", methods)
  debug.sethook(thread)
  if jit then
    debug.sethook() -- LuaJIT has one hook for all coroutines
  end
  if not done then
    status.usage(("%s: %s"):format(option, tostring(value)))
  elseif coroutine.status(thread) ~= "dead" then
    status.usage(("%s: %s: a spec or a list of specs must be returned, not yielded"):format(option, name))
  end
  return value
end

--- The specs in a file, as a list. `option` (default --file) is the one that names the file.
function spec_file.read(path, option)
  option = option or "--file"
  local text, value = read_bytes(path, option), nil
  if path:find("%.lua$") then
    local chunk, message = compile(text, path)
    if not chunk then
      status.usage(("%s: %s"):format(option, tostring(message)))
    end
    value = run(chunk, path, option)
  elseif path:find("%.json$") then
    value = spec_file.json(path, text)
  else
    status.usage(("%s: a name that ends in .json or .lua expected, got %s"):format(option, path))
  end
  if type(value) ~= "table" then
    status.usage(("%s: %s: a spec or a list of specs expected, got %s"):format(option, path, type(value)))
  end
  -- A table with names is one spec, even if its name is missing or misspelt.
  return type(next(value)) == "string" and { value } or value
end

return spec_file
