local core = require "cloudaudit.core"
local response = require "cloudaudit.emulator.response"

describe("cloudaudit.emulator.response", function()
  it("keeps the order of members and omits nil", function()
    assert.equal('{"b":1,"a":"x\\"y","d":{"e":[]}}',
      response.object{ { "b", 1 }, { "c", nil }, { "a", 'x"y' }, { "d", { json = '{"e":[]}' } } })
    assert.equal("{}", response.object{})
  end)

  it("writes integers of every Lua as digits", function()
    assert.equal("5", response.digits(5))
    assert.equal("16805138109322957", response.digits("16805138109322957"))
    assert.equal("4503599627370497", response.digits(core.decode("4503599627370497")))
    assert.equal("9223372036854775807", response.digits(core.decode("9223372036854775807")))
  end)

  it("writes a success by the model, with exact integers above 2^53", function()
    local text = response.success_envelope("DescribeEvents",
      { ListOver = false, NextToken = "16805138109322957", Events = {} }, "r")
    assert.equal('{"ListOver":false,"NextToken":16805138109322957,"Events":[],"RequestId":"r"}', text)
  end)

  it("refuses to write members that the response does not have", function()
    assert.has_error(function() response.success_envelope("DeleteAuditTrack", { Colour = "red" }, "r") end)
  end)

  it("writes an error and its HTTP response", function()
    local http = response.http(response.error_envelope("A.B", "no", "r"), 1551113065, "trace")
    assert.equal('{"Response":{"Error":{"Code":"A.B","Message":"no"},"RequestId":"r"}}', http.body)
    assert.equal(200, http.status)
    assert.equal("Mon, 25 Feb 2019 16:44:25 GMT", http.headers.Date)
    assert.equal("trace", http.headers["X-TC-TraceId"])
    for _, invalid in ipairs{ "", "a b", "a\tb", "\255" } do
      assert.is_nil(response.http("{}", 1551113065, invalid).headers["X-TC-TraceId"])
    end
  end)
end)
