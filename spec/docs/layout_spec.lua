-- The layout of the repository: every module has its spec, dependencies have no cycle, files stay short, links resolve.
local layout = require "support.layout"

local MOST_LINES = 350
local README_LINES = 250

-- Modules without a spec of their own: never loaded, or tested inside nginx by spec/hosts/nginx.sh.
local EXEMPT = { types = true, ["driver/nginx/init"] = true, ["driver/nginx/connection"] = true }

-- Generated, a table, or data.
local MAY_BE_LONG = { "^lua/cloudaudit/types%.lua$", "^csrc/include/cloudaudit/model%.def$", "^spec/fixtures/" }

local modules = {}
for _, path in ipairs(layout.find("lua/cloudaudit -name '*.lua'")) do
  modules[#modules + 1] = path:match("^lua/cloudaudit/(.*)%.lua$")
end
local is_module = {}
for _, name in ipairs(modules) do
  is_module[name] = true
end

local sources = layout.find([[csrc \( -name '*.[ch]' -o -name '*.def' \)]])

local function no_cycle(graph)
  assert.is_nil(layout.cycle(graph))
end

-- The file of a module that is required by name: "tracks.diff", "tracks" (its init) or "" (the library itself). A name
-- that is completed at run time ("credentials.") means the folder.
local function file_of(name)
  local path = name:gsub("%.$", ""):gsub("%.", "/")
  return is_module[path] and path or path == "" and "init" or path .. "/init"
end

-- A file at the top stands for itself, all others for their first folder.
local function family(path)
  return path:match("^([^/]+)/") or path
end

-- Which file of csrc an #include means, nil for one of the system.
local function included(from, name)
  for _, folder in ipairs{ from:match("^(.*/)"), "csrc/", "csrc/include/" } do
    if layout.exists(folder .. name) then
      return folder .. name
    end
  end
end

local function graph_of_lua(node)
  local graph, edges = {}, 0
  for _, name in ipairs(modules) do
    for _, required in ipairs(layout.requires(layout.read("lua/cloudaudit/" .. name .. ".lua"))) do
      local file = file_of(required)
      if required == "core" or required == "curl" or required == "httpd" then
        file = "C/" .. required
      else
        assert(is_module[file], name .. " requires cloudaudit." .. required .. ", which does not exist")
      end
      layout.add_edge(graph, node(name), node(file))
      edges = edges + 1
    end
  end
  assert.is_true(edges > 200)
  return graph
end

local function graph_of_c(node)
  local graph, edges = {}, 0
  for _, path in ipairs(sources) do
    for _, name in ipairs(layout.includes(layout.read(path))) do
      local found = included(path, name)
      if found then
        layout.add_edge(graph, node(path), node(found))
        edges = edges + 1
      end
    end
  end
  assert.is_true(edges > 60)
  return graph
end

describe("modules", function()
  it("are not named like specs", function()
    assert.is_true(#modules > 70)
    for _, name in ipairs(modules) do
      assert.is_nil(name:find("_spec$"), name)
    end
  end)

  it("have a spec of their name, or are exempt", function()
    local missing = {}
    for _, name in ipairs(modules) do
      if layout.exists(("spec/%s_spec.lua"):format(name)) == (EXEMPT[name] or false) then
        missing[#missing + 1] = name
      end
    end
    for name in pairs(EXEMPT) do
      assert.is_true(is_module[name], name .. " is exempt, but does not exist")
    end
    assert.equal("", table.concat(missing, " "))
  end)

  it("are what the specs beside them are named after", function()
    local unknown = {}
    for _, path in ipairs(layout.find("spec -name '*_spec.lua'")) do
      local name = path:match("^spec/(.*)_spec%.lua$")
      local known = is_module[name]
      -- A long spec is divided: driver/curl_send is about driver/curl.
      for at in name:gmatch("()_") do
        known = known or is_module[name:sub(1, at - 1)]
      end
      local folder = name:match("^([^/]+)/")
      -- spec/live is a program: its modules are beside their specs.
      known = known or folder == "live" and layout.exists(("spec/%s.lua"):format(name))
      if not known and folder ~= "integration" and folder ~= "binding" and folder ~= "docs" and folder ~= "faults" then
        unknown[#unknown + 1] = name
      end
    end
    assert.equal("", table.concat(unknown, " "))
  end)
end)

describe("dependencies", function()
  it("between Lua files have no cycle", function()
    no_cycle(graph_of_lua(function(path)
      return path
    end))
  end)

  it("between Lua folders have no cycle", function()
    no_cycle(graph_of_lua(family))
  end)

  it("between C files have no cycle", function()
    no_cycle(graph_of_c(function(path)
      return path
    end))
  end)

  it("between C folders have no cycle", function()
    local graph = graph_of_c(function(path)
      return path:match("^csrc/([^/]+)/")
    end)
    assert.is_true(graph.binding.core or graph.binding.include)
    no_cycle(graph)
  end)

  it("are found, and a cycle is", function()
    assert.same({ "errors", "tracks.diff", "", "json", "cli." }, layout.requires([[local a = require "cloudaudit.errors"
      return require('cloudaudit.tracks.diff'), require("cloudaudit"), require ( "cloudaudit.json" ), require "cjson",
        require("cloudaudit.cli." .. name)]]))
    assert.same({ "a.h", "b/c.h", "stdio.h" },
      layout.includes('#include "a.h"\n  # include "b/c.h"\n#include <stdio.h>\nint c; // #include "d.h"\n'))
    assert.equal("csrc/core/internal.h", included("csrc/core/buf.c", "internal.h"))
    assert.is_nil(included("csrc/core/buf.c", "stdio.h"))
    assert.equal("tracks/init", file_of("tracks"))
    assert.equal("credentials/init", file_of("credentials."))
    local graph = {}
    layout.add_edge(graph, "a", "b")
    layout.add_edge(graph, "b", "c")
    layout.add_edge(graph, "a", "c")
    layout.add_edge(graph, "c", "c")
    assert.is_nil(layout.cycle(graph))
    layout.add_edge(graph, "d", "a")
    layout.add_edge(graph, "c", "b")
    assert.equal("b -> c -> b", layout.cycle(graph))
  end)
end)

describe("files", function()
  it("are short", function()
    local long, count = {}, 0
    for _, path in ipairs(layout.find([[. \( -name '*.lua' -o -name '*.[ch]' -o -name '*.js' -o -name '*.sh' ]]
      .. [[-o -name '*.cmake' -o -name '*.def' -o -name CMakeLists.txt -o -name Makefile -o -path ./spec/run ]]
      .. [[-o -path ./spec/with -o -path './bin/*' -o -path './.ci/*' \)]])) do
      local exempt = false
      for _, pattern in ipairs(MAY_BE_LONG) do
        exempt = exempt or path:find(pattern) ~= nil
      end
      local lines = layout.lines(layout.read(path))
      count = count + 1
      if lines > MOST_LINES and not exempt then
        long[#long + 1] = ("%s: %d lines"):format(path, lines)
      end
    end
    assert.is_true(count > 300)
    assert.equal("", table.concat(long, "\n"))
  end)

  it("and README above all", function()
    local lines = layout.lines(layout.read("README.md"))
    assert.is_true(lines <= README_LINES, ("README.md has %d lines"):format(lines))
  end)

  it("are counted by their lines", function()
    assert.equal(0, layout.lines(""))
    assert.equal(1, layout.lines("a"))
    assert.equal(2, layout.lines("a\n\n"))
  end)
end)

describe("links", function()
  it("of every Markdown file resolve", function()
    local broken, count = {}, 0
    local function read(path)
      return layout.exists(path) and (layout.read(path) or "") or nil
    end
    for _, path in ipairs(layout.find(". -name '*.md'")) do
      local text = layout.read(path)
      count = count + select(2, text:gsub("%]%(", ""))
      for _, link in ipairs(layout.broken_links(path, text, read)) do
        broken[#broken + 1] = link
      end
    end
    assert.is_true(count > 0)
    assert.equal("", table.concat(broken, "\n"))
  end)

  it("that lead nowhere are found", function()
    local files = { ["doc/a.md"] = "# One two\n```\n# three\n```\n", ["README.md"] = "## `new`: options, once\n" }
    local function broken(text)
      return table.concat(layout.broken_links("doc/x.md", text, function(path)
        return files[path]
      end), " ")
    end
    assert.equal("", broken("# Here\n[a](a.md) [b](a.md#one-two) [c](../README.md#new-options-once) [d](#here)"))
    assert.equal("", broken("[a](https://example.com/x#y)\n```\n[b](nowhere)\n```\n"))
    assert.equal("doc/x.md: b.md doc/x.md: a.md#three doc/x.md: #there",
      broken("[a](b.md) [b](a.md#three) [c](#there)"))
  end)
end)
