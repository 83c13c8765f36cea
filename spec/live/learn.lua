-- Asks the questions. Nothing here reads the environment or writes to the terminal: main.lua does.
local ledgers = require "live.ledger"
local privacy = require "live.privacy"
local questions = require "live.questions"
local report = require "live.report"
local wires = require "live.wire"

local learn = {}

local Experiment = {}
Experiment.__index = Experiment

--- Seconds after which a change is seen, as far as that is known.
function Experiment:settled()
  return (self.answers["get.lag"] or 0) + 0.3
end

--- Whether an error is a Ctrl-C of the standard interpreter.
function learn.is_interrupt(problem)
  return tostring(problem):find("interrupted!", 1, true) ~= nil
end

local function wanted(row, options)
  if not options.only then
    return true
  end
  for part in options.only:gmatch("[^,%s]+") do
    if row.id:sub(1, #part) == part then
      return true
    end
  end
  return false
end

local function ask(x, row, options)
  if row.write and not x.ledger then
    return { reason = "asked with LIVE_WRITE=1 only" }
  end
  options.progress(row)
  local ok, answer, evidence, code = pcall(row.run, x)
  if not ok then
    if learn.is_interrupt(answer) then
      error(answer, 0)
    end
    options.problem(row, answer)
    return { reason = "the experiment failed" }
  elseif answer == nil then
    return { reason = (evidence or "no answer") .. (code and ": " .. privacy.pass("code", code) or "") }
  end
  return { answer = answer, evidence = evidence }
end

local function nothing() end

--- A fresh state of a run. Options: client, driver, time; write, storage, state (path of the ledger's file), settle;
-- patience (seconds to wait for a change); international {client, driver}; only (prefixes of ids, comma-separated);
-- show(request), progress(row), problem(row, message).
function learn.new(options)
  options.progress, options.problem = options.progress or nothing, options.problem or nothing
  local function wire(of)
    return wires.new{ client = of.client, driver = of.driver, time = options.time, show = options.show }
  end
  local x = setmetatable({ wire = wire(options), answers = {}, patience = options.patience or 60,
    storage = options.storage, international = options.international and wire(options.international) }, Experiment)
  local ledger = ledgers.new{ wire = x.wire, path = options.state, storage = options.storage,
    settle = options.settle or 60 }
  if options.write then
    x.ledger = ledger
  end
  return { x = x, ledger = ledger, options = options }
end

--- Removes what this run or an earlier one left: the number of sets removed, and texts of what is left.
function learn.clean(run)
  return run.ledger:clean()
end

--- Asks all questions: the document, and the error that stopped it early, if any.
function learn.ask(run)
  local entries, stopped = {}, nil
  for _, row in ipairs(questions) do
    if wanted(row, run.options) then
      local ok, outcome = pcall(ask, run.x, row, run.options)
      if not ok then
        stopped = outcome
        break
      end
      local entry = report.entry(row, outcome)
      run.x.answers[row.id] = entry.answer
      entries[#entries + 1] = entry
    end
  end
  return report.document(entries), stopped
end

return learn
