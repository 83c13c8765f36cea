-- Files of this tree and how they depend on each other, for spec/docs/layout_spec.lua.
local layout = {}

--- The paths that `find` prints for arguments, sorted, without generated and foreign folders.
function layout.find(arguments)
  local pipe = assert(io.popen(("env -u LD_PRELOAD find %s -type f ! -path './build*' ! -path '*/node_modules/*' "
    .. "! -path './.git/*' | LC_ALL=C sort"):format(arguments)))
  local list = {}
  for path in pipe:lines() do
    list[#list + 1] = (path:gsub("^%./", ""))
  end
  pipe:close()
  return list
end

function layout.read(path)
  local file = assert(io.open(path, "rb"))
  local text = file:read("*a")
  file:close()
  return text
end

function layout.exists(path)
  local file = io.open(path)
  if file then
    file:close()
  end
  return file ~= nil
end

--- The number of lines of a text.
function layout.lines(text)
  return select(2, text:gsub("\n", "")) + (text:find("[^\n]$") and 1 or 0)
end

--- The names of our modules that a Lua text requires, wherever it does.
function layout.requires(text)
  local list = {}
  for name in text:gmatch("require%s*%(?%s*[\"']cloudaudit%.?([%w_.]*)[\"']") do
    list[#list + 1] = name
  end
  return list
end

--- The paths that a C text includes in quotes.
function layout.includes(text)
  local list = {}
  for path in ("\n" .. text):gmatch("\n%s*#%s*include%s*[\"<]([^\">]+)[\">]") do
    list[#list + 1] = path
  end
  return list
end

--- Adds an edge to a graph {[node] = {[node] = true}}; none from a node to itself.
function layout.add_edge(graph, from, to)
  graph[from] = graph[from] or {}
  if from ~= to then
    graph[from][to] = true
  end
end

local function sorted(set)
  local list = {}
  for name in pairs(set or {}) do
    list[#list + 1] = name
  end
  table.sort(list)
  return list
end

--- One cycle of a graph as text "a -> b -> a", or nil.
function layout.cycle(graph)
  local done, path, place = {}, {}, {}
  local function visit(node)
    if place[node] then
      path[#path + 1] = node
      return table.concat(path, " -> ", place[node])
    elseif done[node] then
      return nil
    end
    path[#path + 1] = node
    place[node] = #path
    for _, following in ipairs(sorted(graph[node])) do
      local found = visit(following)
      if found then
        return found
      end
    end
    path[#path], place[node], done[node] = nil, nil, true
  end
  for _, node in ipairs(sorted(graph)) do
    local found = visit(node)
    if found then
      return found
    end
  end
end

-- Headings of a Markdown text as GitHub's anchors: {[anchor] = true}. Blocks of code have none.
local function anchors(text)
  local set = {}
  for heading in ("\n" .. text:gsub("\n```.-\n```", "\n")):gmatch("\n#+ +([^\n]+)") do
    set[heading:lower():gsub("[%p]", function(mark)
      return (mark == "-" or mark == "_") and mark or ""
    end):gsub(" ", "-")] = true
  end
  return set
end

--- The relative links of a Markdown text at a path that lead nowhere. `read` gives the text of a path, or nil.
function layout.broken_links(path, text, read)
  local broken = {}
  local folder = path:match("^(.*/)") or ""
  for link in text:gsub("\n```.-\n```", "\n"):gmatch("%]%(([^)%s]+)%)") do
    local file, anchor = link:match("^([^#]*)#?(.*)$")
    if not link:find("^%a+:") then
      local target = folder .. file
      while target:find("[^/]+/%.%./") do
        target = target:gsub("[^/]+/%.%./", "", 1)
      end
      local found = file == "" and text or read(target)
      if not found or anchor ~= "" and not anchors(found)[anchor] then
        broken[#broken + 1] = ("%s: %s"):format(path, link)
      end
    end
  end
  return broken
end

return layout
