-- Values through a client and back.
local cloudaudit = require "cloudaudit"
local core = require "cloudaudit.core"
local wire = require "support.wire"

local function fixture(name)
  local file = assert(io.open("spec/fixtures/" .. name, "rb"))
  local text = file:read("*a")
  file:close()
  return assert(core.decode(text))
end

local function vector(name)
  for _, case in ipairs(fixture("tc3-vectors.json")) do
    if case.name == name then
      return case
    end
  end
end

-- The input example in Tencent's documentation of CreateAuditTrack.
local EXAMPLE = {
  Name = "audit", ActionType = "Read", ResourceType = "audit", Status = 1, TrackForAllMembers = 1,
  EventNames = { "LookUpEvents", "DeleteAudit" },
  Storage = { StorageType = "cos", StorageRegion = "ap-guangzhou", StorageName = "audit-cos", StoragePrefix = "test" },
}
local OUTPUT = [[
{
    "Response": {
        "TrackId": 1,
        "RequestId": "2d4a7fba-bba8-452e-a99e-ccf11fdaa583"
    }
}
]]

-- Numbers beyond 2^53 are integers in a Lua that has integers, and decimal strings elsewhere.
local function exact(text)
  return math.type and math.tointeger(text) or text
end

describe("the example of Tencent's documentation", function()
  it("is sent byte for byte and signed like the golden vector", function()
    local case = vector("cloudaudit-create-audit-track")
    local client, driver = wire.client(OUTPUT, { clock = function() return case.timestamp end })
    local response = client:CreateAuditTrack(EXAMPLE)
    local request = driver.requests[1]
    assert.equal(case.body, request.body)
    assert.equal(case.expect.authorization, request.headers.Authorization)
    assert.equal(case.content_type, request.headers["Content-Type"])
    assert.equal(case.host, request.headers.Host or request.host)
    assert.equal(("%d"):format(case.timestamp), request.headers["X-TC-Timestamp"])
    assert.equal("CreateAuditTrack", request.headers["X-TC-Action"])
    assert.equal("2019-03-19", request.headers["X-TC-Version"])
    assert.equal("ap-guangzhou", request.headers["X-TC-Region"])
    assert.same({ TrackId = 1, RequestId = "2d4a7fba-bba8-452e-a99e-ccf11fdaa583" }, response)
    if math.type then
      assert.equal("integer", math.type(response.TrackId))
    end
  end)

  it("is the same through create_track, prepare and call", function()
    local case = vector("cloudaudit-create-audit-track")
    local client, driver = wire.client(OUTPUT, { clock = function() return case.timestamp end })
    local track = client:create_track{ name = "audit", action = "read", resource_type = "audit", all_members = true,
      event_names = { "LookUpEvents", "DeleteAudit" },
      storage = cloudaudit.storage.cos{ region = "ap-guangzhou", bucket = "audit-cos", prefix = "test" } }
    assert.equal(1, track.id)
    assert.equal(case.body, driver.requests[1].body)
    client:call("CreateAuditTrack", EXAMPLE)
    assert.equal(case.body, driver.requests[2].body)
    local request = client:prepare("CreateAuditTrack", EXAMPLE, { timestamp = case.timestamp })
    assert.equal(case.body, request.body)
    assert.equal(case.expect.authorization, request.headers.Authorization)
    assert.equal(1, client:parse("CreateAuditTrack", 200, {}, OUTPUT).TrackId)
  end)

  it("signs the port of a host that has one", function()
    local case = vector("cloudaudit-port-in-host")
    local client, driver = wire.client(OUTPUT, { endpoint = "https://127.0.0.1:8443",
      clock = function() return case.timestamp end })
    client:CreateAuditTrack(EXAMPLE)
    assert.equal(case.expect.authorization, driver.requests[1].headers.Authorization)
  end)
end)

