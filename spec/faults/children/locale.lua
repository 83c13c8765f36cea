-- A host process that has set its locale, which must not affect what is sent and read.
-- usage: lua locale.lua LOCALE   prints bytes
local cloudaudit = require "cloudaudit"
local core = require "cloudaudit.core"
local wire = require "support.wire"

assert(os.setlocale(arg[1]), "no locale " .. arg[1])
assert((arg[1] == "C") == (("%.1f"):format(0.5) == "0.5"), "the locale makes no difference")

local driver = wire.driver{ wire.refusal("RequestLimitExceeded"), wire.success('"TotalCount":0,"Tracks":[]') }
local client = wire.client(nil, { driver = driver, timeout = 7.5, clock = function() return 1551113065.75 end,
  random = function() return 0.5 end })

local request = assert(client:prepare("DescribeEvents",
  { StartTime = 1727433841, EndTime = 1727437441, MaxResults = 50 }))
io.write(request.url, "\n", request.headers.Authorization, "\n", request.body, "\n")
io.write(core.encode{ 1.5, -0.001, 1e300, 123456789.25, 2 ^ 53 }, "\n")
assert(core.decode("[1.5,1e2]")[1] * 2 == 3)
assert(core.decode("1,5") == nil)
assert(client:DescribeAuditTracks{ PageNumber = 1, PageSize = 10 })
assert(driver.slept[1] == 0.5, driver.slept[1])
io.write(driver.requests[1].body, driver.requests[1].headers["X-TC-Timestamp"], "\n")
io.write(cloudaudit.emulator and "end\n" or "end\n")
