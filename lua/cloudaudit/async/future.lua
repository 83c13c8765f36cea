-- Futures: the user's handle on a task, or on several. A task runs on when its future is collected.
local errors = require "cloudaudit.errors"
local scheduler = require "cloudaudit.async.scheduler"

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
    return self[RECORD].finished and "cloudaudit future (done)" or "cloudaudit future (pending)"
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
  return type(value) == "function" or type((getmetatable(value) or {}).__call) == "function"
end

-- ---- waiting -------------------------------------------------------------------------------

-- The scheduler whose steps make progress on a record.
local function scheduler_of(record)
  for _, part in ipairs(record.parts or {}) do
    if not part.finished then
      return scheduler_of(part)
    end
  end
  return record.scheduler
end

local function wait_in(task, record)
  if task == record then
    return errors.misuse("await: a task cannot await itself")
  end
  record.watched = true
  local stop = task.stop or task.scheduler:wait(task, nil, record)
  if stop and not record.finished then
    return errors.failure{ kind = stop, message = "await: the waiting task was " .. stop }
  end
  return true
end

--- Waits until a record is finished and returns its values. In a task the scheduler resumes the wait; in any other
-- coroutine it yields to the host repeatedly; on the main thread it steps.
function future.await(record)
  local task = scheduler.running()
  record.watched = record.watched or not task
  while not record.finished do
    if task then
      local ok, message, err = wait_in(task, record)
      if not ok then
        return nil, message, err
      end
    elseif scheduler.in_coroutine() then
      scheduler.yield_to_host()
    else
      scheduler_of(record):step(LONG)
    end
  end
  return scheduler.values(record)
end

-- ---- methods -------------------------------------------------------------------------------

--- future:done() -> true once the method has succeeded or failed.
--: Future:done() -> boolean
method("done", function(record)
  return record.finished or false
end)

--- future:result() -> the results of the method once it is done; nil, "not done" before.
--: Future:result() -> any
method("result", function(record)
  if not record.finished then
    return nil, "not done"
  end
  return scheduler.values(record)
end)

--- future:await() -> waits for the results of the method and returns them.
--: Future:await() -> any
method("await", future.await)

--- future:on_done(fn) -> true; a later step calls fn with the results of the method.
--: Future:on_done(fn: function) -> true
method("on_done", function(record, callback)
  if not is_callable(callback) then
    return errors.misuse("on_done: function expected, got " .. type(callback))
  elseif record.finished and not record.scheduler then
    return errors.misuse("on_done: all{} of no futures has no client whose step could call back")
  end
  scheduler.on_done(record, callback)
  return true
end)

local function cancel(record)
  if record.finished then
    return false
  end
  for _, part in ipairs(record.parts or {}) do
    cancel(part)
  end
  if record.thread then
    record.scheduler:stop(record, "cancelled")
  end
  return true
end

--- future:cancel() -> false if it was done already; otherwise it ends with kind "cancelled".
--: Future:cancel() -> boolean
method("cancel", cancel)

-- ---- several -------------------------------------------------------------------------------

local function values_of(parts)
  local list = { n = #parts }
  for index, part in ipairs(parts) do
    local value, message, err = scheduler.values(part)
    if err then
      return { n = 3, nil, message, err }
    end
    list[index] = value
  end
  return { n = 1, list }
end

--- A future of several: done when all are. Its result is the list of their first results, in order and with n; or
-- nil, message, err of the first in the list that failed.
--: cloudaudit.all(futures: Future[]) -> Future
future.all = errors.public(function(futures)
  local is_one = getmetatable(futures) == Future
  if is_one or type(futures) ~= "table" then
    return errors.misuse("all: list of futures expected, got " .. (is_one and "a future" or type(futures)))
  end
  local record = { parts = {} }
  for index = 1, #futures do
    if getmetatable(futures[index]) ~= Future then
      return errors.misuse(("all[%d]: future expected, got %s"):format(index, type(futures[index])))
    end
    record.parts[index] = futures[index][RECORD]
  end
  local left, first_scheduler = 0, nil
  local function join(self)
    left = left - 1
    if left == 0 then
      self:finish(record, values_of(record.parts))
    end
  end
  for _, part in ipairs(record.parts) do
    part.watched, first_scheduler = true, first_scheduler or part.scheduler
    if not part.finished then
      left = left + 1
      part.joins = part.joins or {}
      part.joins[#part.joins + 1] = join
    end
  end
  if left == 0 then
    record.finished, record.values, record.scheduler = true, values_of(record.parts), first_scheduler
  end
  return future.new(record)
end)

return future
