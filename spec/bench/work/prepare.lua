-- The documented example, from a Lua table to a signed request.
local example = require "bench.example"
local client = example.client()

require "bench.timed"(function()
  assert(client:prepare("CreateAuditTrack", example.params, example.timestamp, true))
end)
