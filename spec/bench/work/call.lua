-- A complete blocking call through the public client.
local example = require "bench.example"

local client = require "bench.client"()

require "bench.timed"(function()
  local answer = assert(client:CreateAuditTrack(example.params))
  assert(answer.TrackId == 1)
end)
