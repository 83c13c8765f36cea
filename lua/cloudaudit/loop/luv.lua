-- Drives a client's calls from a libuv loop: uv polls the client's sockets, a timer its next deadline.
-- What is watched is decided in a prepare handle, right before the loop waits, so that calls started
-- anywhere in the loop are seen. Knows no transport; `uv` is luv or Neovim's vim.loop.
local errors = require "cloudaudit.errors"

local luv = {}

-- Seconds between two steps of calls that give the loop nothing to wait for (a driver without `fds`, a
-- descriptor that uv cannot poll).
local POLL = 1 / 50

--- The binding of a client to a uv loop.
--: class LuvLoop  steps a client inside a libuv loop
local Loop = {}
Loop.__index = Loop
Loop.__name = "cloudaudit.LuvLoop"

-- Stops all watching. A stopped poll is kept for the next round: started again, it also watches a new
-- socket that has the number of an old one.
local function disarm(self)
  self.timer:stop()
  self.deadline = nil
  for fd, poll in pairs(self.polls) do
    poll:stop()
    self.events[fd] = nil
  end
end

local function close_polls(self, wanted)
  for fd, poll in pairs(self.polls) do
    if not wanted[fd] then
      poll:close()
      self.polls[fd], self.events[fd] = nil, nil
    end
  end
end

-- One step for any number of events. Nothing is watched until it is made: with a wrapper it may come
-- much later, and a readable socket would keep the loop spinning.
local function wake(self)
  if self.step_due or self.closed then
    return
  end
  self.step_due = true
  disarm(self)
  self.step()
end

local function watch_fd(self, fd, events)
  local poll = self.polls[fd] or self.uv.new_poll(fd)
  self.polls[fd] = poll or nil
  if poll and self.events[fd] ~= events then
    poll:start(events, self.on_event)
    self.events[fd] = events
  end
  return poll ~= nil
end

local function watch_fds(self, list)
  local wanted, all = {}, true
  for _, each in ipairs(list) do
    wanted[each.fd] = (each.read and "r" or "") .. (each.write and "w" or "")
  end
  close_polls(self, wanted)
  for fd, events in pairs(wanted) do
    all = watch_fd(self, fd, events) and all
  end
  return all and #list > 0
end

-- The loop stays alive exactly while calls are under way.
local function arm(self)
  if self.client:pending() == 0 then
    disarm(self)
    close_polls(self, {})
    self.prepare:unref()
    return
  end
  self.prepare:ref()
  if self.step_due then
    return
  end
  local list, due = self.client:fds()
  if not watch_fds(self, list) then
    due = math.min(due or POLL, POLL)
  end
  -- Never put off by later looks: other handles may wake the loop more often than a step is due.
  local deadline = due and self.uv.now() + math.ceil(due * 1000)
  if deadline and not (self.deadline and self.deadline <= deadline) then
    self.deadline = deadline
    self.timer:start(math.max(deadline - self.uv.now(), 0), 0, self.on_event)
  end
end

local function is_client(value)
  return type(value) == "table" and type(value.fds) == "function" and type(value.step) == "function"
end

--- Steps a client's calls in a uv loop until `close`. `uv` is `require "luv"` or Neovim's `vim.loop`; `wrap`,
-- such as `vim.schedule_wrap`, makes of a function one that runs it where callbacks of calls may run. Calls
-- keep the loop alive while they are under way. An error in a callback of a call is raised inside the loop.
--: luv.attach(client: Client, uv: table, wrap?: fun(step: function): function) -> LuvLoop
luv.attach = errors.public(function(client, uv, wrap)
  if not is_client(client) then
    return errors.misuse("attach: client must be a client, got " .. type(client))
  elseif type(uv) ~= "table" or type(uv.new_prepare) ~= "function" then
    return errors.misuse("attach: uv must be luv or vim.loop, got " .. type(uv))
  elseif wrap ~= nil and type(wrap) ~= "function" then
    return errors.misuse("attach: wrap must be a function, got " .. type(wrap)
      .. (type(wrap) == "string" and ": require returns two values, so keep uv in a local" or ""))
  end
  local self = setmetatable({ client = client, uv = uv, polls = {}, events = {}, closed = false, step_due = false },
    Loop)
  local function step()
    self.step_due = false
    if not self.closed then
      client:step(0)
    end
  end
  self.step = wrap and wrap(step) or step
  self.on_event = function()
    wake(self)
  end
  self.timer, self.prepare = uv.new_timer(), uv.new_prepare()
  self.prepare:start(function()
    arm(self)
  end)
  return self
end)

--- Keeps the loop alive for calls that were started while it did not run: call it before running the loop again.
--: LuvLoop:update() -> true
function Loop:update()
  if not self.closed and self.client:pending() > 0 then
    self.prepare:ref()
  end
  return true
end

--- Ends the binding, not the client nor its calls. May be called again. The handles are closed once the loop has
-- run once more: let it, since luv 1.44 on Lua 5.4 crashes at exit otherwise.
--: LuvLoop:close() -> true
function Loop:close()
  if not self.closed then
    self.closed = true
    close_polls(self, {})
    self.timer:close()
    self.prepare:close()
  end
  return true
end

return luv
