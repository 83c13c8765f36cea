-- A whole blocking call through the public client. BENCH_URL says where the server is.
local cloudaudit = require "cloudaudit"
local core = require "cloudaudit.core"
local example = require "bench.example"

-- A client sends at most `rate` requests a second, which is less than what is measured here: its
-- clock runs a hundred times faster.
local curl = require("cloudaudit.driver.curl").new{ ca_file = os.getenv("BENCH_CA") }
local driver = { exchange = curl.exchange, send_call = curl.send_call, sleep = curl.sleep, lower_headers = true }
function driver.now() return core.monotonic() * 100 end

local client = assert(cloudaudit.new{
  secret_id = example.id, secret_key = example.key, endpoint = os.getenv("BENCH_URL"),
  driver = driver, rate = 1000,
})

require "bench.timed"(function()
  local answer = assert(client:CreateAuditTrack(example.params))
  assert(answer.TrackId == 1)
end)
