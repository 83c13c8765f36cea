-- lua-cjson: the same page to Lua tables.
local decode = require("cjson").decode
local page = require "bench.page"(50)

require "bench.timed"(function()
  decode(page)
end)
