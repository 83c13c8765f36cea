-- The asynchronous side of a session: its scheduler, and how calls become tasks. Calls run the same code as without
-- it.
local errors = require "cloudaudit.errors"
local future = require "cloudaudit.async.future"
local records = require "cloudaudit.async.record"
local scheduler = require "cloudaudit.async.scheduler"

local async = {}

local function scheduler_of(session)
  session.scheduler = session.scheduler or scheduler.new()
  return session.scheduler
end

--- Runs fn(...) as a task: its future, or a failure of kind misuse. An error raised before the task's first wait is
-- raised here.
function async.start(session, fn, ...)
  local task = scheduler_of(session):start(fn, ...)
  if task.problem then
    error(task.problem.value, 0)
  elseif task.finished then
    local value, message, err = records.values(task)
    if value == nil and errors.is_error(err) and err.kind == "misuse" then
      return nil, message, err
    end
  end
  return future.new(task)
end

--- Runs fn(...) as a task and awaits it.
function async.run(session, fn, ...)
  local task = scheduler_of(session):start(fn, ...)
  if task.problem then
    error(task.problem.value, 0)
  end
  return future.await(task)
end

--- Attaches a call's `run` (see call.lua) to `task`: the call then waits by yielding, through run.wait, and tells
-- a failure to the task. A failure of kind context when the driver has no async form.
function async.attach(task, driver, run)
  local stepping, of_task = driver.async, task.scheduler
  if type(stepping) ~= "table" then
    return errors.failure{ kind = "context",
      message = "client.async and tasks need a driver with an async form, and this driver has no member async",
      hint = "call the client itself, in a thread of the host, or give the driver an async form" }
  end
  if task.stop then
    local _, message, err = errors.failure{ kind = task.stop,
      message = "the task that makes this call was " .. task.stop }
    records.note_failure(task, err)
    return nil, message, err
  end
  of_task.driver, run.task = driver, task
  run.exchange, run.send = stepping.exchange, stepping.send_call
  function run.wait(wakes, transfer)
    return of_task:wait(task, wakes, nil, transfer)
  end
  return run
end

-- ---- public methods ------------------------------------------------------------------------

--- Makes progress on all calls (see scheduler.lua), waiting at most `seconds` (0). Returns how many calls and
-- callbacks are pending.
--: Client:step(seconds?: number) -> integer
function async.step(session, seconds)
  seconds = seconds == nil and 0 or seconds
  if type(seconds) ~= "number" or seconds < 0 or seconds ~= seconds then
    return errors.misuse("step: number of seconds, 0 or more, expected, got " .. tostring(seconds))
  end
  return session.scheduler and session.scheduler:step(seconds) or 0
end

--- How many calls and callbacks are pending.
--: Client:pending() -> integer
function async.pending(session)
  return session.scheduler and session.scheduler:pending() or 0
end

--- For an event loop: the file descriptors to watch, a list of {fd=, read=, write=}, and the seconds within which the
-- next step is due (nil: nothing is pending).
--: Client:fds() -> {fd: integer, read: boolean, write: boolean}[], number?
function async.fds(session)
  if not session.scheduler then
    return {}
  end
  return session.scheduler:fds()
end

--- Runs fn(...) as a task and returns its future. In a task every method of this client waits by yielding.
--: Client:task(fn: function, ...: any) -> Future
function async.task(session, fn, ...)
  if type(fn) ~= "function" then
    return errors.misuse("task: function expected, got " .. type(fn))
  end
  return async.start(session, fn, ...)
end

return async
