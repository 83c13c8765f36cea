-- lua-cjson: the seed's example to JSON text, and nothing else.
local encode = require("cjson").encode
local params = require("bench.example").params

require "bench.timed"(function()
  encode(params)
end)
