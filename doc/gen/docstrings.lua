-- Reads the type annotations of the sources: the lines in docstrings that begin with "--:".
--   --: Client:get_track(id: integer|string) -> Track | failure     after a docstring, above its function
--   --: class Track  a tracking set                                 followed by a line per field ("--:   id integer"),
--                                                                   or by a table of rows
local docstrings = {}

-- LuaCATS types for a row's `type`.
local ROW_TYPES = { seconds = "number", count = "integer", positive = "integer", callable = "function", any = "any" }

local function lines_of(path)
  local list = {}
  for line in io.lines(path) do
    list[#list + 1] = line
  end
  return list
end

local function sources()
  local pipe = assert(io.popen("env -u LD_PRELOAD find lua/cloudaudit -name '*.lua' ! -name types.lua | LC_ALL=C sort"))
  local list = {}
  for path in pipe:lines() do
    list[#list + 1] = path
  end
  pipe:close()
  return list
end

--- Splits a text at separators, but not at those inside brackets.
function docstrings.split(text, separator)
  local parts, depth, part = {}, 0, ""
  for at = 1, #text do
    local c = text:sub(at, at)
    depth = depth + (c:find("[%(%[{<]") and 1 or (c:find("[%)%]}]") or c == ">" and text:sub(at - 1, at - 1) ~= "-")
      and -1 or 0)
    if c == separator and depth == 0 then
      parts[#parts + 1], part = part:match("^%s*(.-)%s*$"), ""
    else
      part = part .. c
    end
  end
  part = part:match("^%s*(.-)%s*$")
  if part ~= "" then
    parts[#parts + 1] = part
  end
  return parts
end

-- The docstring that ends above a line, without its dashes.
local function docstring(lines, above)
  local first = above
  while first > 1 and lines[first - 1]:find("^%-%-") and not lines[first]:find("^%-%-%- ") do
    first = first - 1
  end
  local doc = {}
  for index = first, above do
    doc[#doc + 1] = (lines[index]:gsub("^%-+ ?", ""))
  end
  return doc
end

-- The type of a row {name=, type=, one_of=, lua=}: `lua` where it is given; a row without types is a condition on
-- events.
local function row_type(row)
  local kind = row:match("lua = '(.-)'") or row:match('lua = "(.-)"')
  if kind then
    return kind
  end
  local kinds, values = row:match('type = "(.-)"'), row:match("one_of = {%s*(.-)%s*}")
  if not kinds and not values then
    return "string|number|(string|number)[]"
  end
  local list = {}
  for name in (kinds or ""):gmatch("[^|]+") do
    list[#list + 1] = ROW_TYPES[name] or name
  end
  for value in (values or ""):gmatch("[^%s,]+") do
    list[#list + 1] = value
  end
  return table.concat(list, "|")
end

-- Fields of the table of rows that begins at a line: any number of {name = "…", …} a line; a comment behind documents
-- the row in front of it.
local function rows_at(lines, at)
  local fields = {}
  for index = at, #lines do
    local line = lines[index]
    local from, field = line:find('{ name = "', 1, true), nil
    while from do
      local row = assert(line:match("^%b{}", from), line)
      field = { name = row:match('^{ name = "([%w_]+)"') .. (row:find("required = true", 1, true) and "" or "?"),
        type = row_type(row) }
      fields[#fields + 1] = field
      from = line:find('{ name = "', from + #row, true)
    end
    if field then
      field.doc = line:match("},? %-%- (.*)$")
    end
    if line:find("^}") or line:find("}$") and index == at then
      break
    end
  end
  return fields
end

local function read_class(lines, at, head, found)
  local name, parent, doc = head:match("^class ([%w_]+):? ?([%w_]*)  (.*)$")
  assert(name, lines[at])
  local class = { name = name, parent = parent ~= "" and parent or nil, doc = doc, fields = {} }
  found.classes[name] = class
  local index = at + 1
  while lines[index]:find("^%-%-:   ") do
    local field, kind = lines[index]:match("^%-%-:   (%S+) (.*)$")
    if field:find("^%[") then
      field, kind = lines[index]:match("^%-%-:   (%b[]) (.*)$")
    end
    if kind:find("%?$") and not kind:find("^fun") and field ~= "()" then
      field, kind = field .. "?", kind:sub(1, -2)
    end
    class.fields[#class.fields + 1] = { name = field, type = kind }
    index = index + 1
  end
  if lines[index]:find("^local [%u]+ = {") then
    for _, field in ipairs(rows_at(lines, index)) do
      class.fields[#class.fields + 1] = field
    end
  end
  return index
end

local function read_function(lines, at, head, found)
  local index = at + 1
  while lines[index]:find("^%-%-:   ") do
    head = head .. " " .. lines[index]:match("^%-%-:%s+(.*)$")
    index = index + 1
  end
  local owner, dot, name, rest = head:match("^([%w_]+)([.:])([%w_]+)(%b().*)$")
  assert(owner, "malformed annotation: " .. lines[at])
  local params = rest:match("^%b()"):sub(2, -2)
  found.functions[#found.functions + 1] = { owner = owner, dot = dot, name = name,
    params = docstrings.split(params, ","), returns = rest:match("%->%s*(.*)$") or "", doc = docstring(lines, at - 1) }
  return index
end

--- All annotations of the sources: {classes = by name, functions = in their order}.
function docstrings.read()
  local found = { classes = {}, functions = {} }
  for _, path in ipairs(sources()) do
    local lines, index = lines_of(path), 1
    while lines[index] do
      local head = lines[index]:match("^%-%-: (.*)$")
      if not head then
        index = index + 1
      elseif head:find("^class ") then
        index = read_class(lines, index, head, found)
      else
        index = read_function(lines, index, head, found)
      end
    end
  end
  return found
end

return docstrings
