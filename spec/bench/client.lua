-- A client of the server at BENCH_URL. Its clock runs a hundred times faster, because its limit of `rate` requests a
-- second is below the speed that is measured here.
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
