-- :CloudAuditRecent [RANGE] lists the account's recent events (of the last hour, or of "24h") in a buffer of
-- its own, while you go on typing. Load it with :luafile; credentials come from the environment.
-- Run it from a clone: make LUA=luajit build, then
--   LUA=luajit bin/try nvim -c 'luafile examples/neovim/recent_events.lua'
local cloudaudit = require "cloudaudit"
local luv = require "cloudaudit.loop.luv"

local MAX_EVENTS = 50

local client

local function show(range, lines)
  vim.cmd("botright new")
  local buffer = vim.api.nvim_get_current_buf()
  vim.api.nvim_buf_set_lines(buffer, 0, -1, false, lines)
  vim.bo[buffer].buftype, vim.bo[buffer].bufhidden, vim.bo[buffer].modifiable = "nofile", "wipe", false
  vim.api.nvim_buf_set_name(buffer, ("cloudaudit://events/%s/%d"):format(range, buffer))
  vim.cmd("wincmd p")
end

-- Callbacks of calls use the editor's API, which a libuv callback may not: schedule_wrap defers the steps.
local function connect()
  local made, message = cloudaudit.new()
  if made then
    luv.attach(made, vim.loop, vim.schedule_wrap)
  end
  return made, message
end

local function recent(command)
  local range = command.args ~= "" and command.args or "1h"
  local message
  if not client then
    client, message = connect()
  end
  if not client then
    return vim.notify("cloudaudit: " .. message, vim.log.levels.ERROR)
  end
  client:task(function()
    local lines = {}
    for event in client:events{ since = "-" .. range, max = MAX_EVENTS } do
      lines[#lines + 1] = tostring(event)
    end
    return lines
  end):on_done(function(lines, problem)
    if not lines then
      return vim.notify("cloudaudit: " .. problem, vim.log.levels.ERROR)
    end
    show(range, #lines > 0 and lines or { "no events in the last " .. range })
  end)
end

vim.api.nvim_create_user_command("CloudAuditRecent", recent, { nargs = "?" })
