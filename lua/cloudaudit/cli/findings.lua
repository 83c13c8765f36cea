-- What `check` and `tail --check` share: how the results of checks are shown, and the status that they lead to.
local core = require "cloudaudit.core"
local catalog = require "cloudaudit.check.catalog"
local patience = require "cloudaudit.cli.patience"
local status = require "cloudaudit.cli.status"

local findings = {}

local COLORS = { fail = "red", unknown = "yellow", pass = "green" }

local COLUMNS = { { key = "severity", name = "SEVERITY" }, { key = "id", name = "ID" },
  { key = "result", name = "RESULT", color = function(text)
    return COLORS[text]
  end }, { key = "subject", name = "SUBJECT", free = true }, { key = "detail", name = "DETAIL", free = true },
  { key = "fix", name = "FIX", free = true } }

--- The shape of results for format.new.
findings.SHAPE = { members = { "id", "severity", "result", "subject", "detail", "evidence", "fix", "reads" },
  columns = COLUMNS, csv_columns = COLUMNS, table_columns = {} }
for index = 1, 5 do
  findings.SHAPE.table_columns[index] = COLUMNS[index]
end

-- Marks a list, so that an empty one is written as [].
local function list(items)
  return setmetatable(items or {}, core.list)
end

--- A result as a row; `after` are the lines below it in a table.
function findings.row(result)
  local after = {}
  if result.result == "fail" then
    after[1] = "  fix: " .. result.fix
    after[2] = result.evidence[1] and "  seen: " .. table.concat(result.evidence, " ") or nil
  end
  return { id = result.id, severity = result.severity, result = result.result, subject = result.subject,
    detail = result.detail, evidence = list(result.evidence), fix = result.fix, reads = list(result.reads) }, after
end

--- The message of misuse by the library in words of the command: `places` are options by the library's names.
function findings.usage(message, places)
  for place, option in pairs(places) do
    if message:sub(1, #place + 1) == place .. ":" then
      message = option .. message:sub(#place + 1)
    end
  end
  status.usage(message)
end

--- Calls a function of the library, for which a wrong value is misuse that raises: here it is wrong usage.
function findings.checked(places, fn, ...)
  local done, result = pcall(fn, ...)
  if done then
    return result
  elseif type(result) ~= "string" or status.is_interrupt(result) then
    error(result, 0)
  end
  return findings.usage((result:gsub("^[^\n]-:%d+: ", "")), places)
end

-- The status of a check that is unknown.
local function of_unknown(result)
  local err = result.err
  if not err then
    return 1
  end
  local number = patience.is_throttling(err) and 5 or status.of(err)
  if number == 2 then
    status.fail(err) -- the configuration is wrong, so that nothing could be read
  end
  return number
end

--- The status of a report: 4 when a failure reaches `fail_on`; else, when a check that could reach it is unknown, the
-- status of what kept it from being read; else 0.
function findings.status(report, fail_on)
  local least, numbers = catalog.RANK[fail_on], {}
  for _, result in ipairs(report.unknown) do
    local number = of_unknown(result)
    if catalog.RANK[result.worst] >= least then
      numbers[#numbers + 1] = number
    end
  end
  for _, result in ipairs(report.findings) do
    if catalog.RANK[result.severity] >= least then
      return 4
    end
  end
  return status.worst(numbers)
end

return findings
