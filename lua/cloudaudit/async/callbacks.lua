-- Callbacks of records. A scheduler's `listened` is the list of records that have some; a record of several is in the
-- lists of all schedulers of its parts. Only steps call callbacks.
local core = require "cloudaudit.core"
local records = require "cloudaudit.async.record"

local callbacks = {}

--- Has a later step call fn(...) with the values of the record. False if the record has no scheduler.
function callbacks.add(record, fn)
  local owners = records.owners(record)
  record.watched = true
  if not record.callbacks then
    for _, owner in ipairs(owners) do
      owner.listened[#owner.listened + 1] = record
    end
    record.callbacks = { called = 0 }
  end
  record.callbacks[#record.callbacks + 1] = fn
  return owners[1] ~= nil
end

--- How many are due.
function callbacks.count(listened)
  local count = 0
  for _, record in ipairs(listened) do
    local list = record.callbacks
    count = count + (list and records.is_over(record) and #list - list.called or 0)
  end
  return count
end

-- Calls those of a record that are there now; one that is added meanwhile is left to the next step. Each is called
-- once: one of them may step too.
local function call_all(record)
  local list = record.callbacks
  local last = list and #list or 0
  while list and list.called < last do
    list.called = list.called + 1
    list[list.called](records.values(record))
  end
  if list and list.called == #list and record.callbacks == list then
    record.callbacks = nil
  end
end

local function ended_before(a, b)
  return a.order < b.order
end

local function due_of(listened)
  local due = {}
  for _, record in ipairs(listened) do
    due[#due + 1] = record.callbacks and records.is_over(record) and record or nil
  end
  table.sort(due, ended_before)
  return due
end

--- Calls those that are due, in the order in which their records ended; after the time `ends` those of no further
-- record. An error of one is raised; the others are called at the next run.
function callbacks.run(scheduler, ends)
  local due = due_of(scheduler.listened)
  for index, record in ipairs(due) do
    if index > 1 and core.monotonic() >= ends then
      break
    end
    call_all(record)
  end
  local kept = {}
  for _, record in ipairs(due[1] and scheduler.listened or {}) do
    kept[#kept + 1] = record.callbacks and record or nil
  end
  scheduler.listened = due[1] and kept or scheduler.listened
end

return callbacks
