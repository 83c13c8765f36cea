-- Futures: the user's handle on a task, or on several. A task runs on when its future is collected.
local callbacks = require "cloudaudit.async.callbacks"
local errors = require "cloudaudit.errors"
local records = require "cloudaudit.async.record"
local scheduler = require "cloudaudit.async.scheduler"
local yielding = require "cloudaudit.async.yielding"

local future = {}

-- The one field of a future's table.
local RECORD = "_record"

-- Seconds of a step in await, which ends earlier when anything happens.
local LONG = 60

--: class Future  the eventual results of a method
local methods = {}
local Future = {
  __index = methods,
  __tostring = function(self)
    return records.is_over(self[RECORD]) and "cloudaudit future (done)" or "cloudaudit future (pending)"
  end,
}

local function method(name, fn)
  methods[name] = errors.public(function(self, ...)
    if getmetatable(self) ~= Future then
      return errors.misuse(("%s was called without its future: write future:%s(...), with a colon"):format(name, name))
    end
    return fn(self[RECORD], ...)
  end)
end

--- The future of a task.
function future.new(task)
  return setmetatable({ [RECORD] = task }, Future)
end

local function is_callable(value)
  local meta = getmetatable(value)
  return type(value) == "function" or type(meta) == "table" and type(meta.__call) == "function"
end

-- ---- waiting -------------------------------------------------------------------------------

local function wait_in(task, record)
  if record == task then
    return errors.misuse("await: a task cannot await itself")
  elseif records.depends(record, task) then
    return errors.misuse("await: the future waits for the task that would await it")
  end
  record.watched = true
  local stop = task.stop or task.scheduler:wait(task, nil, record)
  if stop and not records.is_over(record) then
    local _, message, err = errors.failure{ kind = stop, message = "await: the waiting task was " .. stop }
    records.note_failure(task, err)
    return nil, message, err
  end
  return true
end

--- Waits until a record is finished and returns its values. In a task the scheduler resumes the wait; in any other
-- coroutine it yields to the host repeatedly; on the main thread it steps every client that the record depends on.
function future.await(record)
  local task = scheduler.running()
  record.watched = record.watched or not task
  while not records.is_over(record) do
    if task then
      local ok, message, err = wait_in(task, record)
      if not ok then
        return nil, message, err
      end
    elseif yielding.in_coroutine() then
      yielding.to_host()
    else
      scheduler.step_for(record, LONG)
    end
  end
  return records.values(record)
end

-- ---- methods -------------------------------------------------------------------------------

--- future:done() -> true once the method has succeeded or failed.
--: Future:done() -> boolean
method("done", function(record)
  return records.is_over(record)
end)

--- future:result() -> the results of the method once it is done; nil, "not done" before.
--: Future:result() -> any
method("result", function(record)
  if not records.is_over(record) then
    return nil, "not done"
  end
  return records.values(record)
end)

--- future:await() -> waits for the results of the method and returns them.
--: Future:await() -> any
method("await", future.await)

--- future:on_done(fn) -> true; a later step calls fn with the results of the method.
--: Future:on_done(fn: function) -> true
method("on_done", function(record, callback)
  if not is_callable(callback) then
    return errors.misuse("on_done: function expected, got " .. type(callback))
  elseif not callbacks.add(record, callback) then
    return errors.misuse("on_done: all{} of no futures has no client whose step could call back")
  end
  return true
end)

local function cancel(record, seen)
  if seen[record] or records.is_over(record) then
    return false
  end
  seen[record] = true
  for _, part in ipairs(record.parts or {}) do
    cancel(part, seen)
  end
  if record.scheduler then
    scheduler.stop(record, "cancelled")
  end
  return true
end

--- future:cancel() -> false if it was done already; otherwise it ends with kind "cancelled".
--: Future:cancel() -> boolean
method("cancel", function(record)
  return cancel(record, {})
end)

-- ---- several -------------------------------------------------------------------------------

--- A future of several: done when all are. Its result is the list of their first results, in order and with n; or
-- nil, message, err of the first in the list that failed.
--: cloudaudit.all(futures: Future[]) -> Future
future.all = errors.public(function(futures)
  local is_one = getmetatable(futures) == Future
  if is_one or type(futures) ~= "table" then
    return errors.misuse("all: list of futures expected, got " .. (is_one and "a future" or type(futures)))
  end
  local parts = {}
  for index = 1, #futures do
    if getmetatable(futures[index]) ~= Future then
      return errors.misuse(("all[%d]: future expected, got %s"):format(index, type(futures[index])))
    end
    parts[index] = futures[index][RECORD]
    parts[index].watched = true
  end
  return future.new(records.several(parts))
end)

return future
