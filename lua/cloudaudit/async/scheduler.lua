-- Runs calls as coroutines: each waits by yielding to the scheduler, and step resumes those whose wait is over.
-- Independent of transports and actions. Only step calls callbacks.
--
-- A record is the state of something that finishes: {finished=, values=, problem=, callbacks=, joins=}. A task is a
-- record with a scheduler and a thread; future.lua makes records of several.
local core = require "cloudaudit.core"
local errors = require "cloudaudit.errors"

local scheduler = {}

local Scheduler = {}
Scheduler.__index = Scheduler

-- Yielded by Scheduler:wait; a task that yields any other value waits for something foreign.
local OUR_WAIT = {}

-- A step that waits resumes foreign waits at this interval.
local POLL = 0.01

-- PUC Lua 5.1 cannot yield across pcall, iterators and metamethods.
local OLD = _VERSION == "Lua 5.1" and not rawget(_G, "jit")

-- With pcall, because some hosts raise for an undeclared global.
local in_nginx = pcall(function()
  return ngx.get_phase()
end)

local unpack = table.unpack or unpack

-- Thread -> task. Keys and values are weak: the scheduler holds its tasks, and Lua 5.1 has no ephemerons, so that a
-- strong value that refers to its key would keep both alive.
local task_of = setmetatable({}, { __mode = "kv" })

--- A scheduler for one client. Its driver is set by the first call that needs one.
function scheduler.new()
  return setmetatable({
    tasks = {}, unfinished = 0, raised = {},
    queue = {}, called = {}, head = 1, tail = 0, -- callbacks, and their records
    joined = false, -- whether a task has ever awaited a record
  }, Scheduler)
end

local function pack(...)
  return { n = select("#", ...), ... }
end

--- Seconds by the clock that waits use.
function Scheduler:now()
  return (self.driver and self.driver.now or core.monotonic)()
end

-- ---- yielding ------------------------------------------------------------------------------

-- On Lua 5.1 a C function on the stack prevents yielding, and so does the call of an iterator by a for loop. Lua's own
-- message names neither the cause nor the remedy.
local function check_can_yield()
  if not OLD or type(debug) ~= "table" then
    return
  end
  local level = 3
  local info = debug.getinfo(level, "Sn")
  while info do
    if info.what == "C" or info.name == "(for generator)" then
      error("cloudaudit: Lua 5.1 cannot wait inside pcall, the iterator of a for loop, a metamethod or a C function;"
        .. " call this outside of it (for an iterator: while true do local item = it() ...)", 0)
    end
    level = level + 1
    info = debug.getinfo(level, "Sn")
  end
end

--- Yields once to the host that runs this coroutine.
function scheduler.yield_to_host()
  check_can_yield()
  coroutine.yield()
end

--- True in a coroutine that its host resumes later; false on the main thread, and in nginx, which resumes a
-- coroutine that yields at once, without a step in between.
function scheduler.in_coroutine()
  local thread, is_main = coroutine.running()
  return thread ~= nil and not is_main and not in_nginx
end

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

--- Waits inside `task` until the driver's clock reads `wakes`, until the record `awaited` is finished, or, when both
-- are nil, until the driver has stepped and, given a `transfer`, transfer:done() is true. Returns nil, or the reason
-- why the task must end: "cancelled" or "closed".
function Scheduler:wait(task, wakes, awaited, transfer)
  local over = task.stop and not task.notified
  while not over do
    task.wakes, task.awaited, task.transfer = wakes, awaited, transfer
    self.joined = self.joined or awaited ~= nil
    check_can_yield()
    coroutine.yield(OUR_WAIT)
    -- The step that resumed this task may itself have been interrupted, so the condition is tested again.
    over = task.stop and not task.notified or not (wakes or awaited) or wakes and self:now() >= wakes
      or awaited and awaited.finished
  end
  task.notified = task.stop ~= nil
  return task.stop
end

-- ---- records -------------------------------------------------------------------------------

local function enqueue(self, callback, record)
  local tail = self.tail + 1
  self.queue[tail], self.called[tail], self.tail = callback, record, tail
end

--- Finishes a record with its values {n=, …}, or with a problem {value= the error that was raised}. A later step of
-- `self` runs its callbacks.
function Scheduler:finish(record, values, problem)
  record.finished, record.values, record.problem, record.scheduler = true, values, problem, self
  local callbacks, joins = record.callbacks, record.joins
  record.callbacks, record.joins = nil, nil
  for index = 1, callbacks and #callbacks or 0 do
    enqueue(self, callbacks[index], record)
  end
  for index = 1, joins and #joins or 0 do
    joins[index](self)
  end
end

--- The values of a finished record.
function scheduler.values(record)
  if record.problem then
    return errors.misuse("an error ended the call: " .. tostring(record.problem.value))
  end
  return unpack(record.values, 1, record.values.n)
end

