-- Runs calls as coroutines: each waits by yielding to the scheduler, and step resumes those whose wait is over.
-- Independent of transports and actions. Only step calls callbacks.
--
-- A scheduler keeps its tasks (see record.lua) and the records that have callbacks, and derives everything else from
-- them each time: an error raised at any point leaves nothing that the next step does not see.
local callbacks = require "cloudaudit.async.callbacks"
local core = require "cloudaudit.core"
local records = require "cloudaudit.async.record"
local yielding = require "cloudaudit.async.yielding"

local scheduler = {}

local Scheduler = {}
Scheduler.__index = Scheduler

-- Yielded by Scheduler:wait; a task that yields any other value waits for something foreign.
local OUR_WAIT = {}

-- A step that waits resumes foreign waits at this interval.
local POLL = 1 / 100

local is_over = records.is_over

-- Thread -> task. Keys and values are weak: the scheduler holds its tasks, and Lua 5.1 has no ephemerons, so that a
-- strong value that refers to its key would keep both alive.
local task_of = setmetatable({}, { __mode = "kv" })

--- A scheduler for one client. Its driver is set by the first call that needs one.
function scheduler.new()
  return setmetatable({
    tasks = {}, -- those that have begun and are not known to be finished
    listened = {}, -- records with callbacks
    joined = false, -- whether a task has ever awaited a record
    closing = false,
  }, Scheduler)
end

--- Seconds by the clock that waits use.
function Scheduler:now()
  return (self.driver and self.driver.now or core.monotonic)()
end

-- ---- waiting ------------------------------------------------------------------------------

--- The task, of any scheduler, that is running, or nil.
function scheduler.running()
  local thread = coroutine.running()
  return thread and task_of[thread]
end

--- The running task if it is one of this scheduler's, or nil.
function Scheduler:current()
  local task = scheduler.running()
  return task and task.scheduler == self and task or nil
end

-- Whether the time that a task waits for has come. For a clock that went back it has: it may be an hour off.
local function has_come(wakes, since, now)
  return now >= wakes or now < since
end

--- Waits inside `task` until the driver's clock reads `wakes`, until the record `awaited` is finished, or, when both
-- are nil, until the driver has stepped and, given a `transfer`, transfer:done() is true. Returns nil, or the reason
-- why the task must end: "cancelled" or "closed".
function Scheduler:wait(task, wakes, awaited, transfer)
  local since = wakes and math.min(wakes, self:now())
  local over = task.stop and not task.notified
  while not over do
    task.since = since -- before `wakes`, which is compared with it
    task.wakes, task.awaited, task.transfer = wakes, awaited, transfer
    self.joined = self.joined or awaited ~= nil
    yielding.check()
    coroutine.yield(OUR_WAIT)
    -- The step that resumed this task may itself have been interrupted, so the condition is tested again.
    over = task.stop and not task.notified or not (wakes or awaited) or wakes and has_come(wakes, since, self:now())
      or awaited and is_over(awaited)
  end
  task.notified = task.stop ~= nil
  return task.stop
end

-- ---- tasks ---------------------------------------------------------------------------------