describe("a value", function()
  local function sent(action, params)
    local client, driver = wire.client()
    assert(client:call(action, params))
    return driver.requests[1].body
  end

  local function received(json)
    local client = wire.client(wire.success('"Value":' .. json))
    return assert(client:call("SomeNewAction", {})).Value
  end

  it("that is an empty list is sent as [] and returned as a list", function()
    assert.equal('{"StartTime":1,"EndTime":2,"LookupAttributes":[]}',
      sent("DescribeEvents", { StartTime = 1, EndTime = 2, LookupAttributes = {} }))
    assert.equal('{"Names":[]}', sent("SomeNewAction", { Names = cloudaudit.list() }))
    assert.equal('{"Names":{}}', sent("SomeNewAction", { Names = {} }))
    local list = received("[]")
    assert.equal(0, #list)
    assert.equal('{"Names":[]}', sent("SomeNewAction", { Names = list }))
  end)

  for _, digits in ipairs{ "9007199254740993", "16805138109322956", "9223372036854775807" } do
    it("of " .. digits .. " is exact both ways", function()
      local value = exact(digits)
      assert.equal(value, received(digits))
      assert.equal('{"StartTime":1,"EndTime":2,"NextToken":' .. digits .. "}",
        sent("DescribeEvents", { StartTime = 1, EndTime = 2, NextToken = value }))
      assert.equal('{"StartTime":1,"EndTime":2,"NextToken":' .. digits .. "}",
        sent("DescribeEvents", { StartTime = 1, EndTime = 2, NextToken = digits }))
      local client = wire.client(wire.success('"TrackId":' .. digits))
      assert.equal(value, client:CreateAuditTrack(EXAMPLE).TrackId)
      if math.type then
        assert.equal("integer", math.type(received(digits)))
      end
    end)
  end

  it("of the smallest integer is exact both ways", function()
    local digits = "-9223372036854775808"
    assert.equal(exact(digits), received(digits))
    for _, given in ipairs{ exact(digits), digits } do
      assert.equal('{"KmsRegion":"r","Limit":' .. digits .. "}",
        sent("ListKeyAliasByRegion", { KmsRegion = "r", Limit = given }))
    end
    assert.equal("-9223372036854775809", received("-9223372036854775809"))
  end)

  it("in a list with holes is refused, not dropped", function()
    local client, driver = wire.client()
    for _, list in ipairs{ { "a", [5] = "b" }, { [2] = "b" }, { "a", [1.5] = "b" } } do
      assert.error_matches(function() client:ModifyAuditTrack{ TrackId = 1, EventNames = list } end,
        "ModifyAuditTrack%.EventNames: list without holes expected")
      assert.error_matches(function() client:call("SomeNewAction", { Names = list }) end,
        "a list without holes or a table with string keys expected")
    end
    assert.equal(0, #driver.requests)
  end)

  it("of 2^64 - 1 is a decimal string everywhere", function()
    assert.equal("18446744073709551615", received("18446744073709551615"))
    assert.equal('{"TrackId":18446744073709551615}', sent("DescribeAuditTrack", { TrackId = "18446744073709551615" }))
  end)

  it("that is a float without a fraction is an integer, one with a fraction is refused", function()
    assert.equal('{"TrackId":5}', sent("DescribeAuditTrack", { TrackId = 5.0 }))
    local client = wire.client()
    for _, bad in ipairs{ 1.5, 0 / 0, math.huge, 2 ^ 60 + 0.0, "1.0", "0x1", " 1", "" } do
      assert.error_matches(function() client:DescribeAuditTrack{ TrackId = bad } end,
        "DescribeAuditTrack%.TrackId: integer expected")
    end
  end)

  it("of false, true, null and 0 is preserved", function()
    local value = received('{"a":false,"b":true,"c":null,"d":0,"e":[null,false],"f":"","g":{}}')
    assert.is_false(value.a)
    assert.is_true(value.b)
    assert.is_nil(value.c)
    assert.equal(0, value.d)
    assert.equal(cloudaudit.null, value.e[1])
    assert.is_false(value.e[2])
    assert.equal(2, #value.e)
    assert.equal("", value.f)
    assert.same({}, value.g)
    assert.equal('{"A":false}', sent("SomeNewAction", { A = false }))
    assert.equal('{"A":[null,false]}', sent("SomeNewAction", { A = { cloudaudit.null, false } }))
    assert.equal('{"TrackId":5,"Status":0}', sent("ModifyAuditTrack", { TrackId = 5, Status = 0 }))
    assert.equal('{"TrackId":5}', sent("ModifyAuditTrack", { TrackId = 5, Name = cloudaudit.null }))
  end)

  it("can be nested", function()
    assert.same({ { { 1, {} }, { a = { { b = {} } } } } }, received('[[[1,[]],{"a":[{"b":{}}]}]]'))
    assert.equal('{"A":[[1],[[2]],{"b":[{"c":3}]}]}',
      sent("SomeNewAction", { A = { { 1 }, { { 2 } }, { b = { { c = 3 } } } } }))
  end)

  it("can be nested 256 levels deep, in lists, objects and both", function()
    local layers = { { "[", "]", 1 }, { '{"a":', "}", "a" }, { '[{"a":', "}]", 1, "a" } }
    for _, layer in ipairs(layers) do
      local steps = #layer - 2
      local text = layer[1]:rep(256 / steps) .. "7" .. layer[2]:rep(256 / steps)
      local value = core.decode(text)
      assert.equal(text, core.encode(value))
      for depth = 0, 255 do
        value = value[layer[3 + depth % steps]]
      end
      assert.equal(7, value)
      text = layer[1]:rep(256 / steps) .. "[7]" .. layer[2]:rep(256 / steps)
      local none, message = core.decode(text)
      assert.is_nil(none)
      assert.truthy(message:find("nested deeper than 256 levels", 1, true))
    end
  end)

  it("may contain every escape", function()
    assert.equal('"\\/\8\12\n\r\t\1\127\195\169\226\130\172\240\159\152\128',
      received('"\\"\\\\\\/\\b\\f\\n\\r\\t\\u0001\\u007f\\u00e9\\u20ac\\ud83d\\ude00"'))
    local text = ""
    for byte = 0, 127 do
      text = text .. string.char(byte)
    end
    local body = sent("GetAttributeKey", { WebsiteType = text })
    assert.equal(text, core.decode(body).WebsiteType)
    for byte = 0, 31 do
      assert.is_nil(body:find(string.char(byte), 1, true), byte)
    end
    assert.equal('{"WebsiteType":"\195\169\\"\\\\"}', sent("GetAttributeKey", { WebsiteType = "\195\169\"\\" }))
  end)

  it("that is not UTF-8 is refused when it is sent, and unchanged when it is received", function()
    local client, driver = wire.client()
    for _, bad in ipairs{ "\255", "\192\128", "\237\160\128", "\244\144\128\128", "\195", "a\128" } do
      local _, text, err = client:GetAttributeKey{ WebsiteType = bad }
      assert.equal("validation", err.kind)
      assert.truthy(text:find("GetAttributeKey.WebsiteType: ", 1, true), text)
      assert.truthy(text:find("UTF-8", 1, true), text)
      local other = wire.client(wire.success('"Value":"' .. bad .. '"'))
      assert.equal(bad, assert(other:GetAttributeKey()).Value)
    end
    assert.equal(0, #driver.requests)
    assert.truthy(client:GetAttributeKey())
  end)
end)

describe("the headers of a response", function()
  local BODY = '{"Response":{"RequestId":"r"}}'

  -- A body with an encoding is not read, so a header that arrives shows as a failure.
  local function refused(headers)
    local response, fields = core.parse("DescribeAuditTracks", 200, headers, BODY)
    if not response then
      assert.equal("protocol", fields.kind)
      assert.truthy(fields.message:find("content encoding", 1, true))
    end
    return not response
  end

  it("are compared in any case, as a table and as a head", function()
    for _, name in ipairs{ "content-encoding", "Content-Encoding", "CONTENT-ENCODING" } do
      assert.is_true(refused{ [name] = "gzip" })
      assert.is_false(refused{ [name] = "identity" })
      assert.is_true(refused("HTTP/1.1 200 OK\r\n" .. name .. ": gzip\r\n\r\n"))
      assert.is_false(refused("HTTP/1.1 200 OK\r\n" .. name .. ": identity\r\n\r\n"))
    end
  end)

  it("may be numbers and lists; other types are left out", function()
    assert.is_true(refused{ ["Content-Encoding"] = 7 })
    assert.is_true(refused{ ["Content-Encoding"] = { "identity", 2 } })
    assert.is_false(refused{ ["Content-Encoding"] = { "identity", {}, print } })
    assert.is_false(refused{ ["Content-Encoding"] = {} })
    assert.is_false(refused{ ["Content-Encoding"] = print, [1] = "gzip", [true] = "gzip", Flag = true })
    assert.is_false(refused(nil))
  end)

  it("have no usable value when two names differ in case alone", function()
    assert.is_true(refused{ ["Content-Encoding"] = "identity", ["content-encoding"] = "identity" })
  end)
end)