--- Has a later step call callback(...) with the values of the record.
function scheduler.on_done(record, callback)
  record.watched = true
  if record.finished then
    enqueue(record.scheduler, callback, record)
  else
    record.callbacks = record.callbacks or {}
    record.callbacks[#record.callbacks + 1] = callback
  end
end

-- ---- tasks ---------------------------------------------------------------------------------

local function end_task(self, task, values, problem)
  task_of[task.thread] = nil
  task.thread, task.foreign = nil, nil
  self.unfinished, self.stale = self.unfinished - 1, true
  self:finish(task, values, problem)
  if problem and task.started and not task.watched then
    self.raised[#self.raised + 1] = problem
  end
end

local function settle(self, task, ok, ...)
  if coroutine.status(task.thread) ~= "dead" then
    task.foreign = (...) ~= OUR_WAIT
  elseif ok then
    end_task(self, task, pack(...))
  else
    end_task(self, task, nil, { value = (...) })
  end
end

local function resume(self, task, ...)
  task.wakes, task.awaited, task.transfer = nil, nil, nil
  settle(self, task, coroutine.resume(task.thread, ...))
end

--- Runs fn(...) as a task up to its first wait and returns the task. An error raised before that is in task.problem;
-- one raised later is raised by step.
function Scheduler:start(fn, ...)
  -- All fields are preallocated. Foreign: stopping a task that has not begun must not resume it.
  local task = { scheduler = self, thread = coroutine.create(fn), finished = false, started = false, foreign = true,
    wakes = nil, awaited = nil, transfer = nil, callbacks = nil, values = nil, watched = nil }
  task_of[task.thread] = task
  self.tasks[#self.tasks + 1] = task
  self.unfinished = self.unfinished + 1
  resume(self, task, ...)
  task.started = true
  return task
end

--- Ends a task for a reason ("cancelled", "closed"): its wait ends at once, and so does every call that it still
-- makes.
function Scheduler:stop(task, reason)
  if task.finished or task.stop then
    return
  end
  task.stop = reason
  if not task.foreign and coroutine.status(task.thread) == "suspended" then
    resume(self, task)
  end
end

--- Ends every task.
function Scheduler:close()
  -- A resumed task may start others; those end at once, since the client is closed.
  for index = 1, #self.tasks do
    self:stop(self.tasks[index], "closed")
  end
end

-- ---- stepping ------------------------------------------------------------------------------

-- The longest that a step may wait; and, when all tasks wait for the clock only, the seconds until the first of those
-- waits ends.
local function bounds(self)
  local now, wake, longest, clock_only = self:now(), math.huge, math.huge, true
  for _, task in ipairs(self.tasks) do
    local awaited = task.awaited
    if task.foreign or awaited and awaited.scheduler ~= self then
      longest = math.min(longest, POLL)
    elseif awaited then
      longest = awaited.finished and 0 or longest
    elseif task.wakes then
      wake = math.max(math.min(wake, task.wakes - now), 0)
    elseif not task.finished then
      clock_only = false
    end
  end
  if self.head <= self.tail or self.raised[1] or self.owed then
    longest = 0
  end
  return math.min(longest, wake), clock_only and wake < math.huge and wake or nil
end

local function is_due(task, now, stepped)
  if task.finished then
    return false
  elseif task.foreign then
    return stepped
  elseif task.awaited then
    return task.awaited.finished
  elseif task.transfer then
    return stepped and task.transfer:done()
  end
  return stepped and (not task.wakes or now >= task.wakes)
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
-- first, since each may start others, end and step.
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
  local owed
  for index = 1, count do
    local task = due[index]
    due[index] = nil
    if owed or index > 1 and core.monotonic() >= ends then
      owed = owed or task
    elseif not task.finished and coroutine.status(task.thread) == "suspended" then
      resume(self, task)
    end
  end
  self.scratch, self.owed = due, owed
  return owed and 0 or count
end

local function forget_finished(self)
  if self.stale then
    local kept = {}
    for _, task in ipairs(self.tasks) do
      kept[#kept + 1] = not task.finished and task or nil
    end
    self.tasks, self.stale = kept, false
  end
end

-- An error of a callback is raised by step; the other callbacks run in the next step.
local function run_callbacks(self)
  if self.raised[1] then
    error(table.remove(self.raised, 1).value, 0)
  end
  local last = self.tail
  while self.head <= last do
    local head = self.head
    local callback, record = self.queue[head], self.called[head]
    self.queue[head], self.called[head], self.head = nil, nil, head + 1
    callback(scheduler.values(record))
  end
end

--- Waits at most `seconds` for something to happen, resumes the tasks whose wait is over and calls the callbacks that
-- are due. Returns how many tasks and callbacks are pending.
function Scheduler:step(seconds)
  local driver, ends = self.driver, math.huge
  if driver and self.unfinished > 0 then
    local longest, wake = bounds(self)
    seconds = math.min(seconds, longest)
    ends = core.monotonic() + seconds + (driver.async.work or math.huge)
    driver.async.step(seconds, wake)
  end
  local stepped = true
  while resume_due(self, stepped, ends) > 0 and self.joined do
    stepped = false
  end
  forget_finished(self)
  run_callbacks(self)
  return self:pending()
end

--- How many tasks are unfinished and callbacks not yet called.
function Scheduler:pending()
  return self.unfinished + self.tail - self.head + 1 + #self.raised
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
