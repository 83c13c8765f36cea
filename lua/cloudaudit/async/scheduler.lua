-- Runs calls as coroutines: each waits by yielding to here, and step resumes those whose wait is over.
-- Knows no transport and no action. Never calls a callback from anywhere but step.
--
-- A record is what is known of something that ends: {finished=, values=, problem=, callbacks=, joins=}. A
-- task is a record with a scheduler and a thread; future.lua makes records of several.
local core = require "cloudaudit.core"
local errors = require "cloudaudit.errors"

local scheduler = {}

local Scheduler = {}
Scheduler.__index = Scheduler

-- What our own waits yield; a coroutine that yields anything else waits for something unknown.
local OURS = {}

-- Whoever waits for something unknown is looked at this often while a step waits.
local POLL = 0.01

-- The Lua that cannot yield across pcall, iterators and metamethods.
local OLD = _VERSION == "Lua 5.1" and not rawget(_G, "jit")

-- Asked so that no host minds which raises for a global that nobody has declared.
local in_nginx = pcall(function()
  return ngx.get_phase()
end)

local unpack = table.unpack or unpack

-- Thread -> task. Weak both ways: the scheduler holds its tasks, and on 5.1 a value that leads to its
-- key would hold both for ever.
local task_of = setmetatable({}, { __mode = "kv" })

--- A scheduler for one client. Its driver is known once a call needed one.
function scheduler.new()
  return setmetatable({
    tasks = {}, unfinished = 0, raised = {},
    queue = {}, called = {}, head = 1, tail = 0, -- callbacks, and the records they are for
    joined = false, -- whether a task ever waited for a record
  }, Scheduler)
end

local function pack(...)
  return { n = select("#", ...), ... }
end

--- Seconds by the clock that its waits go by.
function Scheduler:now()
  return (self.driver and self.driver.now or core.monotonic)()
end

-- ---- yielding ------------------------------------------------------------------------------

-- On 5.1 a C function below us is a wall; so is the call that a for loop makes. Lua's own message
-- for that names neither the place nor the way out.
local function check_wall()
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

--- Yields to the host that runs this coroutine, once.
function scheduler.yield_to_host()
  check_wall()
  coroutine.yield()
end

--- True in a coroutine that somebody else may resume; false on the main thread, and in nginx, which resumes
-- whoever yields at once and steps nothing.
function scheduler.in_coroutine()
  local thread, is_main = coroutine.running()
  return thread ~= nil and not is_main and not in_nginx
end

--- The task whose coroutine this is, of whatever scheduler, or nil.
function scheduler.running()
  local thread = coroutine.running()
  return thread and task_of[thread]
end

--- The same when it is one of this scheduler.
function Scheduler:current()
  local task = scheduler.running()
  return task and task.scheduler == self and task or nil
end

--- Waits inside `task` until a moment of the driver's clock, until the record `awaited` is finished, or (both
-- nil) until the driver has stepped: if there is a `transfer`, until transfer:done() holds then. Returns nil, or
-- why the task is to end: "cancelled" or "closed".
function Scheduler:wait(task, wakes, awaited, transfer)
  local over = task.stop and not task.told
  while not over do
    task.wakes, task.awaited, task.transfer = wakes, awaited, transfer
    self.joined = self.joined or awaited ~= nil
    check_wall()
    coroutine.yield(OURS)
    -- Whoever resumed us may have been a step that was itself interrupted for a while.
    over = task.stop and not task.told or not (wakes or awaited) or wakes and self:now() >= wakes
      or awaited and awaited.finished
  end
  task.told = task.stop ~= nil
  return task.stop
end

-- ---- records -------------------------------------------------------------------------------

local function enqueue(self, callback, record)
  local tail = self.tail + 1
  self.queue[tail], self.called[tail], self.tail = callback, record, tail
end

--- Ends a record with its values {n=, …}, or with a problem: {value= what was raised}. Its callbacks run in
-- a later step of `self`.
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

--- The values of a record that is finished.
function scheduler.values(record)
  if record.problem then
    return errors.misuse("the call was ended by an error: " .. tostring(record.problem.value))
  end
  return unpack(record.values, 1, record.values.n)
end

--- Has callback(...) called with the values of the record, by the next step at the earliest.
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
    task.foreign = (...) ~= OURS
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

--- Runs fn(...) as a task up to its first wait and returns the task. What it raises before that is in
-- task.problem; what it raises later reaches the caller of step.
function Scheduler:start(fn, ...)
  -- With room for what is set later. Foreign: who stops it before it has begun must not begin it.
  local task = { scheduler = self, thread = coroutine.create(fn), finished = false, started = false, foreign = true,
    wakes = nil, awaited = nil, transfer = nil, callbacks = nil, values = nil, watched = nil }
  task_of[task.thread] = task
  self.tasks[#self.tasks + 1] = task
  self.unfinished = self.unfinished + 1
  resume(self, task, ...)
  task.started = true
  return task
end

--- Ends a task for a reason ("cancelled", "closed"): what it waits for ends at once, and so does every call
-- that it still makes.
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
  -- Whoever is resumed may start others, which end at once since the client is closed.
  for index = 1, #self.tasks do
    self:stop(self.tasks[index], "closed")
  end
end

-- ---- stepping ------------------------------------------------------------------------------

-- The longest that a step may wait; and, when all wait for the clock alone, the seconds until the first
-- of those waits ends.
local function bounds(self)
  local now, wake, most, clock_alone = self:now(), math.huge, math.huge, true
  for _, task in ipairs(self.tasks) do
    local awaited = task.awaited
    if task.foreign or awaited and awaited.scheduler ~= self then
      most = math.min(most, POLL)
    elseif awaited then
      most = awaited.finished and 0 or most
    elseif task.wakes then
      wake = math.max(math.min(wake, task.wakes - now), 0)
    elseif not task.finished then
      clock_alone = false
    end
  end
  if self.head <= self.tail or self.raised[1] or self.owed then
    most = 0
  end
  return math.min(most, wake), clock_alone and wake < math.huge and wake or nil
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

-- Resumes those whose wait is over, beginning with the one that is owed its turn; `stepped`: driver and
-- clock have moved since. From the moment `ends` on, the rest is left to the next step. Works on a list of
-- its own, since tasks start others, end and step meanwhile.
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

-- Whatever is raised here reaches the caller of step; the rest stays for the next step.
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

--- Moves everything on, waits at most `seconds` for something to happen, then calls the callbacks that
-- are due. Returns how many tasks and callbacks are still to come.
function Scheduler:step(seconds)
  local driver, ends = self.driver, math.huge
  if driver and self.unfinished > 0 then
    local most, wake = bounds(self)
    seconds = math.min(seconds, most)
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

--- How many tasks are not finished and callbacks not called.
function Scheduler:pending()
  return self.unfinished + self.tail - self.head + 1 + #self.raised
end

--- What a foreign loop watches: a list of {fd=, read=, write=}, and the seconds until a step is due at the
-- latest (nil: none is).
function Scheduler:fds()
  local list, due = {}, nil
  if self.driver and self.driver.async.fds then
    list, due = self.driver.async.fds()
  end
  local most = math.min((bounds(self)), due or math.huge)
  return list, most < math.huge and most or nil
end

return scheduler
