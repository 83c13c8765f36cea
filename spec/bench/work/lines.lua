-- The events of a page as the redacted lines of `cloudaudit events -o jsonl`, 50 at a time.
local core = require "cloudaudit.core"
local event = require "cloudaudit.events.event"

local events = core.decode_page(require "bench.page"(50), event.TYPE).Response.Events

require "bench.timed"(function()
  for index = 1, #events do
    core.event_json(events[index], "secrets")
  end
end)
