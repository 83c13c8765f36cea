local core = require "cloudaudit.core"
local wire = require "cloudaudit.emulator.response"

describe("cloudaudit.emulator.response", function()
  it("keeps the order of members and leaves out nil", function()
    assert.equal('{"b":1,"a":"x\\"y","d":{"e":[]}}',
      wire.object{ { "b", 1 }, { "c", nil }, { "a", 'x"y' }, { "d", { json = '{"e":[]}' } } })
    assert.equal("{}", wire.object{})
  end)

  it("writes integers of every Lua in digits", function()
    assert.equal("5", wire.digits(5))
    assert.equal("16805138109322957", wire.digits("16805138109322957"))
    assert.equal("4503599627370497", wire.digits(core.decode("4503599627370497")))
    assert.equal("9223372036854775807", wire.digits(core.decode("9223372036854775807")))
  end)

  it("writes a success by the model, integers beyond 2^53 exact", function()
    local text = wire.success("DescribeEvents", { ListOver = false, NextToken = "16805138109322957", Events = {} }, "r")
    assert.equal('{"ListOver":false,"NextToken":16805138109322957,"Events":[],"RequestId":"r"}', text)
  end)

  it("refuses to write what is no answer of the action", function()
    assert.has_error(function() wire.success("DeleteAuditTrack", { Colour = "red" }, "r") end)
  end)

  it("writes an error and the HTTP response around it", function()
    local response = wire.response(wire.refusal("A.B", "no", "r"), 1551113065, "trace")
    assert.equal('{"Response":{"Error":{"Code":"A.B","Message":"no"},"RequestId":"r"}}', response.body)
    assert.equal(200, response.status)
    assert.equal("Mon, 25 Feb 2019 16:44:25 GMT", response.headers.Date)
    assert.equal("trace", response.headers["X-TC-TraceId"])
    for _, unfit in ipairs{ "", "a b", "a\tb", "\255" } do
      assert.is_nil(wire.response("{}", 1551113065, unfit).headers["X-TC-TraceId"])
    end
  end)
end)
