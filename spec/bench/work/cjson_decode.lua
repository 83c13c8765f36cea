-- The same page to Lua tables, with lua-cjson.
local decode = require("cjson").decode
local page = require "bench.page"(50)

require "bench.timed"(function()
  decode(page)
end)
