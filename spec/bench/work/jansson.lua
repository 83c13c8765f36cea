-- jansson, the JSON parser that Debian packages for C: the same page to Lua tables.
local decode = require("bench_native").jansson
local page = require "bench.page"(50)

require "bench.timed"(function()
  decode(page)
end)
