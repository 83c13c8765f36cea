-- :CloudAuditRecent [SPAN] lists the account's recent events (of the last hour, or of "24h") in a buffer
-- of its own, while you go on typing. Load it with :luafile; keys come from the environment.
local cloudaudit = require "cloudaudit"

local INTERVAL = 20 -- milliseconds between two looks, while something is under way
local MOST = 50

local client, timer

local function show(span, lines)
  vim.cmd("botright new")
  local buffer = vim.api.nvim_get_current_buf()
  vim.api.nvim_buf_set_lines(buffer, 0, -1, false, lines)
  vim.bo[buffer].buftype, vim.bo[buffer].bufhidden, vim.bo[buffer].modifiable = "nofile", "wipe", false
  vim.api.nvim_buf_set_name(buffer, ("cloudaudit://events/%s/%d"):format(span, buffer))
  vim.cmd("wincmd p")
end

-- A step once every INTERVAL, on the main loop between keys; silent again when nothing is to come.
local function turn()
  local ok, pending = pcall(client.step, client, 0)
  if not ok then
    vim.notify("cloudaudit: " .. tostring(pending), vim.log.levels.ERROR)
  elseif pending == 0 and timer then
    timer:close()
    timer = nil
  end
end

local function recent(command)
  local span = command.args ~= "" and command.args or "1h"
  local message
  if not client then
    client, message = cloudaudit.new()
    if not client then
      return vim.notify("cloudaudit: " .. message, vim.log.levels.ERROR)
    end
  end
  client:task(function()
    local lines = {}
    for event in client:events{ since = "-" .. span, max = MOST } do
      lines[#lines + 1] = tostring(event)
    end
    return lines
  end):on_done(function(lines, problem)
    if not lines then
      return vim.notify("cloudaudit: " .. problem, vim.log.levels.ERROR)
    end
    show(span, #lines > 0 and lines or { "no events in the last " .. span })
  end)
  if not timer then
    timer = vim.loop.new_timer()
    timer:start(0, INTERVAL, vim.schedule_wrap(turn))
  end
end

vim.api.nvim_create_user_command("CloudAuditRecent", recent, { nargs = "?" })
