-- Writes what was learned: learned.json for the emulator, and a page to read. Every value passes live.privacy.
local core = require "cloudaudit.core"
local learned = require "cloudaudit.emulator.learned"
local privacy = require "live.privacy"

local report = {}

local function list(items)
  return setmetatable(items, core.list)
end

-- Evidence is a list of {label, class, value, words}: labels are texts of this program.
local function lines_of(evidence)
  local out = list{}
  for _, item in ipairs(evidence or {}) do
    local value = privacy.pass(item[2], item[3], item[4])
    if type(value) == "table" then
      value = table.concat(value, ", ")
    end
    out[#out + 1] = item[1] .. ": " .. tostring(value == nil and "(hidden)" or value)
  end
  return out
end

local function same(a, b)
  if type(a) ~= "table" or type(b) ~= "table" then
    return a == b
  elseif #a ~= #b then
    return false
  end
  for index, item in ipairs(a) do
    if b[index] ~= item then
      return false
    end
  end
  return true
end

--- The entry of a question (a row) and its outcome {answer=, evidence=, reason=}.
function report.entry(row, outcome)
  local answer = privacy.pass(row.class, outcome.answer, row.words)
  local entry = { id = row.id, question = row.question, why = row.why, documented = row.documented,
    privacy = row.class, evidence = lines_of(outcome.evidence) }
  if privacy.is_hidden(answer) then
    entry.unanswered = "a code that no document names: " .. answer
  elseif answer ~= nil then
    entry.answer = type(answer) == "table" and list(answer) or answer
    entry.as_documented = same(answer, row.documented)
  else
    entry.unanswered = outcome.reason or "no answer"
  end
  if type(row.documented) == "table" then
    entry.documented = list(row.documented)
  end
  return entry
end

--- The document of all entries.
function report.document(entries)
  return { format = learned.FORMAT, library = core.version, answers = list(entries) }
end

local ORDER = { "id", "question", "why", "answer", "unanswered", "documented", "as_documented", "privacy", "evidence" }

--- The JSON text: one member a line, in a fixed order.
function report.json(document)
  local out = { ("{\n \"format\": %d,\n \"library\": %s,\n \"answers\": ["):format(document.format,
    core.encode(document.library)) }
  for index, entry in ipairs(document.answers) do
    local members = {}
    for _, name in ipairs(ORDER) do
      if entry[name] ~= nil then
        members[#members + 1] = ("   %s: %s"):format(core.encode(name), core.encode(entry[name]))
      end
    end
    out[#out + 1] = (index > 1 and ",\n" or "\n") .. "  {\n" .. table.concat(members, ",\n") .. "\n  }"
  end
  out[#out + 1] = "\n ]\n}\n"
  return table.concat(out)
end

local function shown(value)
  if type(value) == "table" then
    return #value == 0 and "none" or table.concat(value, ", ")
  end
  return tostring(value)
end

--- The page to read, in Markdown.
function report.page(document)
  local out = { "# What the service answered\n\n",
    "| question | answer | documented or assumed |\n| --- | --- | --- |\n" }
  local open = {}
  for _, entry in ipairs(document.answers) do
    if entry.unanswered then
      open[#open + 1] = ("| %s | %s |\n"):format(entry.question, entry.unanswered)
    else
      local mark = entry.as_documented and "" or " **differs**"
      out[#out + 1] = ("| %s | %s%s | %s |\n"):format(entry.question, shown(entry.answer), mark,
        shown(entry.documented))
    end
  end
  if #open > 0 then
    out[#out + 1] = "\n## Not answered\n\n| question | reason |\n| --- | --- |\n" .. table.concat(open)
  end
  return table.concat(out)
end

--- Writes a text whole: a reader never sees a part of it.
function report.write(path, text)
  local file, message = io.open(path .. ".part", "wb")
  if not file then
    return nil, message
  end
  file:write(text)
  file:close()
  return os.rename(path .. ".part", path)
end

return report
