local emulator = require "cloudaudit.emulator"
local signed = require "support.signed"

describe("cloudaudit.emulator.request", function()
  local emu

  before_each(function()
    emu = emulator.new{ now = signed.NOW }
  end)

  local function code(action, params, options)
    return (signed.code(emu, action, params, options))
  end

  it("refuses requests that are invalid for every action", function()
    local list = { PageNumber = 1, PageSize = 1 }
    assert.is_nil(code("DescribeAuditTracks", list))
    assert.equal("UnsupportedProtocol", code("DescribeAuditTracks", list, { method = "PUT" }))
    assert.equal("UnsupportedProtocol", code("DescribeAuditTracks", list, { content_type = "text/plain" }))
    assert.equal("NoSuchVersion", code("DescribeAuditTracks", list, { headers = { ["X-TC-Version"] = "2017-03-12" } }))
    assert.equal("InvalidAction", code("CreateAudit", {}))
    for _, name in ipairs{ "X-TC-Action", "X-TC-Version", "X-TC-Timestamp", "X-TC-Region" } do
      assert.equal("MissingParameter", code("DescribeAuditTracks", list, { headers = { [name] = false } }), name)
    end
    for _, time in ipairs{ "soon", "-1", "1551113065.5", "9999999999999" } do
      local options = { headers = { ["X-TC-Timestamp"] = time } }
      assert.equal("InvalidParameterValue", code("DescribeAuditTracks", list, options))
    end
  end)

  it("accepts a missing region with require_region = false", function()
    local lax = emulator.new{ now = signed.NOW, require_region = false }
    assert.is_nil(signed.code(lax, "ListAudits", {}, { headers = { ["X-TC-Region"] = false } }))
  end)

  it("refuses bodies and queries above the service's limits", function()
    local body = '{"Name":"' .. ("x"):rep(10 * 1024 * 1024) .. '"}'
    assert.equal("RequestSizeLimitExceeded", code("CreateAuditTrack", nil, { body = body }))
    assert.equal("RequestSizeLimitExceeded", code("ListAudits", nil,
      { method = "GET", query = ("x=1&"):rep(9000), content_type = "application/x-www-form-urlencoded" }))
  end)

  it("refuses a body that is not a JSON object", function()
    for _, body in ipairs{ "", "[]", "[1]", "1", "null", "{", '{"PageNumber":1,}', "\255" } do
      assert.equal("InvalidParameter", code("DescribeAuditTracks", nil, { body = body }), body)
    end
  end)

  it("refuses parameters that do not fit the model, with the code for each", function()
    local cases = {
      { "UnknownParameter", signed.track{ Colour = "red" } },
      { "UnknownParameter", signed.track{ Storage = { StorageType = "cos", StorageRegion = "r", StorageName = "n",
        StoragePrefix = "test", Colour = "red" } } },
      { "MissingParameter", signed.track{ Storage = false } },
      { "MissingParameter", signed.track{ Storage = { StorageType = "cos" } } },
      { "InvalidParameter", signed.track{ Name = 5 } },
      { "InvalidParameter", signed.track{ Status = "1" } },
      { "InvalidParameter", signed.track{ Status = 0.5 } },
      { "InvalidParameter", signed.track{ EventNames = "*" } },
      { "InvalidParameterValue", signed.track{ Name = "ab" } },
      { "InvalidParameterValue", signed.track{ Status = 2 } },
      { "InvalidParameterValue", signed.track{ ResourceType = "*" } },
    }
    for i, case in ipairs(cases) do
      assert.equal(case[1], code("CreateAuditTrack", case[2]), "case " .. i)
    end
    assert.equal(0, #emu:all_tracks())
  end)

  it("accepts values that break a documented rule with validate = false", function()
    local lax = emulator.new{ now = signed.NOW, validate = false }
    assert.is_nil(signed.code(lax, "CreateAuditTrack", signed.track{ Name = "审计" }))
    assert.equal("InvalidParameter", (signed.code(lax, "CreateAuditTrack", signed.track{ Name = 5 })))
  end)

  it("accepts integers above 2^53 but not strings in their place", function()
    local function with(token)
      return code("DescribeEvents", nil, { body =
        '{"StartTime":1551113000,"EndTime":1551113065,"NextToken":' .. token .. "}" })
    end
    assert.equal("InvalidParameter", with("16805138109322956"))
    assert.equal("InvalidParameter", with('"16805138109322956"'))
    assert.is_nil(with("0"))
  end)
end)
