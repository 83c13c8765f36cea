local core = require "cloudaudit.core"
local event = require "cloudaudit.events.event"
local wire = require "support.wire"

local INNER = [[{"sessionContext":"{\"sessionToken\":\"tok-123456\",\"mfa\":true}","n":100000000001,"none":null,]]
  .. [["list":[1,null,"{\"deep\":[\"[1]\"]}"],"broken":"{\"a\":","big":%s}]]

local function of(raw)
  return event.from_wire{ EventId = "e-1", EventTime = "1769846400", CloudAuditEvent = raw }
end

describe("an event", function()
  it("has every member of an Event in our names, with exact integers", function()
    local body = wire.success([["ListOver":true,"NextToken":0,"Events":[{"EventId":"e-1","Username":"root",]]
      .. [["EventTime":"1769846400","CloudAuditEvent":"{}","ResourceTypeCn":"审计","ErrorCode":-7,"EventName":"N",]]
      .. [["SecretId":"AKIDx","EventSource":"s","RequestID":"q","ResourceRegion":"rr","AccountID":9007199254740993,]]
      .. [["SourceIPAddress":"ip","EventNameCn":"cn","Resources":{"ResourceType":"t","ResourceName":"n"},]]
      .. [["EventRegion":"r","Location":"l"}] ]])
    local client = wire.client(body, { clock = function() return 1769846400 end })
    local found = client:lookup{ since = "-1h" }.events[1]
    local seen = {}
    for name, value in pairs(found) do
      seen[name] = value
    end
    assert.equal("9007199254740993", tostring(found.account_id))
    seen.account_id = nil
    assert.same({ id = "e-1", user = "root", time = 1769846400, raw = "{}", resource_type_cn = "审计", error_code = -7,
      name = "N", access_key_id = "AKIDx", source = "s", request_id = "q", resource_region = "rr", source_ip = "ip",
      name_cn = "cn", resource_type = "t", resource_name = "n", region = "r", location = "l" }, seen)
    if math.type then
      assert.equal("integer", math.type(found.time))
    end
  end)

  it("covers every field of the model's shape", function()
    local item = {}
    for _, field in ipairs(core.shapes().Event) do
      item[field.name] = "1"
    end
    item.Resources = { ResourceType = "1", ResourceName = "1" }
    local count, found = 0, event.from_wire(item)
    for _ in pairs(found) do
      count = count + 1
    end
    -- Resources becomes two members.
    assert.equal(#core.shapes().Event + 1, count)
  end)

  it("reads both notations of the time, and has none when it cannot be read", function()
    assert.equal(1769846400, of("{}").time)
    assert.equal(1769846400, event.from_wire{ EventTime = "2026-01-31 16:00:00" }.time)
    for _, text in ipairs{ "soon", "now", "-15m", "" } do
      assert.is_nil(event.from_wire{ EventTime = text }.time, text)
    end
    assert.is_nil(event.from_wire{}.time)
  end)

  it("decodes detail at the first access, including nested JSON texts", function()
    local found = of(INNER:format("5"))
    assert.is_nil(rawget(found, "detail"))
    local detail = found.detail
    assert.equal("tok-123456", detail.sessionContext.sessionToken)
    assert.is_true(detail.sessionContext.mfa)
    assert.equal("100000000001", ("%s"):format(detail.n))
    assert.is_nil(detail.none)
    assert.equal(1, detail.list[1])
    assert.equal(core.null, detail.list[2])
    assert.same({ { 1 } }, detail.list[3].deep)
    assert.equal('{"a":', detail.broken)
    assert.equal(detail, found.detail)
    assert.equal(INNER:format("5"), found.raw)
  end)

  it("loses no digit of a long number", function()
    local detail = of(INNER:format("16805138109322957")).detail
    assert.equal("16805138109322957", tostring(detail.big))
    assert.equal("tok-123456", detail.sessionContext.sessionToken)
    assert.equal('{"a":', detail.broken)
    assert.is_nil(detail.none)
  end)

  it("keeps a malformed record as text, and has no detail without a record", function()
    local sample = [[{"sessionContext":"{"sessionToken":"x"}"}]]
    assert.equal(sample, of(sample).detail)
    assert.equal("", of("").detail)
    assert.is_nil(of(nil).detail)
    assert.is_nil(of("{}").no_such_member)
  end)

  it("decodes at most eight layers", function()
    local text = "{}"
    for _ = 1, 12 do
      text = core.encode{ x = text }
    end
    local detail, depth = of(text).detail, 0
    while type(detail) == "table" do
      detail, depth = detail.x, depth + 1
    end
    assert.equal(8, depth)
    assert.equal("string", type(detail))
  end)

  it("is one readable line", function()
    local found = event.from_wire{ EventId = "e-1", EventTime = "1769846400", EventName = "DeleteBucket",
      Username = "an\nn", SecretId = "AKIDsecret", SourceIPAddress = "10.0.0.1",
      EventRegion = "ap-guangzhou", ErrorCode = 4,
      EventSource = "cos.tencentcloudapi.com", Resources = { ResourceType = "cos", ResourceName = "logs" } }
    assert.equal("2026-01-31T08:00:00Z DeleteBucket cos.tencentcloudapi.com in ap-guangzhou by an n from 10.0.0.1"
      .. " on cos/logs error 4 id e-1", tostring(found))
    assert.equal("(no time) (no name)", tostring(event.from_wire{}))
    found = event.from_wire{ EventName = "N", ErrorCode = 0, Resources = { ResourceType = "cvm" } }
    assert.equal("(no time) N on cvm", tostring(found))
  end)
end)
