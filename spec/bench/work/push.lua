-- The floor of decoding: the already parsed values of the page into Lua tables.
local native = require "bench_native"
local document = native.load(require "bench.page"(50))

require "bench.timed"(function()
  native.push(document)
end)
