-- A page of 50 events to event tables.
local decode = require("cloudaudit.core").decode_page
local event = require "cloudaudit.events.event"
local page = require "bench.page"(50)

require "bench.timed"(function()
  assert(decode(page, event.TYPE))
end)
