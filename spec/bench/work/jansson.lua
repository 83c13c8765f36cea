-- The same page to Lua tables, with jansson, a JSON parser for C in Debian.
local decode = require("bench_native").jansson
local page = require "bench.page"(50)

require "bench.timed"(function()
  decode(page)
end)
