-- The asynchronous side of a session: its scheduler, and how calls become tasks. The code of a call is the same as
-- without it.
local errors = require "cloudaudit.errors"
local future = require "cloudaudit.async.future"
local scheduler = require "cloudaudit.async.scheduler"

local async = {}

local function scheduler_of(inner)
  inner.scheduler = inner.scheduler or scheduler.new()
  return inner.scheduler
end

--- Runs fn(...) as a task: its future, or a failure when it was misused. What it raises before its first
-- wait is raised here.
function async.start(inner, fn, ...)
  local task = scheduler_of(inner):start(fn, ...)
  if task.problem then
    error(task.problem.value, 0)
  elseif task.finished then
    local value, message, err = scheduler.values(task)
    if value == nil and errors.is_error(err) and err.kind == "misuse" then
      return nil, message, err
    end
  end
  return future.new(task)
end

--- Runs fn(...) as a task and awaits it.
function async.run(inner, fn, ...)
  local task = scheduler_of(inner):start(fn, ...)
  if task.problem then
    error(task.problem.value, 0)
  end
  return future.await(task)
end

--- Turns `run` (see exchange.lua) into that of a call inside `task`: it waits by yielding, through run.wait. A
-- failure of kind context when the driver cannot be stepped.
function async.adopt(task, driver, run)
  local stepping, owner = driver.async, task.scheduler
  if type(stepping) ~= "table" then
    return errors.failure{ kind = "context",
      message = "client.async and tasks need a driver that can step, and this one has no member async",
      hint = "call the client itself, in a thread of the host's, or give the driver an async form" }
  end
  if task.stop then
    return errors.failure{ kind = task.stop, message = "the task that makes this call was " .. task.stop }
  end
  owner.driver, run.task = driver, task
  run.exchange, run.send = stepping.exchange, stepping.send_call
  function run.wait(wakes, transfer)
    return owner:wait(task, wakes, nil, transfer)
  end
  return run
end

-- ---- what users call -----------------------------------------------------------------------

--- Moves everything on (see scheduler.lua): how many calls and callbacks are still to come.
--: Client:step(seconds?: number) -> integer
function async.step(inner, seconds)
  seconds = seconds == nil and 0 or seconds
  if type(seconds) ~= "number" or seconds < 0 or seconds ~= seconds then
    return errors.misuse("step: seconds to wait at the most expected, got " .. tostring(seconds))
  end
  return inner.scheduler and inner.scheduler:step(seconds) or 0
end

--- How many calls and callbacks are still to come.
--: Client:pending() -> integer
function async.pending(inner)
  return inner.scheduler and inner.scheduler:pending() or 0
end

--- What a foreign loop watches: a list of {fd=, read=, write=}; and the seconds within which the next step is
-- due (nil: nothing is to come).
--: Client:fds() -> {fd: integer, read: boolean, write: boolean}[], number?
function async.fds(inner)
  if not inner.scheduler then
    return {}
  end
  return inner.scheduler:fds()
end

--- Runs fn(...) as a task: its future. In it every method of this client waits by yielding.
--: Client:task(fn: function, ...: any) -> Future
function async.task(inner, fn, ...)
  if type(fn) ~= "function" then
    return errors.misuse("task: function expected, got " .. type(fn))
  end
  return async.start(inner, fn, ...)
end

return async
