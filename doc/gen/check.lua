-- Generates the two tables of doc/check.md from the checks and rules. A table is between the lines
-- <!-- generated: NAME --> and <!-- end -->.
local catalog = require "cloudaudit.check.catalog"

local check = {}

check.CHAPTER = "doc/check.md"

function check.read(path)
  local file = assert(io.open(path, "rb"))
  local text = file:read("*a")
  file:close()
  return text
end

local function cell(text)
  return (text:gsub("|", "\\|"):gsub("%*", "\\*"))
end

local function severity(row)
  return row.worst and ("%s, %s"):format(row.severity, row.worst) or row.severity
end

local generated = {}

function generated.trail()
  local out = { "| id | severity | passes when | reads | fix |", "| --- | --- | --- | --- | --- |" }
  for _, item in ipairs(catalog.choose{ "trail" }) do
    local row = item.row
    out[#out + 1] = ("| `%s` | %s | %s | %s | %s |"):format(row.id, severity(row), cell(row.passes),
      table.concat(catalog.actions(row), ", "), cell(row.fix))
  end
  return table.concat(out, "\n")
end

function generated.activity()
  local out = { "| id | severity | fails when | looks at | spares |", "| --- | --- | --- | --- | --- |" }
  for _, item in ipairs(catalog.choose{ "activity" }) do
    local row, notes = item.row, { item.row.spares }
    notes[#notes + 1] = row.guessed and "guessed: " .. row.guessed or nil
    notes[#notes + 1] = row.compares == true and "needs a baseline" or nil
    out[#out + 1] = ("| `%s` | %s | %s | %s | %s |"):format(row.id, severity(row), cell(row.fails),
      cell(catalog.sources(row)), cell(table.concat(notes, "; ")))
  end
  return table.concat(out, "\n")
end

--- The chapter with its generated tables as they should be.
function check.chapter(text)
  local found = {}
  text = text:gsub("(<!%-%- generated: (%w+) %-%->\n).-(<!%-%- end %-%->)", function(first, name, last)
    found[name] = true
    return first .. "\n" .. assert(generated[name], name)() .. "\n\n" .. last
  end)
  for name in pairs(generated) do
    assert(found[name], check.CHAPTER .. " has no place for " .. name)
  end
  return text
end

--- Writes the chapter.
function check.write()
  local text = check.chapter(check.read(check.CHAPTER))
  local file = assert(io.open(check.CHAPTER, "wb"))
  file:write(text)
  file:close()
end

return check
