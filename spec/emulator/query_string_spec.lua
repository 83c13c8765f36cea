local core = require "cloudaudit.core"
local emulator = require "cloudaudit.emulator"
local query_string = require "cloudaudit.emulator.query_string"
local signed = require "support.signed"

local function parse(text, shape)
  return query_string.parse(query_string.pairs(text), shape)
end

describe("cloudaudit.emulator.query_string", function()
  it("parses dotted names into the table of the equivalent JSON", function()
    local params = assert(parse("StartTime=1&EndTime=2&LookupAttributes.0.AttributeKey=EventName"
      .. "&LookupAttributes.0.AttributeValue=a%26b+c&LookupAttributes.1.AttributeKey=Tags", "DescribeEventsRequest"))
    assert.same({
      StartTime = 1, EndTime = 2,
      LookupAttributes = { { AttributeKey = "EventName", AttributeValue = "a&b c" }, { AttributeKey = "Tags" } },
    }, params)
  end)

  it("parses lists of strings, objects and integers above 2^53", function()
    local params = assert(parse("Name=1234&EventNames.0=*&Storage.StorageName=x&Storage.Compress=1",
      "CreateAuditTrackRequest"))
    assert.same({ Name = "1234", EventNames = { "*" }, Storage = { StorageName = "x", Compress = 1 } }, params)
    assert.equal(core.decode("16805138109322957"),
      parse("NextToken=16805138109322957", "DescribeEventsRequest").NextToken)
  end)

  it("keeps unknown and malformed parameters for validation", function()
    assert.same({ Colour = "red" }, parse("Colour=red", "DescribeAuditTrackRequest"))
    assert.same({ TrackId = "x" }, parse("TrackId=x", "DescribeAuditTrackRequest"))
    assert.same({ EventNames = { a = "x" } }, parse("EventNames.a=x", "CreateAuditTrackRequest"))
    assert.same({}, parse("", "ListAuditsRequest"))
    local params, code = parse("a=1&a.b=2", "ListAuditsRequest")
    assert.is_nil(params)
    assert.equal("InvalidParameter", code)
  end)

  it("serves a signed GET", function()
    local emu = emulator.new{ now = signed.NOW }
    signed.send(emu, "CreateAuditTrack", signed.track())
    local get = { method = "GET", content_type = "application/x-www-form-urlencoded" }
    get.query = "PageNumber=1&PageSize=10"
    assert.equal(1, signed.send(emu, "DescribeAuditTracks", nil, get).TotalCount)
    get.query = "PageNumber=1&PageSize=10&Colour=red"
    assert.equal("UnknownParameter", (signed.code(emu, "DescribeAuditTracks", nil, get)))
    local request = signed.request(emu, "DescribeAuditTracks", nil, get)
    request.query = "PageNumber=2&PageSize=10"
    assert.equal("AuthFailure.SignatureFailure", core.decode(emu:handle(request).body).Response.Error.Code)
  end)
end)
