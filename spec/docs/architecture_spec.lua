-- doc/architecture.md: the files that it names exist, no file is missing, and each function of its walks calls the one
-- behind its arrow.
local layout = require "support.layout"
local manual = require "support.manual"

local FOLDERS = { "lua/cloudaudit/", "csrc/", "" }

-- The text of a file under one of the folders, or nil.
local function read(path)
  for _, folder in ipairs(FOLDERS) do
    local file = io.open(folder .. path, "rb")
    if file then
      file:close()
      return manual.read(folder .. path)
    end
  end
end

-- The lines of a source from the one that matches a pattern to the next that is `last`, for each match, as one text.
local function blocks(source, pattern, last)
  local list, indent = {}, nil
  for line in source:gmatch("[^\n]*") do
    if not indent and line:find(pattern) then
      indent = line:match("^ *")
    end
    list[#list + 1] = indent and line or nil
    if indent and (line == indent .. last or line == indent .. last .. ",") then
      indent = nil
    end
  end
  return table.concat(list, "\n")
end

-- The bodies of all functions of that name in a file.
local function body(path, name)
  local source = assert(read(path), path)
  if path:find("%.c$") then
    return blocks(source, "^[%a_].*%f[%w_]" .. name .. "%([^;]*$", "}"):gsub("^[^\n]*", "")
  end
  return (blocks(source, "function [%w_]*[.:]?" .. name .. "%(", "end")
    .. blocks(source, "^ *" .. name .. " = function%(", "end")):gsub("function [%w_.:]+", "")
end

-- Calls visit(path, name, path of what it calls, name of that) for each arrow of a text.
local function each_arrow(text, visit)
  local from = 1
  while true do
    local path, name, next_from, next_path, next_name =
      text:match("`([%w_/.]+): ([%w_]+)`%s*→%s*()`([%w_/.]+): ([%w_]+)`", from)
    if not path then
      return
    end
    visit(path, name, next_path, next_name)
    from = next_from
  end
end

-- What a caller in Lua calls a C function of the binding: "check" for caudit_lua_check, "next" for call_next.
local function name_for_lua(name)
  return (name:gsub("^caudit_lua_", ""):gsub("^%a+_", ""))
end

local function into_c(path, callee)
  return path:find("%.lua$") and callee:find("%.c$")
end

describe("architecture.md", function()
  local text = manual.read("doc/architecture.md")

  it("names files that exist", function()
    local count = 0
    for path in text:gmatch("`([%w_/]+%.[lcd][uae]?[af]?)`") do
      assert.truthy(read(path), path)
      count = count + 1
    end
    assert.is_true(count > 80)
  end)

  it("walks through functions that are there", function()
    local count = 0
    for path, name in text:gmatch("`([%w_/.]+): ([%w_]+)`") do
      local source = assert(read(path), path)
      assert.truthy(source:find("%f[%w_]" .. name .. "%f[^%w_]"), path .. ": " .. name)
      count = count + 1
    end
    assert.is_true(count > 50)
  end)

  it("names every file, or the folder of the emulator's and the command's", function()
    local files = layout.find("lua/cloudaudit csrc -name '*.lua' -o -name '*.[ch]' -o -name '*.def'")
    assert.is_true(#files > 150)
    for _, path in ipairs(files) do
      local name = path:gsub("^lua/cloudaudit/", ""):gsub("^csrc/", "")
      local folder = name:match("^emulator/") or name:match("^cli/") or name:match("^include/cloudaudit/")
      assert.truthy(text:find("`" .. (folder or name) .. "`", 1, true), path)
    end
  end)

  it("walks along calls that are there, and counts them", function()
    local number, arrows, crossings = 0, 0, 0
    for walk in text:gmatch("## (Walk: .-)\n%f[#]") do
      local hops, count = {}, 0
      for path, name in walk:gmatch("`([%w_/.]+%.%a+): ([%w_]+)`") do
        local hop = path .. ": " .. name
        count = count + (hops[hop] and 0 or 1)
        hops[hop] = true
      end
      each_arrow(walk, function(path, name, next_path, next_name)
        local called = next_name
        if into_c(path, next_path) then
          called, crossings = name_for_lua(next_name), crossings + 1
        end
        assert.truthy(body(path, name):find("%f[%w_]" .. called .. "%f[^%w_]"),
          ("%s: %s does not call %s: %s"):format(path, name, next_path, next_name))
        arrows = arrows + 1
      end)
      number = number + 1
      assert.equal(tonumber(walk:match("(%d+) hops")), count)
      assert.equal(tonumber(walk:match("(%d+) arrows from Lua")) or 0, crossings)
      crossings = 0
    end
    assert.equal(2, number)
    assert.is_true(arrows > 90, arrows)
  end)
end)
