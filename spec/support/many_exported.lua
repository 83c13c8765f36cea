-- Exports many events in this process; the driver generates each page on request, so that only the export can
-- accumulate memory. For a process of its own, since it replaces the client of the command.
local cli = require "cloudaudit.cli"
local clients = require "cloudaudit.cli.client"
local folder = require "support.folder"
local wire = require "support.wire"

local PAGE = 50

local ROW = [[{"EventId":"%012d","EventTime":"%d","EventName":"DescribeInstances","Username":"root","ErrorCode":0,]]
  .. [["AccountID":100000000001,"SourceIPAddress":"127.0.0.1","EventRegion":"ap-guangzhou","RequestID":"f2c1c1f2",]]
  .. [["Resources":{"ResourceType":"cvm","ResourceName":"ins-1"},]]
  .. [["CloudAuditEvent":"{\"eventVersion\":\"3.0\",\"userIdentity\":{\"type\":\"Root\"}}"}]]

-- An event in each of the seconds first..last, newest first. A page token is the second that a page begins with.
local function source(first, last)
  local driver = wire.driver()
  driver.exchange = function(request)
    local from, to = tonumber(request.body:match('"StartTime":(%d+)')), tonumber(request.body:match('"EndTime":(%d+)'))
    from, to = math.max(from, first), math.min(tonumber(request.body:match('"NextToken":(%d+)')) or to, last)
    local rows = {}
    while #rows < PAGE and to >= from do
      rows[#rows + 1] = ROW:format(to, to)
      to = to - 1
    end
    return { status = 200, headers = { ["content-type"] = "application/json" },
      body = ('{"Response":{"Events":[%s],"ListOver":%s,"NextToken":%d,"RequestId":"r"}}'):format(
        table.concat(rows, ","), tostring(to < from), to) }
  end
  return driver
end

-- Kilobytes of the process, at most so far.
local function peak()
  for line in io.lines("/proc/self/status") do
    local kilobytes = line:match("^VmHWM:%s+(%d+)")
    if kilobytes then
      return tonumber(kilobytes)
    end
  end
end

local many_exported = {}

--- Exports `total` events to a new folder: the peak of the process in KB.
function many_exported.run(total)
  local place, last = folder.new(), os.time() - 3600
  local client = wire.client(nil, { driver = source(last - total + 1, last) })
  clients.new = function()
    return client
  end
  local out = assert(io.open("/dev/null", "w"))
  local status = cli.main({ "export", place.path .. "/archive", "--since", "80d" }, { out = out, err = io.stderr })
  local counted = assert(io.open(place.path .. "/archive/_cloudaudit.json")):read("*a"):match('"events":(%d+)')
  place.remove()
  assert(status == 0 and tonumber(counted) == total, counted)
  return peak()
end

return many_exported
