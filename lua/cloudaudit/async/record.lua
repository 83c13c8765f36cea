-- Records: the state behind futures. A record is that of a task, {scheduler=, thread=, …} (see scheduler.lua), or of
-- several records, {parts=}. Both have {finished=, values= {n=, …}, problem= {value= the error that was raised},
-- callbacks=, watched=, order=}.
--
-- An error may be raised between any two instructions here (a memory limit, a debug hook). So nothing is counted or
-- moved: `finished` is set last, and a record that should be finished but is not becomes so when it is looked at.
local errors = require "cloudaudit.errors"

local records = {}

local unpack = table.unpack or unpack

-- How many records have finished: callbacks run in this order.
local finished_count = 0

local function conclude(record)
  finished_count = finished_count + 1
  record.order = finished_count
  record.finished = true
end

--- The last act of a task's coroutine: keeps the values of its function.
function records.succeed(task, ...)
  task.values = { n = select("#", ...), ... }
  conclude(task)
end

-- The failure of a stopped task that raised `value`: its own if that is one, else that of the call that was stopped.
local function failure_of(task, value)
  if errors.is_error(value) and value.kind == task.stop then
    return value
  elseif task.failure then
    return task.failure
  end
  local _, err = errors.new{ kind = task.stop, message = "the task was " .. task.stop }
  return err
end

--- Ends a task whose coroutine raised `value`. After it was stopped, whatever it raises means that.
function records.fail(task, value)
  if task.stop then
    local err = failure_of(task, value)
    task.values = { n = 3, nil, err.message, err }
  else
    task.problem = { value = value }
  end
  conclude(task)
end

-- Of a coroutine that died while nobody could take its error.
local LOST = "an error interrupted the end of the task"

--- Whether a record is finished. A dead coroutine counts as ended.
function records.is_over(record)
  if record.finished then
    return true
  elseif not record.parts then
    if record.begun and coroutine.status(record.thread) == "dead" then
      records.fail(record, LOST)
      return true
    end
    return false
  end
  while record.parts[record.next] do
    if not records.is_over(record.parts[record.next]) then
      return false
    end
    record.next = record.next + 1
  end
  conclude(record)
  return true
end

--- The record of several.
function records.several(parts)
  return { parts = parts, next = 1, finished = false, values = nil, order = nil, callbacks = nil }
end

--- Notes why a call of a stopped task failed. The first failure counts, unless a later one says that a request may
-- have left.
function records.note_failure(task, err)
  if task.stop == err.kind and (not task.failure or task.failure.outcome ~= "unknown") then
    task.failure = err
  end
end

local function values_of(parts)
  local list = { n = #parts }
  for index, part in ipairs(parts) do
    local value, message, err = records.values(part)
    if err then
      return { n = 3, nil, message, err }
    end
    list[index] = value
  end
  return { n = 1, list }
end

--- The values of a finished record.
function records.values(record)
  if record.problem then
    return errors.misuse("an error ended the call: " .. tostring(record.problem.value))
  end
  if not record.values then
    record.values = values_of(record.parts)
  end
  return unpack(record.values, 1, record.values.n)
end

--- Whether a record cannot finish before `task` does.
function records.depends(record, task, seen)
  if record == task then
    return true
  elseif records.is_over(record) then
    return false
  elseif not record.parts then
    return record.awaited ~= nil and records.depends(record.awaited, task, seen)
  end
  seen = seen or {}
  for _, part in ipairs(not seen[record] and record.parts or {}) do
    if records.depends(part, task, seen) then
      return true
    end
  end
  seen[record] = true
  return false
end

-- ---- schedulers --------------------------------------------------------------------------------

local add_record

--- Adds to `list` a scheduler and those whose records its tasks await. The list is its own set.
function records.add_scheduler(list, scheduler)
  if list[scheduler] then
    return list
  end
  list[scheduler], list[#list + 1] = true, scheduler
  for _, task in ipairs(scheduler.joined and scheduler.tasks or {}) do
    if task.awaited then
      add_record(list, task.awaited)
    end
  end
  return list
end

function add_record(list, record)
  if list[record] or records.is_over(record) then
    return list
  end
  list[record] = true
  for _, part in ipairs(record.parts or {}) do
    add_record(list, part)
  end
  return record.scheduler and records.add_scheduler(list, record.scheduler) or list
end

--- Adds to `list` the schedulers that must step for a record to finish.
records.add_schedulers = add_record

local function add_owners(list, record)
  if list[record] then
    return list
  end
  list[record] = true
  for _, part in ipairs(record.parts or {}) do
    add_owners(list, part)
  end
  if record.scheduler and not list[record.scheduler] then
    list[record.scheduler], list[#list + 1] = true, record.scheduler
  end
  return list
end

--- The schedulers of a record's tasks: any of them may call its callbacks.
function records.owners(record)
  return add_owners({}, record)
end

return records
