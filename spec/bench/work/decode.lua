-- A page of 50 events to Lua tables.
local decode = require("cloudaudit.core").decode
local page = require "bench.page"(50)

require "bench.timed"(function()
  assert(decode(page))
end)
