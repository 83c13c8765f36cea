-- The public names of this tree, one per line with its family: what users of Lua, C, make and the command write.
-- spec/fixtures/public_names.txt records those of 0.1.0 before its first release; to record anew:
--   spec/with 5.4 lua -e 'require("support.public_names").write()'
local folder = require "support.folder"

local public_names = {}

public_names.PATH = "spec/fixtures/public_names.txt"

local function read(path)
  local file = assert(io.open(path, "rb"))
  local text = file:read("*a")
  file:close()
  return text
end

local function lines_of(command)
  local pipe = assert(io.popen("env -u LD_PRELOAD " .. command))
  local lines = {}
  for line in pipe:lines() do
    lines[#lines + 1] = line
  end
  pipe:close()
  assert(#lines > 0, command .. " printed nothing")
  return lines
end

-- Documented functions and fields of the Lua API: options, errors, queries, events and all other classes.
local function add_types(add)
  local class
  for line in read("lua/cloudaudit/types.lua"):gmatch("[^\n]+") do
    class = line:match("^%-%-%-@class cloudaudit%.?([%w_.]*)") or class
    local field = line:match("^%-%-%-@field ([%w_]+)")
    if field and not class:find("^wire%.") then
      add("type", class .. "." .. field)
    end
    add("lua", line:match("^function ([%w_.:]+)"))
  end
end

local function add_functions(add, family, owner, members)
  local count = 0
  for name, value in pairs(members) do
    if type(name) == "string" and type(value) == "function" and name:sub(1, 1) ~= "_" then
      add(family, owner .. name)
      count = count + 1
    end
  end
  return count
end

-- What `require "cloudaudit"` and its objects have at run time.
local function add_runtime(add)
  local cloudaudit = require "cloudaudit"
  for name in read("lua/cloudaudit/init.lua"):gmatch('\n  ([%w_]+) = { "cloudaudit%.') do
    assert(cloudaudit[name] ~= nil, name)
    add("member", "cloudaudit." .. name)
  end
  for name in read("lua/cloudaudit/types.lua"):gmatch("\nfunction credentials%.([%w_]+)") do
    assert(type(cloudaudit.credentials[name]) == "function", name)
    add("member", "credentials." .. name)
  end
  assert(cloudaudit.storage.cls and cloudaudit.emulator.new, "loads both, where they are loaded on first use")
  for _, name in ipairs{ "storage", "errors", "time", "emulator" } do
    assert(add_functions(add, "member", name .. ".", cloudaudit[name]) > 0, name)
  end
  local emulator = cloudaudit.emulator.new()
  local client = emulator:client()
  local server = emulator:serve{}
  local objects = { Client = client, Async = client.async, Future = client.async:quota(), Tail = client:tail{},
    Error = select(3, client:lookup{ since = "x" }), Emulator = emulator, EmulatorServer = server }
  for class, object in pairs(objects) do
    assert(add_functions(add, "method", class .. ":", getmetatable(object).__index) > 0, class)
  end
  for action, of in pairs(require("cloudaudit.core").actions()) do
    add("action", of.service == "cloudaudit" and action or nil)
  end
  for _, row in ipairs(require("cloudaudit.options").rows) do
    add("option", row.name)
  end
  server:close()
  client:close()
end

-- Members of the C modules, and methods of their userdata, whose metatables are only in the registry.
local function add_binding(add)
  for _, name in ipairs{ "core", "curl", "httpd" } do
    for member in pairs(require("cloudaudit." .. name)) do
      add("binding", ("cloudaudit.%s.%s"):format(name, member))
    end
  end
  for name, metatable in pairs(debug.getregistry()) do
    local class = type(name) == "string" and name:match("^cloudaudit%.[%w.]*%a")
    local methods = class and type(metatable) == "table" and metatable.__index
    if type(methods) == "table" then
      add_functions(add, "binding", class .. ":", methods)
    end
  end
end

-- What `cmake --install` puts into include, lib/pkgconfig and bin, and what the shared libraries export.
local function add_installed(add)
  local prefix = folder.new()
  local build = "build/" .. (os.getenv("CLOUDAUDIT_BUILD") or "5.4")
  lines_of(("cmake --install %s --prefix '%s'"):format(build, prefix.path))
  local function add_files(family, where, pattern)
    for _, path in ipairs(lines_of(("find '%s' -path '%s' -type f"):format(prefix.path, "*/" .. where .. "/*"))) do
      -- One of the .pc files is named for the Lua of the build.
      add(family, (path:match(pattern):gsub("^cloudaudit%-lua[j5][%w.]*%.pc$", "cloudaudit-LUA.pc")))
    end
  end
  add_files("header", "include", "/include/(.*)$")
  add_files("pkg-config", "pkgconfig", "([^/]*)$")
  add_files("command", "bin", "([^/]*)$")
  for _, library in ipairs{ "libcloudaudit", "libcloudaudit-curl" } do
    for _, line in ipairs(lines_of(("nm -D --defined-only '%s'/lib/%s.so"):format(prefix.path, library))) do
      add(library, line:match("[TDBR] (caudit_[%w_]+)$"))
    end
  end
  prefix.remove()
end

local function add_files(add)
  for line in read("Makefile"):gmatch("[^\n]+") do
    local targets = line:match("^([%l%- ]+):") or ""
    for target in targets:gmatch("%S+") do
      add("make", target)
    end
  end
  for name in read("csrc/include/cloudaudit/base.h"):gmatch('  X%(%u[%u_]*, "([%l_]+)"%)') do
    add("kind", name)
  end
  for _, option in ipairs(require("cloudaudit.cli.verbs.emulate").options) do
    add("emulate", "--" .. option.name)
  end
end

--- The names as sorted lines "family name".
function public_names.list()
  local seen, list = {}, {}
  local function add(family, name)
    local line = name and family .. " " .. name
    if line and not seen[line] then
      seen[line] = true
      list[#list + 1] = line
    end
  end
  add_types(add)
  add_runtime(add)
  add_binding(add)
  add_installed(add)
  add_files(add)
  table.sort(list)
  return list
end

--- The recorded lines.
function public_names.recorded()
  local list = {}
  for line in io.lines(public_names.PATH) do
    list[#list + 1] = line
  end
  return list
end

--- Records the names of this tree.
function public_names.write()
  local file = assert(io.open(public_names.PATH, "wb"))
  file:write(table.concat(public_names.list(), "\n"), "\n")
  file:close()
end

--- Compares the recorded names with today's, after the allowed differences: `removed` and `added` are sets of lines.
-- Returns a list of what is wrong: a name lost or new without leave, and a difference that does not exist.
function public_names.compare(recorded, today, removed, added)
  local wrong, before, now = {}, {}, {}
  local function check(line, holds, text)
    if not holds then
      wrong[#wrong + 1] = text .. ": " .. line
    end
  end
  for _, line in ipairs(recorded) do
    before[line] = true
  end
  for _, line in ipairs(today) do
    now[line] = true
    check(line, before[line] or added[line], "not recorded")
  end
  for _, line in ipairs(recorded) do
    check(line, now[line] or removed[line], "missing")
  end
  for line in pairs(removed) do
    check(line, before[line] and not now[line], "listed as removed, but is not")
  end
  for line in pairs(added) do
    check(line, now[line] and not before[line], "listed as added, but is not")
  end
  table.sort(wrong)
  return wrong
end

return public_names
