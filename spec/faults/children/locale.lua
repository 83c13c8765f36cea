-- A host process that has set its locale, before the library is loaded and before numbers are read. Prints what is
-- sent, read, redacted and signed, which must not depend on the locale. This file has no fraction in its text: Lua
-- itself cannot read one where the decimal point has two bytes.
-- usage: lua locale.lua LOCALE   prints bytes
assert(os.setlocale(arg[1]), "no locale " .. arg[1])

local cloudaudit = require "cloudaudit"
local core = require "cloudaudit.core"
local events = require "support.events"
local wire = require "support.wire"

local function out(...)
  for _, value in ipairs{ ... } do
    io.write(type(value) == "string" and value or core.encode(value), "\n")
  end
end

-- ---- a call: what is sent and read -----------------------------------------------------------------

local driver = wire.driver{ wire.refusal("RequestLimitExceeded"), wire.success('"TotalCount":0,"Tracks":[]') }
local client = wire.client(nil, { driver = driver, timeout = 15 / 2, clock = function() return 1551113065 + 3 / 4 end,
  random = function() return 1 / 2 end })
local request = assert(client:prepare("DescribeEvents",
  { StartTime = 1727433841, EndTime = 1727437441, MaxResults = 50 }))
out(request.url, request.headers.Authorization, request.body)
out(core.encode{ 3 / 2, -1 / 1000, 1e300, 123456789 + 1 / 4, 2 ^ 53 })
out(core.encode(core.decode("[1.5,1e2,-0.001,2.5e-7,0.1]")))
assert(core.decode("[1.5,1e2]")[1] * 2 == 3)
for _, point in ipairs{ ",", "\217\171", "..", "" } do
  assert(core.decode("[1" .. point .. " 5]") == nil or point == ",")
end
assert(core.decode("1,5") == nil and core.decode("[1\217\1715]") == nil)
assert(client:DescribeAuditTracks{ PageNumber = 1, PageSize = 10 })
assert(driver.slept[1] == 1 / 2, driver.slept[1])
out(driver.requests[1].body, driver.requests[1].headers["X-TC-Timestamp"])

-- ---- names and letters -----------------------------------------------------------------------------

local function redacted(record)
  return cloudaudit.redact(events.of{ EventId = "e-1", EventTime = "1769846400", CloudAuditEvent = record }).raw
end
out(redacted('{"secretId":"AKIDz8krbsJ5yKBZQpn74WFkmLPx3EXAMPLE","accessKeyId":"AKIDEXAMPLE",'
  .. '"APIKEY":"aaaaaaaaaa","PASSWORD":"hidden-one","PrivateKeyID":"x","INITTOKEN":"hidden-two"}'))
out(assert(cloudaudit.sign({ method = "POST", host = "cloudaudit.tencentcloudapi.com", payload = "{}",
  secret_id = "AKIDEXAMPLE", secret_key = "example", timestamp = 1551113065,
  headers = { ["X-TC-Internal-Id"] = "I", ["X-TC-ACTION"] = "describeevents" } })).authorization)
for _, text in ipairs{ "cos://audit-logs@ap-guangzhou/KLIKI%49", "cls://I-topic@ap-guangzhou/x" } do
  out(cloudaudit.storage.format(cloudaudit.storage.parse(text)))
end
out(cloudaudit.time.parse("2026-01-31T08:00:00Z"), cloudaudit.time.parse("-15m", 1551113065))
local exchange = cloudaudit.http1.exchange{ method = "GET", url = "http://a.example/I", headers = { HOST = "I" } }
out(exchange:output())
exchange:sent(#exchange:output())
local response = assert(exchange:feed(
  "HTTP/1.1 200 OK\r\nTRANSFER-ENCODING: CHUNKED\r\nDATE: I\r\nCONTENT-ENCODING: IDENTITY\r\n\r\n1\r\nx\r\n0\r\n\r\n"))
out(response.headers.date, response.body)

-- ---- bytes beyond ASCII, which an 8-bit locale calls letters or control characters -------------------

local _, message = client:create_track{ name = "\195\156\204\133\196\176\196\177", action = "write",
  storage = "cos://b@r/p" }
out(tostring(message))
_, message = client:create_track{ name = "audit", action = "\196\176\194\133", storage = "cos://b@r/prefix" }
out(tostring(message))

-- ---- order by bytes, which LC_COLLATE has otherwise ---------------------------------------------------

local NAMES = { "x-b", "x_a", "x.c", "x1", "X-B2", "xa", "x~" }
local headers = {}
for _, name in ipairs(NAMES) do
  headers[name] = "1"
end
out(assert(cloudaudit.sign{ host = "a.example", secret_id = "AKIDEXAMPLE", secret_key = "example",
  timestamp = 1551113065, headers = headers }).authorization)
local ordered = cloudaudit.emulator.new{ now = 1551113065, record = false }
for _, id in ipairs(NAMES) do
  ordered:add_event{ EventName = id, EventTime = 1551113000, EventId = id }
end
local reading = ordered:client():events{ since = "-1h", order = "oldest", where = { event_name = NAMES, user = NAMES,
  tags = { x_a = "1", ["x-b"] = "2", X = "3" } }, filter = function() return true end }
assert(reading() == nil)
out(reading.cursor:match('"attributes":(%b[])'), reading.cursor:match('"tests":(%b[])'))
for each in ordered:client():events{ since = "-1h", order = "oldest" } do
  out(each.id)
end
local tail = assert(ordered:client():tail{ since = "-1h" })
assert(tail:poll())
out(tail:checkpoint():match('"seen":(%b[])'))

-- ---- the emulator ----------------------------------------------------------------------------------

local emulator = cloudaudit.emulator.new{ now = 1551113065 + 3 / 4 }
local inner = emulator:client()
local track = assert(inner:create_track{ name = "INITIAL", action = "write",
  storage = "cls://topic@ap-guangzhou/AUDIT" })
out(track.name, cloudaudit.storage.format(track.storage))
emulator:scenario("leaked_key")
for each in inner:events{ since = "-1h" } do
  out(each.id, each.name, each.raw)
end
out("end")
