-- The manual as text: README.md, the chapters in doc/, CONTRIBUTING.md and SECURITY.md.
local manual = {}

manual.README = "README.md"
manual.OTHERS = { "CONTRIBUTING.md", "SECURITY.md" }

--- The text of a file of the repository.
function manual.read(path)
  local file = assert(io.open(path, "rb"))
  local text = file:read("*a")
  file:close()
  return text
end

--- The paths of the chapters, sorted.
function manual.chapters()
  local pipe = assert(io.popen("env -u LD_PRELOAD find doc -name '*.md' | LC_ALL=C sort"))
  local list = {}
  for path in pipe:lines() do
    list[#list + 1] = path
  end
  pipe:close()
  return list
end

--- README and every chapter.
function manual.reference()
  local list = manual.chapters()
  table.insert(list, 1, manual.README)
  return list
end

--- Calls visit(line, number, language) for each line of a text. `language` is nil outside of fenced blocks; the two
-- lines of a fence belong to the block.
function manual.each_line(text, visit)
  local language, number = nil, 0
  for line in (text:gsub("\n$", "") .. "\n"):gmatch("(.-)\n") do
    number = number + 1
    local fence = line:match("^%s*```(.*)$")
    if fence and not language then
      language = fence
      visit(line, number, language)
    elseif fence then
      visit(line, number, language)
      language = nil
    else
      visit(line, number, language)
    end
  end
  assert(not language, "a fenced block without its end")
end

--- The ```lua blocks of a file: a list of {path, line, text}.
function manual.lua_blocks(path)
  local list, lines = {}, nil
  manual.each_line(manual.read(path), function(line, number, language)
    if language ~= "lua" then
      return
    elseif not lines then
      lines = { first = number + 1 }
    elseif line:find("^%s*```") then
      list[#list + 1] = { path = path, line = lines.first, text = table.concat(lines, "\n") }
      lines = nil
    else
      lines[#lines + 1] = line
    end
  end)
  return list
end

--- The anchor that GitHub gives to a heading.
function manual.anchor(heading)
  local text = heading:gsub("%[(.-)%]%b()", "%1"):lower()
  text = text:gsub("%p", function(mark)
    return (mark == "-" or mark == "_") and mark or ""
  end)
  return (text:gsub(" ", "-"))
end

--- The anchors of a text, as a set.
function manual.anchors(text)
  local set = {}
  manual.each_line(text, function(line, _, language)
    local heading = not language and line:match("^#+ (.*)$")
    if heading then
      local name, count = manual.anchor(heading), 0
      while set[count == 0 and name or name .. "-" .. count] do
        count = count + 1
      end
      set[count == 0 and name or name .. "-" .. count] = true
    end
  end)
  return set
end

--- The targets of the links of a text, fenced blocks left out: a list of {target, line}.
function manual.links(text)
  local list = {}
  manual.each_line(text, function(line, number, language)
    if not language then
      for target in line:gmatch("%]%(([^)%s]+)%)") do
        list[#list + 1] = { target = target, line = number }
      end
    end
  end)
  return list
end

--- The tables under a marker such as <!-- api: Options -->: a list of {class, path, line, names}. names is the set of
-- the names in backquotes of the first column, without a prefix up to a dot or colon and without arguments.
function manual.api_tables(path)
  local list, current = {}, nil
  manual.each_line(manual.read(path), function(line, number, language)
    local class = not language and line:match("^<!%-%- api: ([%w_]+) %-%->$")
    if class then
      current = { class = class, path = path, line = number, names = {}, rows = 0 }
      list[#list + 1] = current
    elseif current and line:find("^|") then
      current.rows = current.rows + 1
      local cell = current.rows > 2 and line:match("^|(.-) |") or ""
      for code in cell:gmatch("`([^`]+)`") do
        local name = code:gsub("[({].*$", ""):match("([%w_]+)$")
        assert(name, ("%s:%d: no name in `%s`"):format(path, number, code))
        assert(not current.names[name], ("%s:%d: %s stands twice"):format(path, number, name))
        current.names[name] = true
      end
    elseif current then
      assert(current.rows > 2, ("%s:%d: no table behind the marker"):format(path, current.line))
      current = nil
    end
  end)
  return list
end

return manual
