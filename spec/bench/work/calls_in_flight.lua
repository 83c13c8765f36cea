-- COUNT calls, 16 at a time, through client.async.
local example = require "bench.example"

local IN_FLIGHT = 16
local client = require "bench.client"()

local function repeated(count)
  local left = count
  local function start()
    left = left - 1
    client.async:CreateAuditTrack(example.params):on_done(function(answer, message)
      assert(answer and answer.TrackId == 1, message)
      if left > 0 then start() end
    end)
  end
  for _ = 1, math.min(IN_FLIGHT, count) do start() end
  while client:step(1) > 0 do end
end

require "bench.timed"(repeated, true)
