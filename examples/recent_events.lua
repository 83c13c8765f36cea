-- Prints the write events since its last run (at first: since SINCE), oldest first. Made for cron: an event
-- that arrives late is printed by a later run, and none is printed twice.
-- Run it from a clone: bin/try examples/recent_events.lua [SINCE [STATE_FILE]]
--   such as examples/recent_events.lua -24h /var/tmp/audit.state
-- Credentials, endpoint and CA file come from the environment, as for create_track.lua.
local cloudaudit = require "cloudaudit"

local since, state_file = arg[1] or "-24h", arg[2]

local function load_state()
  local file = state_file and io.open(state_file)
  local text = file and file:read("*a")
  if file then
    file:close()
  end
  return text ~= "" and text or nil
end

-- Written to another file and renamed, so that a crash leaves the old state or the new one, never a part of one.
local function save_state(text)
  if state_file then
    local file = assert(io.open(state_file .. ".new", "w"))
    assert(file:write(text))
    assert(file:close())
    assert(os.rename(state_file .. ".new", state_file))
  end
end

local function fail(message, err)
  io.stderr:write(message .. "\n")
  if err and err.hint then
    io.stderr:write("  hint: " .. err.hint .. "\n")
  end
  os.exit(1)
end

local client, message, err = cloudaudit.new{ region = "ap-guangzhou" }
if not client then
  fail(message, err)
end
local tail
tail, message, err = client:tail{ since = since, where = { action = "write" }, checkpoint = load_state() }
if not tail then
  fail(message, err)
end

local more
repeat
  local events
  events, more, err = tail:poll()
  if not events then
    fail(more, err)
  end
  for _, event in ipairs(events) do
    print(event)
  end
  save_state(tail:checkpoint())
until not more
client:close()
