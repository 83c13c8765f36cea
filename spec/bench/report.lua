-- The table of a run: collects lines, prints them, and writes them into spec/bench/README.md and doc/performance.md.
-- Figures are rounded for display; goals are decided on exact ones.
local report = {}

local lines = {}

--- "1,234,567"
function report.grouped(number)
  local text = ("%.0f"):format(number)
  repeat
    local count
    text, count = text:gsub("^(%d+)(%d%d%d)", "%1,%2")
  until count == 0
  return text
end

--- Nanoseconds as text, in a readable unit.
function report.duration(ns)
  if ns < 1e4 then
    return report.grouped(ns) .. " ns"
  elseif ns < 1e7 then
    return ("%.1f µs"):format(ns / 1e3)
  elseif ns < 1e10 then
    return ("%.1f ms"):format(ns / 1e6)
  end
  return ("%.1f s"):format(ns / 1e9)
end

--- A ratio as text.
function report.ratio(number)
  return (number < 9.95 and "%.2f" or "%.0f"):format(number)
end

--- Begins a piece of work; the lines that follow belong to it.
function report.work(name)
  lines[#lines + 1] = { work = name }
end

--- A line of the table: {who=, figure=, least=, compared=, goal=, ours=, unit=}. least, compared and goal may be nil;
-- goal is {text=, ok=}. ours: it is cloudaudit's own figure, and unit stands behind it in the summary.
function report.line(line)
  lines[#lines + 1] = line
  io.stderr:write(("  %s: %s %s\n"):format(line.who, line.figure, line.compared or ""))
end

local function verdict(goal)
  if not goal then
    return ""
  end
  return ("%s: %s"):format(goal.text, goal.ok and "reached" or "**not reached**")
end

local function row(...)
  return "| " .. table.concat({ ... }, " | ") .. " |"
end

local function whole_table()
  local out = { row("work", "measured", "median", "least", "ratio", "goal"), "| --- | --- | ---: | ---: | --- | --- |" }
  local work = ""
  for _, line in ipairs(lines) do
    if line.work then
      work = "**" .. line.work .. "**"
    else
      out[#out + 1] = row(work, line.who, line.figure, line.least or "", line.compared or "", verdict(line.goal))
      work = ""
    end
  end
  return table.concat(out, "\n")
end

local function summary()
  local out, work = { row("work", "cloudaudit", "beside it"), "| --- | --- | --- |" }, nil
  local figures, beside
  local function flush()
    if work then
      out[#out + 1] = row(work, table.concat(figures, "; "), table.concat(beside, "; "))
    end
  end
  for _, line in ipairs(lines) do
    if line.work then
      flush()
      work, figures, beside = line.work, {}, {}
    elseif line.ours then
      figures[#figures + 1] = line.unit and ("%s %s"):format(line.figure, line.unit) or line.figure
    else
      beside[#beside + 1] = ("%s %s"):format(line.who, line.compared or line.figure)
    end
  end
  flush()
  return table.concat(out, "\n")
end

local function read(path)
  local file = assert(io.open(path))
  local text = file:read("*a")
  file:close()
  return text
end

local function write(path, text)
  local file = assert(io.open(path, "w"))
  file:write(text)
  file:close()
end

-- Replaces the block between the marks; a file without them is left alone.
local function write_block(path, block)
  local text = read(path)
  local from, to = "<!-- bench:begin -->", "<!-- bench:end -->"
  local first, behind = select(2, text:find(from, 1, true)), (text:find(to, 1, true))
  if first and behind then
    write(path, text:sub(1, first) .. "\n" .. block .. "\n" .. text:sub(behind))
  end
end

--- Prints the table; `versions` is a line about the machine. With save, writes the two files.
function report.finish(versions, save)
  local whole = whole_table()
  print(versions .. "\n\n" .. whole)
  if save then
    write_block("spec/bench/README.md", versions .. "\n\n" .. whole)
    write_block("doc/performance.md", versions .. "\n\n" .. summary())
  end
end

return report
