-- Calls in a libuv loop: uv watches the client's descriptors, a timer does the rest. Run it as
-- `lua5.4 examples/luv.lua` with keys, endpoint and CA in the environment.
local cloudaudit = require "cloudaudit"
local uv = require "luv"

local client = assert(cloudaudit.new())
local timer, polls = uv.new_timer(), {}
local turn

-- Watches what the client asks for until the next turn; when nothing is to come, nothing is left for uv to
-- run. Every poll is started anew: a descriptor may be another connection than it was a turn ago.
local function watch()
  local list, due = client:fds()
  local wanted = {}
  for _, each in ipairs(list) do
    wanted[each.fd] = (each.read and "r" or "") .. (each.write and "w" or "")
  end
  for fd, poll in pairs(polls) do
    if not wanted[fd] then
      poll:close()
      polls[fd] = nil
    end
  end
  for fd, events in pairs(wanted) do
    polls[fd] = polls[fd] or uv.new_poll(fd)
    polls[fd]:start(events, turn)
  end
  if client:pending() == 0 and not timer:is_closing() then
    timer:close()
  elseif due then
    timer:start(math.ceil(due * 1000), 0, turn)
  end
end

function turn()
  client:step(0)
  watch()
end

local function show(what)
  return function(track, message, err)
    if track then
      print(what, track.id)
    else
      print(what .. " failed: " .. message .. " (" .. err.outcome .. ")")
    end
  end
end

local names = { "reads", "writes", "all" }
for index, action in ipairs{ "read", "write", "all" } do
  client.async:create_track{ name = names[index], action = action,
    storage = "cos://audit-logs@ap-guangzhou/cloudaudit" }:on_done(show(names[index]))
end
client.async:get_track(424242):on_done(show("424242"))
watch()
uv.run()
client:close()
