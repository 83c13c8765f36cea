-- Runs in Neovim: runs the example's command, types while the call is under way, and prints the results. The
-- main loop continues after this file, as it does for a user.
vim.cmd("luafile examples/neovim/recent_events.lua")

local longest, last = 0, vim.loop.hrtime()
local pulse = vim.loop.new_timer()

local function quit(lines)
  pulse:close()
  io.stdout:write(table.concat(lines, "\n"), "\n")
  vim.cmd("qa!")
end

local notify = vim.notify
vim.notify = function(text, level)
  notify(text, level)
  quit{ text }
end

local typed
pulse:start(0, 5, vim.schedule_wrap(function()
  local now = vim.loop.hrtime()
  longest, last = math.max(longest, now - last), now
  if vim.fn.winnr("$") == 1 then
    typed = vim.api.nvim_get_current_line()
  elseif not pulse:is_closing() then
    vim.cmd("wincmd j")
    local lines = vim.api.nvim_buf_get_lines(0, 0, -1, false)
    table.insert(lines, ("the longest pause of the editor: %d ms"):format(longest / 1e6))
    table.insert(lines, "typed while the call was under way: " .. typed)
    quit(lines)
  end
end))

vim.cmd("CloudAuditRecent 2h")
vim.api.nvim_input("ihello<Esc>")
