-- Generates lua/cloudaudit/types.lua: LuaCATS annotations of everything public, from the model and docstrings.lua.
local core = require "cloudaudit.core"
local docstrings = require "gen.docstrings"

local types = {}

local PATH = "lua/cloudaudit/types.lua"

-- "failure" in a docstring stands for these three results.
local FAILURE = { "nil", "string", "Error" }

-- Methods of a client that client.async does not have.
local NOT_ASYNC = { close = true, task = true, step = true, pending = true, fds = true }

-- Members of `require "cloudaudit"` that are not functions.
local MEMBERS = { "---@field version string", "---@field null userdata",
  "---@field storage cloudaudit.storage", "---@field credentials cloudaudit.credentials",
  "---@field errors cloudaudit.errors", "---@field time cloudaudit.time", "---@field http1 cloudaudit.http1",
  "---@field emulator cloudaudit.emulator" }

-- ---- writing ---------------------------------------------------------------------------------

local function sorted(set)
  local list = {}
  for name in pairs(set) do
    list[#list + 1] = name
  end
  table.sort(list)
  return list
end

-- A type with the full names of the library's classes.
local function full(kind, found)
  return (kind:gsub("[%a_][%w_.]*", function(word)
    if found.classes[word] or word:find("^wire%.") then
      return "cloudaudit." .. word
    end
  end))
end

local function write_doc(out, doc)
  for _, line in ipairs(doc) do
    out[#out + 1] = "---" .. line
  end
end

-- The results of a function: those of a success, combined with those of a failure at the same positions.
local function write_returns(out, text, found)
  local failing = text:find("| failure$")
  local list = docstrings.split(text:gsub("%s*| failure$", ""), ",")
  for index = 1, failing and math.max(#list, 3) or #list do
    local kind = list[index]
    if failing and not kind then
      kind = FAILURE[index] .. "?"
    elseif failing and kind ~= "any" then
      kind = kind .. "|" .. FAILURE[index]
    end
    local name = failing and index > 1 and not list[index] and ({ nil, " message", " err" })[index] or ""
    out[#out + 1] = "---@return " .. full(kind, found) .. name
  end
end

local function write_function(out, made, found, returns)
  write_doc(out, made.doc)
  local names = {}
  for index, param in ipairs(made.params) do
    local name, optional, kind = param:match("^([%w_.]+)(%??):%s*(.*)$")
    assert(name, made.name .. ": " .. param)
    names[index] = name
    out[#out + 1] = ("---@param %s%s %s"):format(name, optional, full(kind, found))
  end
  write_returns(out, returns or made.returns, found)
  out[#out + 1] = ("function %s%s%s(%s) end"):format(made.owner, made.dot, made.name, table.concat(names, ", "))
  out[#out + 1] = ""
end

local function write_fields(out, fields, found)
  for _, field in ipairs(fields) do
    if field.name == "()" then
      out[#out + 1] = "---@overload fun(): " .. full(field.type, found)
    else
      out[#out + 1] = ("---@field %s %s%s"):format(field.name, full(field.type, found),
        field.doc and " " .. field.doc or "")
    end
  end
end

local WIRE_TYPES = { string = "string", int64 = "integer|string", uint64 = "integer|string", bool = "boolean",
  strings = "string[]" }

-- Requests and responses of CloudAudit's actions, with their nested objects.
local function write_model(out, actions, shapes)
  local wanted = {}
  local function want(name)
    if not wanted[name] then
      wanted[name] = true
      for _, field in ipairs(shapes[name]) do
        if field.shape then
          want(field.shape)
        end
      end
    end
  end
  for _, name in ipairs(sorted(actions)) do
    want(name .. "Request")
    want(name .. "Response")
  end
  for _, name in ipairs(sorted(wanted)) do
    out[#out + 1] = "---@class cloudaudit.wire." .. name
    for _, field in ipairs(shapes[name]) do
      local of = field.shape and "cloudaudit.wire." .. field.shape .. (field.type == "objects" and "[]" or "")
      local kind = WIRE_TYPES[field.type] or of
      out[#out + 1] = ("---@field %s%s %s %s"):format(field.name, field.required and "" or "?", kind, field.doc)
    end
    out[#out + 1] = ""
  end
end

local function wire_functions(actions, shapes)
  local list = {}
  for _, name in ipairs(sorted(actions)) do
    local action, optional = actions[name], "?"
    for _, field in ipairs(shapes[action.request]) do
      optional = field.required and "" or optional
    end
    list[#list + 1] = { owner = "Client", dot = ":", name = name, doc = { action.doc },
      params = { ("params%s: wire.%s"):format(optional, action.request) },
      returns = "wire." .. action.response .. " | failure" }
  end
  return list
end

-- A class and its functions. `full_name` differs from the owner's for all but the module itself.
local function write_owner(out, owner, full_name, found, functions)
  local class = found.classes[owner] or { fields = {}, doc = "" }
  if class.doc ~= "" then
    out[#out + 1] = "---" .. class.doc
  end
  out[#out + 1] = "---@class " .. full_name .. (class.parent and ": cloudaudit." .. class.parent or "")
  write_fields(out, class.fields, found)
  if owner == "cloudaudit" then
    for _, line in ipairs(MEMBERS) do
      out[#out + 1] = line
    end
  elseif owner == "Client" then
    out[#out + 1] = "---@field async cloudaudit.Async"
  end
  if #functions > 0 then
    out[#out + 1] = ("local %s = {}"):format(owner)
  end
  out[#out + 1] = ""
  for _, made in ipairs(functions) do
    write_function(out, made, found, owner == "Async" and "Future" or nil)
  end
end

local function by_owner(found, actions)
  local owners = { Async = {} }
  for name in pairs(found.classes) do
    owners[name] = {}
  end
  local all = wire_functions(actions, core.shapes())
  for index = #found.functions, 1, -1 do
    table.insert(all, 1, found.functions[index])
  end
  for _, made in ipairs(all) do
    owners[made.owner] = owners[made.owner] or {}
    table.insert(owners[made.owner], made)
    if made.owner == "Client" and not NOT_ASYNC[made.name] then
      table.insert(owners.Async, { owner = "Async", dot = ":", name = made.name, params = made.params,
        doc = { "The values of Client:" .. made.name .. ", later." } })
    end
  end
  return owners
end

--- The text of types.lua.
function types.generate()
  local actions = {}
  for name, action in pairs(core.actions()) do
    actions[name] = action.service == "cloudaudit" and action or nil
  end
  local found = docstrings.read()
  found.classes.Client = found.classes.Client or { name = "Client", fields = {}, doc = "a client of CloudAudit" }
  found.classes.Async = { name = "Async", fields = {}, doc = "every method of a client, as a future" }
  found.classes.Emulator = { name = "Emulator", fields = {}, doc = "CloudAudit as a Lua object" }
  local out = { "---@meta cloudaudit", "-- Generated by `make types` from the model and the docstrings: do not edit."
    .. " Never loaded; for LuaLS and those who read.", "" }
  local owners = by_owner(found, actions)
  write_owner(out, "cloudaudit", "cloudaudit", found, owners.cloudaudit)
  for _, owner in ipairs(sorted(owners)) do
    if owner ~= "cloudaudit" then
      write_owner(out, owner, "cloudaudit." .. owner, found, owners[owner])
    end
  end
  write_model(out, actions, core.shapes())
  out[#out + 1] = "return cloudaudit"
  return table.concat(out, "\n") .. "\n"
end

--- The present text of the file, and its path.
function types.read()
  local file = assert(io.open(PATH, "rb"))
  local text = file:read("*a")
  file:close()
  return text, PATH
end

--- Writes the file.
function types.write()
  local text = types.generate()
  local file = assert(io.open(PATH, "wb"))
  file:write(text)
  file:close()
end

return types
