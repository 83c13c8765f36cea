local core = require "cloudaudit.core"
local mutate = require "cloudaudit.emulator.mutate"

local BODY = '{"Response":{"Events":[{"EventId":"a",'
  .. '"Inner":"{\\"x\\":{\\"y\\":[1,2]},\\"z\\":\\"\\"}"},{"EventId":"b"}],'
  .. '"ListOver":true,"Text":"a\\"]},{","RequestId":"r"}}'

describe("cloudaudit.emulator.mutate", function()
  local function apply(path, change)
    return mutate.apply(BODY, assert(mutate.parse(path)), change)
  end

  local function decoded(path, change)
    return core.decode(apply(path, change)).Response
  end

  it("replaces one value and leaves the other bytes", function()
    assert.equal((BODY:gsub("true", "1")), apply("ListOver", "1"))
    assert.equal((BODY:gsub('"b"', '"a\255b"')), apply("Events[2].EventId", '"a\255b"'))
    assert.equal((BODY:gsub('"b"', "NaN")), apply("Events[2].EventId", "NaN"))
    assert.equal('{"Response":7}', apply("Response", "7"))
    assert.equal(apply("ListOver", "1"), apply("Response.ListOver", "1"))
  end)

  it("removes members and items, and adds a member", function()
    assert.same({ { EventId = "b" } }, decoded("Events[1]", mutate.ABSENT).Events)
    assert.is_nil(decoded("RequestId", mutate.ABSENT).RequestId)
    assert.equal("old", decoded("DeprecatedWarning", '"old"').DeprecatedWarning)
    assert.equal("x", decoded("Events[2].SecretId", '"x"').Events[2].SecretId)
  end)

  it("changes every item with an asterisk", function()
    local events = decoded("Events[*].EventId", mutate.ABSENT).Events
    assert.is_nil(events[1].EventId or events[2].EventId)
    assert.same({ 1, 1 }, decoded("Events[*]", "1").Events)
  end)

  it("reaches into a document inside a string", function()
    local inner = core.decode(decoded("Events[1].Inner.x.y[2]", "{}").Events[1].Inner)
    assert.same({ 1, {} }, inner.x.y)
    local text = apply("Events[1].Inner.z", '"\255"')
    assert.truthy(text:find('\\"z\\":\\"\255\\"', 1, true))
  end)

  it("tells a path that leads nowhere", function()
    for _, path in ipairs{ "Events[3]", "Events[3].EventId", "Events.EventId", "ListOver.x", "Text.x", "No.x",
      "[1]" } do
      assert.is_nil((apply(path, "1")), path)
    end
    assert.is_nil((apply("Absent", mutate.ABSENT)))
    assert.is_nil((mutate.apply("<html>", { "a" }, "1")))
    assert.equal('{"Token":1}', mutate.apply('{"Token":"t"}', { "Token" }, "1"))
  end)

  it("refuses a malformed path", function()
    for _, path in ipairs{ "", ".a", "a..b", "a.", "a[0]", "a[x]", "a[1", "a b", "a[1]b" } do
      assert.is_nil((mutate.parse(path)), path)
    end
    assert.same({ "Events", 2, "a", "*" }, mutate.parse("Events[2].a[*]"))
    assert.same({}, mutate.parse("Response"))
  end)
end)
