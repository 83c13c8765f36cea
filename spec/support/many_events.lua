-- Reads many events through `events` and measures the growth of memory. The driver generates each page on request, so
-- that only the library can accumulate memory.
local wire = require "support.wire"

local NOW = 1700000000

local ROW = [[{"EventId":"%08d","EventTime":"%d","EventName":"DescribeInstances","Username":"root","ErrorCode":0,]]
  .. [["AccountID":100000000001,"SecretId":"AKIDz8krbsJ5yKBZQpn74WFkmLPx3EXAMPLE","EventNameCn":"n",]]
  .. [["EventSource":"cvm.tencentcloudapi.com","RequestID":"f2c1c1f2","SourceIPAddress":"127.0.0.1",]]
  .. [["EventRegion":"ap-guangzhou","Resources":{"ResourceType":"cvm","ResourceName":"ins-1"},]]
  .. [["CloudAuditEvent":"{\"eventVersion\":\"3.0\",\"userIdentity\":{\"sessionContext\":\"{}\"}}"}]]

-- Pages of 50 events, each a second older than the one before, in the requested windows.
local function source(total)
  local driver, made = wire.driver(), 0
  driver.exchange = function(request)
    local page, to = {}, tonumber(request.body:match('"StartTime":(%d+)'))
    local over = false
    while #page < 50 and not over do
      over = made == total or NOW - made < to
      if not over then
        page[#page + 1] = ROW:format(made, NOW - made)
        made = made + 1
      end
    end
    return { status = 200, headers = { ["content-type"] = "application/json" },
      body = ('{"Response":{"Events":[%s],"ListOver":%s,"NextToken":9107%012d,"RequestId":"r"}}'):format(
        table.concat(page, ","), tostring(over), made) }
  end
  return driver
end

-- Kilobytes: Lua's heap after a full collection, and the resident set of the process.
local function memory()
  collectgarbage()
  collectgarbage()
  for line in io.lines("/proc/self/status") do
    local resident = line:match("^VmRSS:%s+(%d+)")
    if resident then
      return collectgarbage("count"), tonumber(resident)
    end
  end
end

local many_events = {}

--- Reads `total` events, which must come in order. Returns their number, and by how many KB Lua's heap and the resident
-- set grew after the first tenth.
function many_events.read(total)
  local client = wire.client(nil, { driver = source(total), clock = function() return NOW end })
  local count, heap, resident = 0, nil, nil
  for event in client:events{ since = "-89d" } do
    assert(tonumber(event.id) == count)
    count = count + 1
    if count == total / 10 then
      heap, resident = memory()
    end
  end
  local heap_after, resident_after = memory()
  return count, heap_after - heap, resident_after - resident
end

return many_events
