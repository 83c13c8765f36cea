local core = require "cloudaudit.core"
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
    for _, body in ipairs{ "", "[]", "[1]", "1", "{", '{"PageNumber":1,}', "\255" } do
      assert.equal("InvalidParameter", code("DescribeAuditTracks", nil, { body = body }), body)
    end
  end)

  it("takes a body of null for no parameters, as the official Ruby SDK sends it", function()
    for _, action in ipairs{ "ListAudits", "InquireAuditCredit", "GetAttributeKey" } do
      assert.is_nil(code(action, nil, { body = "null" }))
    end
    assert.equal("MissingParameter", code("DescribeAuditTracks", nil, { body = "null" }))
  end)

  it("refuses a region that does not exist, in the service's words, unless any_region is set", function()
    local options = { headers = { ["X-TC-Region"] = "ap-nowhere" } }
    local text = "A value specified in `X-TC-Region` is not valid, is unsupported, or cannot be used."
    assert.same({ "InvalidParameterValue", text }, { signed.code(emu, "ListAudits", {}, options) })
    assert.is_nil((signed.code(emulator.new{ now = signed.NOW, any_region = true }, "ListAudits", {}, options)))
    for _, region in ipairs{ "ap-guangzhou", "eu-frankfurt", "ap-shanghai-fsi" } do
      assert.is_nil(code("ListAudits", {}, { headers = { ["X-TC-Region"] = region } }))
    end
    local _, message = signed.code(emu, "ListAudits", {}, { headers = { ["X-TC-Region"] = false } })
    assert.equal("The request is missing a required parameter `Region`.", message)
  end)

  it("answers in Chinese with X-TC-Language: zh-CN", function()
    local zh = { headers = { ["X-TC-Language"] = "zh-CN", ["X-TC-Region"] = false } }
    assert.same({ "MissingParameter", "请求缺少必选参数 `Region`。" }, { signed.code(emu, "ListAudits", {}, zh) })
    zh.headers["X-TC-Language"] = "en-US"
    assert.same({ "MissingParameter", "The request is missing a required parameter `Region`." },
      { signed.code(emu, "ListAudits", {}, zh) })
    emu:fault{ kind = "throttle", message = "own text" }
    local options = { headers = { ["X-TC-Language"] = "zh-CN" } }
    assert.same({ "RequestLimitExceeded", "own text" }, { signed.code(emu, "ListAudits", {}, options) })
    emu:fault{ kind = "throttle" }
    assert.same({ "RequestLimitExceeded", "您当前每秒请求 `21` 次，超过了每秒频率上限 `20` 次，请稍后重试。" },
      { signed.code(emu, "ListAudits", {}, options) })
  end)

  it("speaks of parameters in the service's words, not in those of Lua", function()
    local cases = {
      { signed.track{ Storage = { 1 } }, "The value type of parameter `Storage` is not valid." },
      { signed.track{ Status = 0.5 }, "The value type of parameter `Status` is not valid." },
      { signed.track{ Colour = "red" }, "The parameter `Colour` is not recognized." },
      { signed.track{ Storage = { StorageType = "cos" } },
        "The request is missing a required parameter `Storage.StorageRegion`." },
      { signed.track{ ResourceType = "*" },
        'CreateAuditTrack.EventNames: ["*"] expected, since the resource type is "*" (all products)' },
      { signed.track{ EventNames = setmetatable({}, core.list) },
        'CreateAuditTrack.EventNames: ["*"] or 1 to 10 API names expected, got 0' },
    }
    for _, case in ipairs(cases) do
      assert.equal(case[2], select(2, signed.code(emu, "CreateAuditTrack", case[1])))
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
    emu = emulator.new{ now = signed.NOW, page_tokens = "strict" }
    local function with(token)
      return code("DescribeEvents", nil, { body =
        '{"StartTime":1551113000,"EndTime":1551113065,"NextToken":' .. token .. "}" })
    end
    assert.equal("InvalidParameter", with("16805138109322956"))
    assert.equal("InvalidParameter", with('"16805138109322956"'))
    assert.is_nil(with("0"))
  end)
end)
