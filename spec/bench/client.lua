-- A client of the server that BENCH_URL names. A client sends at most `rate` requests a second, which is less
-- than what is measured here: its clock runs a hundred times faster.
local cloudaudit = require "cloudaudit"
local core = require "cloudaudit.core"
local example = require "bench.example"

return function()
  local curl = require("cloudaudit.driver.curl").new{ ca_file = os.getenv("BENCH_CA") }
  local driver = {}
  for name, member in pairs(curl) do driver[name] = member end
  function driver.now() return core.monotonic() * 100 end
  return assert(cloudaudit.new{
    secret_id = example.id, secret_key = example.key, endpoint = os.getenv("BENCH_URL"), driver = driver, rate = 1000,
    timeout = 86400,
  })
end
