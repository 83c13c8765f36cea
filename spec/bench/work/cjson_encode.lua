-- The documented example to JSON text, with lua-cjson.
local encode = require("cjson").encode
local params = require("bench.example").params

require "bench.timed"(function()
  encode(params)
end)
