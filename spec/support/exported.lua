-- Reads an export by the system's own tools, for specs that compare it with what was exported.
local core = require "cloudaudit.core"

local exported = {}

local function output(line)
  local pipe = assert(io.popen("env -u LD_PRELOAD " .. line))
  local text = pipe:read("*a")
  pipe:close()
  return text
end

local function lines(text)
  local list = {}
  for line in text:gmatch("[^\n]+") do
    list[#list + 1] = line
  end
  return list
end

--- The paths of the parts of a folder, below it.
function exported.names(path)
  return lines(output(("sh -c 'cd %s && find . -name \"part-*\" | sort'"):format(path)))
end

--- Hidden files and locks.
function exported.leftovers(path)
  return lines(output(("find %s -name '.?*' -o -name '*.lock*' -o -name '*.tmp'"):format(path)))
end

--- Each file of a folder -> its permissions, such as "644".
function exported.modes(path)
  local modes = {}
  for _, line in ipairs(lines(output(("find %s -type f -printf '%%m %%p\\n'"):format(path)))) do
    local mode, name = line:match("^(%d+) (.*)$")
    modes[name] = mode
  end
  return modes
end

--- One digest of the names and bytes of a folder.
function exported.digest(path)
  return output(("sh -c 'cd %s && find . -type f -exec sha256sum {} + | sort'"):format(path))
end

--- All bytes of all files in a folder.
function exported.bytes(path)
  return output(("find %s -type f -exec cat {} +"):format(path))
end

--- The rows of an export, decoded, with `day` from the folder's name; of a database in the order of their ids.
function exported.rows(path)
  local rows = {}
  if path:find("%.db$") then
    local text = output(("sqlite3 -json %s 'select * from events order by id'"):format(path))
    return text == "" and rows or core.decode(text)
  end
  local day
  local script = "cd %s && for part in dt=*/part-*; do [ -e $part ] || break; echo $part; gzip -dcf $part; done"
  for _, line in ipairs(lines(output(("sh -c '" .. script .. "'"):format(path)))) do
    day = line:match("^dt=([^/]*)") or day
    if line:sub(1, 1) == "{" then
      local row = assert(core.decode(line), line)
      row.day = day
      rows[#rows + 1] = row
    end
  end
  return rows
end

--- The ids of an export, sorted; each as often as it is there.
function exported.ids(path)
  local ids = {}
  for index, row in ipairs(exported.rows(path)) do
    ids[index] = row.id
  end
  table.sort(ids)
  return ids
end

--- Changes the manifest of a folder: change(its table).
function exported.change_state(path, change)
  local name = path .. "/_cloudaudit.json"
  local file = assert(io.open(name, "rb"))
  local held = core.decode(file:read("*a"))
  file:close()
  change(held)
  for _, list in ipairs{ "known", "pending" } do
    held[list] = setmetatable(held[list], core.list)
  end
  file = assert(io.open(name, "wb"))
  file:write(core.encode(held))
  file:close()
end

return exported