-- The body of a task's coroutine. It enters the task itself, so that one whose start failed is never resumed.
local function body(self, task, fn, ...)
  task.begun = true
  self.tasks[#self.tasks + 1] = task
  records.succeed(task, fn(...))
end

local function settle(task, thread, ok, value)
  if task.finished then
    return
  elseif task.begun and coroutine.status(thread) ~= "dead" then
    task.foreign = value ~= OUR_WAIT
  elseif not ok then
    records.fail(task, value)
  end
end

local function resume(task, ...)
  local thread = task.thread
  task.wakes, task.awaited, task.transfer = nil, nil, nil
  settle(task, thread, coroutine.resume(thread, ...))
end

local function is_suspended(task)
  return not task.finished and coroutine.status(task.thread) == "suspended"
end

--- Runs fn(...) as a task up to its first wait and returns the task. An error raised before that is in task.problem;
-- one raised later is raised by step.
function Scheduler:start(fn, ...)
  -- All fields are preallocated.
  local task = { scheduler = self, thread = coroutine.create(body), begun = false, finished = false, foreign = false,
    note_failure = records.note_failure, wakes = nil, since = nil, awaited = nil, transfer = nil,
    stop = nil, notified = nil, failure = nil, problem = nil,
    callbacks = nil, values = nil, order = nil, watched = nil, reported = nil }
  task_of[task.thread] = task
  resume(task, self, task, fn, ...)
  task.reported = task.problem ~= nil
  if task.finished and self.tasks[#self.tasks] == task then
    self.tasks[#self.tasks] = nil
  end
  return task
end

--- Ends a task for a reason ("cancelled", "closed"): its wait ends at once, and so does every call that it still
-- makes.
function scheduler.stop(task, reason)
  if is_over(task) or task.stop then
    return
  end
  task.stop = reason
  if not task.foreign and is_suspended(task) then
    resume(task)
  end
end

local function stop_all(self)
  local tasks = self.tasks
  for index = 1, #tasks do
    scheduler.stop(tasks[index], "closed")
  end
end

--- Ends every task, now or in the next step.
function Scheduler:close()
  -- A resumed task may start others; those end at once, since the client is closed.
  self.closing = true
  stop_all(self)
end

-- An error that ended a task which nothing awaits, until step has raised it.
local function must_report(task)
  return task.problem and not task.watched and not task.reported
end

local function raise_first_problem(self)
  for _, task in ipairs(self.tasks) do
    if task.finished and must_report(task) then
      task.reported = true
      error(task.problem.value, 0)
    end
  end
end

-- ---- stepping ------------------------------------------------------------------------------

-- The longest that a step may wait; when all tasks wait for the clock only, the seconds until the first of those waits
-- ends; and whether a task waits for the clock or the driver. `together`: the schedulers of awaited records step as
-- well.
local function bounds(self, together)
  local now, wake, longest, driven = self:now(), math.huge, math.huge, false
  for _, task in ipairs(self.tasks) do
    local awaited = task.awaited
    if is_over(task) then
      longest = must_report(task) and 0 or longest
    elseif task.foreign then
      longest = math.min(longest, POLL)
    elseif task.stop and not task.notified or awaited and is_over(awaited) then
      longest = 0
    elseif awaited and not together and awaited.scheduler ~= self then
      longest = math.min(longest, POLL)
    elseif task.wakes then
      wake = math.max(math.min(wake, has_come(task.wakes, task.since, now) and 0 or task.wakes - now), 0)
    elseif not awaited then
      driven = true
    end
  end
  if self.owed or callbacks.count(self.listened) > 0 then
    longest = 0
  end
  return math.min(longest, wake), not driven and wake < math.huge and wake or nil, driven or wake < math.huge
end

local function is_due(task, now, stepped)
  if is_over(task) then
    return false
  elseif task.foreign then
    return stepped
  elseif task.stop and not task.notified then
    return true
  elseif task.awaited then
    return is_over(task.awaited)
  elseif task.transfer then
    return stepped and task.transfer:done()
  end
  return stepped and (not task.wakes or has_come(task.wakes, task.since, now))
end

local function position(tasks, wanted)
  for index = 1, wanted and #tasks or 0 do
    if tasks[index] == wanted then
      return index
    end
  end
  return 1
end

-- Resumes the tasks whose wait is over, beginning with the one that is owed its turn. `stepped`: the driver has
-- stepped since the last time. Tasks not resumed by the time `ends` are left to the next step. Collects the tasks
-- first, since each may start others, end and step. Returns how many were resumed, 0 when some are left.
local function resume_due(self, stepped, ends)
  local tasks, now, due, count = self.tasks, self:now(), self.scratch or {}, 0
  self.scratch = nil
  local before = position(tasks, self.owed) - 1
  for index = 1, #tasks do
    local task = tasks[before + index] or tasks[before + index - #tasks]
    if is_due(task, now, stepped) then
      count = count + 1
      due[count] = task
    end
  end
  local owed, resumed = nil, 0
  for index = 1, count do
    local task = due[index]
    due[index] = nil
    if owed or index > 1 and core.monotonic() >= ends then
      owed = owed or task
    elseif is_suspended(task) then
      resume(task)
      resumed = resumed + 1
    end
  end
  self.scratch, self.owed = due, owed
  return owed and 0 or resumed
end

local function forget_finished(self)
  local kept = {}
  for _, task in ipairs(self.tasks) do
    if not is_over(task) or must_report(task) then
      kept[#kept + 1] = task
    end
  end
  if #kept < #self.tasks then
    self.tasks = kept
  end
end

-- A step of one scheduler. `first`, when several step together: no driver may wait for the clock any longer.
local function step_one(self, seconds, first)
  local driver, ends = self.driver, math.huge
  if self.closing then
    stop_all(self)
  end
  if driver and self.tasks[1] then
    local longest, wake, waits = bounds(self, first)
    seconds = (waits or not first) and math.min(seconds, longest) or 0
    ends = core.monotonic() + seconds + (driver.async.work or math.huge)
    driver.async.step(seconds, not (first and wake and wake > first) and wake or nil)
  end
  local stepped = true
  while resume_due(self, stepped, ends) > 0 and self.joined do
    stepped = false
  end
  forget_finished(self)
  raise_first_problem(self)
  callbacks.run(self, ends)
end

-- Steps several schedulers, which share the time to wait, so that each is looked at often.
local function step_all(list, seconds)
  local first, waiting, driven = math.huge, 0, false
  for _, each in ipairs(list) do
    local longest, wake, waits = bounds(each, true)
    seconds, first = math.min(seconds, longest), math.min(first, wake or math.huge)
    waiting, driven = waiting + (waits and 1 or 0), driven or waits and not wake
  end
  if waiting > 1 then
    seconds = math.min(seconds, POLL / waiting)
  end
  for _, each in ipairs(list) do
    step_one(each, seconds, driven and -1 or first)
  end
end

--- Waits at most `seconds` for something to happen, resumes the tasks whose wait is over and calls the callbacks that
-- are due. Steps the schedulers whose records tasks of this one await, too. Returns how many tasks and callbacks of
-- this one are pending.
function Scheduler:step(seconds)
  local list = self.joined and records.add_scheduler({}, self)
  if list and list[2] then
    step_all(list, seconds)
  else
    step_one(self, seconds)
  end
  return self:pending()
end

--- Steps all schedulers that must step for a record to finish.
function scheduler.step_for(record, seconds)
  local list = records.add_schedulers({}, record)
  if list[2] then
    step_all(list, seconds)
  elseif list[1] then
    step_one(list[1], seconds)
  end
end

--- How many tasks are unfinished, errors not yet raised and callbacks not yet called.
function Scheduler:pending()
  local count = callbacks.count(self.listened)
  for _, task in ipairs(self.tasks) do
    if not is_over(task) or must_report(task) then
      count = count + 1
    end
  end
  return count
end

--- For an event loop: a list of {fd=, read=, write=} to watch, and the seconds within which a step is due (nil: none
-- is).
function Scheduler:fds()
  local list, due = {}, nil
  if self.driver and self.driver.async.fds then
    list, due = self.driver.async.fds()
  end
  local longest = math.min((bounds(self)), due or math.huge)
  return list, longest < math.huge and longest or nil
end

return scheduler
