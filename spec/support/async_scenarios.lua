-- Uses of client.async for sweeps that make one operation of it fail: every instruction (sweep_spec.lua), every
-- allocation (lua_async_alloc_test.c). Each is a function of arm and disarm, between which one thing fails
-- or all do from one on. Afterwards futures must end, `step` must end, and later calls must work; raises otherwise.
local cloudaudit = require "cloudaudit"

local scenarios = {}

local OLD = _VERSION == "Lua 5.1" and not rawget(_G, "jit")
local MOST_STEPS = 200

local BODY = '{"Response":{"AuditAmount":3,"RequestId":"r"}}'

-- A client over a driver without I/O: a response is there after two steps, and each step takes a tenth of a second.
local function new_client(options)
  local now = 0
  local driver = {
    now = function() return now end,
    sleep = function(seconds) now = now + seconds end,
    exchange = function() return { status = 200, body = BODY } end,
  }
  driver.async = {
    exchange = function(_, _, wait)
      for _ = 1, 2 do
        local stop = wait()
        if stop then
          return nil, stop, { kind = stop, sent = true }
        end
      end
      return { status = 200, body = BODY }
    end,
    step = function(_, wake) now = now + (wake or 0.1) end,
  }
  local all = { driver = driver, env = false, secret_id = "AKIDx", secret_key = "y", rate = 1000 }
  for name, value in pairs(options or {}) do
    all[name] = value
  end
  if all.credentials then
    all.secret_id, all.secret_key = nil, nil
  end
  return assert(cloudaudit.new(all))
end

-- What was made so far: {clients=, futures=, called=}. Room is reserved, so that keeping a future needs no memory.
local function new_run(...)
  local futures = {}
  for index = 1, 16 do
    futures[index] = false
  end
  return { clients = { ... }, futures = futures, count = 0, called = { 0, 0, 0, 0, 0, 0, 0, 0 } }
end

local function keep(run, future)
  run.count = run.count + 1
  run.futures[run.count] = future
  return future
end

local function drain(run)
  local steps = 0
  for _, client in ipairs(run.clients) do
    repeat
      local ok, left = pcall(client.step, client, 0)
      steps = steps + 1
      assert(steps < MOST_STEPS, "step never ends: " .. tostring(left))
    until ok and left == 0
  end
end

local function check_ended(run)
  for _, future in ipairs(run.futures) do
    assert(not future or future:done(), "a future never ends")
  end
  for _, times in ipairs(run.called) do
    assert(times <= 1, "a callback was called twice")
  end
  for _, client in ipairs(run.clients) do
    assert(client:pending() == 0, "a call stays pending")
  end
end

-- Runs `use` between arm and disarm, then checks.
local function run_and_check(run, arm, disarm, use)
  arm()
  local ok, message = pcall(use)
  disarm(ok, message)
  if run.closed then
    for _, client in ipairs(run.clients) do
      assert(client:close() == true)
    end
    drain(run)
    check_ended(run)
    assert(select(3, run.clients[1]:quota()).kind == "closed")
    return
  end
  drain(run)
  check_ended(run)
  for _, client in ipairs(run.clients) do
    assert(assert(client.async:quota():await()).remaining == 3)
    assert(assert(client:quota()).remaining == 3)
    assert(client:task(function() return client:quota().remaining end):await() == 3)
    assert(client:close() == true)
  end
  check_ended(run)
end

function scenarios.calls(arm, disarm)
  local client = new_client()
  local run = new_run(client)
  local function called(index)
    return function() run.called[index] = run.called[index] + 1 end
  end
  run_and_check(run, arm, disarm, function()
    local first, second = keep(run, client.async:quota()), keep(run, client.async:quota())
    first:on_done(called(1))
    first:on_done(called(2))
    keep(run, cloudaudit.all{ first, second }):on_done(called(3))
    client:step(0)
    client:step(0)
    client:step(0)
    assert(second:await().remaining == 3)
    second:on_done(called(4))
    client:step(0)
    assert(client:pending() == 0)
    client:fds()
    assert(run.called[3] == 1)
  end)
end

function scenarios.tasks(arm, disarm)
  local client = new_client()
  local run = new_run(client)
  run_and_check(run, arm, disarm, function()
    local outer = keep(run, client:task(function()
      local inner = keep(run, client.async:quota())
      local list = keep(run, cloudaudit.all{ inner, client.async:quota() }):await()
      coroutine.yield("a foreign value")
      return list[1].remaining + client:quota().remaining
    end))
    keep(run, client:task(function() return outer:await() end))
    assert(outer:await() == 6)
    client:step(0)
  end)
end

function scenarios.several_clients(arm, disarm)
  local a, b = new_client(), new_client()
  local run = new_run(a, b)
  run_and_check(run, arm, disarm, function()
    local outer = keep(run, a:task(function() return keep(run, b.async:quota()):await() end))
    local every = keep(run, cloudaudit.all{ outer, b.async:quota(), a.async:quota() })
    every:on_done(function() run.called[1] = run.called[1] + 1 end)
    assert(every:await()[3].remaining == 3)
  end)
end

function scenarios.cancelling(arm, disarm)
  local client = new_client()
  local run = new_run(client)
  run_and_check(run, arm, disarm, function()
    local call = keep(run, client.async:quota())
    local task = keep(run, client:task(function() return assert(client:quota()) end))
    task:on_done(function() run.called[1] = run.called[1] + 1 end)
    client:step(0)
    cloudaudit.all{ call, task }:cancel()
    assert(select(3, task:await()).kind == "cancelled")
    client:step(0)
  end)
end

function scenarios.closing(arm, disarm)
  local client = new_client()
  local run = new_run(client)
  run.closed = true
  run_and_check(run, arm, disarm, function()
    keep(run, client.async:quota()):on_done(function() run.called[1] = run.called[1] + 1 end)
    keep(run, client:task(function() return assert(client:quota()) end))
    client:step(0)
    client:close()
    client:step(0)
  end)
end

function scenarios.refreshing(arm, disarm)
  local issued = 0
  local function clock()
    return 1767225600
  end
  local client = new_client{ clock = clock, credentials = cloudaudit.credentials.callback(function()
    issued = issued + 1
    if not OLD and select(2, coroutine.running()) ~= true and coroutine.running() then
      coroutine.yield("the provider waits")
    end
    return { secret_id = "AKID" .. issued, secret_key = "key", token = "token", expires_at = 1767225600 + 400 }
  end) }
  local run = new_run(client)
  run_and_check(run, arm, disarm, function()
    local first, second = keep(run, client.async:quota()), keep(run, client.async:quota())
    assert(first:await().remaining == 3)
    assert(second:await().remaining == 3)
    assert(client:quota().remaining == 3)
  end)
end

return scenarios
