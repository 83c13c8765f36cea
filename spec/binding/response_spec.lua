-- Odd responses through the whole client: each has a defined result, and hides nothing else.
local cloudaudit = require "cloudaudit"
local core = require "cloudaudit.core"
local wire = require "support.wire"

local CREATE = { Name = "all-writes", ActionType = "Write", ResourceType = "*", EventNames = { "*" }, Status = 1,
  Storage = { StorageType = "cos", StorageRegion = "ap-guangzhou", StorageName = "bucket", StoragePrefix = "audit" } }

-- Bytes that are not UTF-8, control characters and unpaired surrogates in strings: text, what it is in Lua.
local BYTES = {
  { "a\255b", "a\255b" }, { "caf\233", "caf\233" }, { "\214\208\206\196", "\214\208\206\196" },
  { "\228\184", "\228\184" },
  { "a\1b\nc", "a\1b\nc" }, { "\0", "\0" }, { "\\ud83d", "\239\191\189" }, { "\\ude00x", "\239\191\189x" },
  { "\\ud83d\\ud83d\\ude00", "\239\191\189\240\159\152\128" },
}

local function is_utf8(text)
  return core.encode(text) ~= nil
end

-- nil when a call fails, else its response; and the error.
local function read(body, status, headers)
  local client, driver = wire.client({ { status = status or 200, headers = headers, body = body } })
  local response, _, err = client:DescribeEvents{ StartTime = 1, EndTime = 2 }
  return response, err, driver
end

local function create(body, status)
  local client, driver = wire.client({ { status = status or 200, body = body } })
  local response, _, err = client:CreateAuditTrack(CREATE)
  assert.equal(1, #driver.requests)
  return response, err
end

describe("a response", function()
  it("with any bytes in its strings is read whole", function()
    for _, case in ipairs(BYTES) do
      local response = assert(read('{"Response":{"Events":[{"EventId":"a"},{"EventId":"b","Username":"' .. case[1]
        .. '","' .. case[1] .. '":1},{"EventId":"c"}],"ListOver":true,"RequestId":"r"}}'))
      assert.equal(3, #response.Events)
      assert.equal(case[2], response.Events[2].Username)
      assert.equal(1, response.Events[2][case[2]])
      assert.equal("c", response.Events[3].EventId)
    end
  end)

  it("with a deep value, a huge number or a byte order mark is read whole", function()
    local deep = ("["):rep(64) .. ("]"):rep(64)
    for _, value in ipairs{ deep, "1e999", "-1e999", ("9"):rep(500) .. ".5" } do
      local response = assert(read('\239\187\191{"Response":{"Events":[{"EventId":"a","Odd":' .. value
        .. '}],"RequestId":"r"}}'))
      assert.equal("a", response.Events[1].EventId)
    end
  end)

  it("that refuses keeps its code, whatever bytes its texts have, and what is shown is UTF-8", function()
    for _, case in ipairs(BYTES) do
      local _, err = create('{"Response":{"Error":{"Code":"ResourceNotFound.CosNotExist","Message":"' .. case[1]
        .. '"},"RequestId":"r-' .. case[1] .. '"}}')
      assert.same({ "not_found", "rejected", "ResourceNotFound.CosNotExist" }, { err.kind, err.outcome, err.code })
      assert.is_true(is_utf8(err.message) and is_utf8(err.request_id))
      assert.is_nil(err.message:find("[%z\1-\31\127]"))
    end
    local _, err = create(wire.refusal("ResourceNotFound", "a\226\128\174b\194\155c"))
    assert.truthy(err.message:find("a\\u202eb\\u009bc", 1, true))
  end)

  it("that refuses is an answer, whatever its request id", function()
    for _, id in ipairs{ "", ',"RequestId":""', ',"RequestId":null', ',"RequestId":17', ',"RequestId":{}' } do
      for code, expected in pairs{ ['"InvalidParameterValue.Time"'] = { "range", "InvalidParameterValue.Time" },
        ["4000"] = { "server", "4000" }, ['"LimitExceeded.OverAmount"'] = { "quota", "LimitExceeded.OverAmount" } } do
        for _, message in ipairs{ "", ',"Message":null', ',"Message":7', ',"Message":"no"' } do
          local _, err = create('{"Response":{"Error":{"Code":' .. code .. message .. "}" .. id .. "}}")
          assert.same({ expected[1], expected[2], "rejected" }, { err.kind, err.code, err.outcome })
          assert.equal(id:find("17") and "17" or nil, err.request_id)
          assert.is_nil(err.intent)
        end
      end
    end
  end)

  it("that refuses without a request id is retried like any other", function()
    local throttled = '{"Response":{"Error":{"Code":"LimitExceeded.FreqLimit","Message":"slow down"}}}'
    local client, driver = wire.client({ throttled, wire.success('"TrackId":5') })
    assert.equal(5, assert(client:CreateAuditTrack(CREATE)).TrackId)
    assert.equal(2, #driver.requests)
    local expired = { status = 200, headers = { Date = "Sun, 06 Nov 1994 08:49:37 GMT" },
      body = '{"Response":{"Error":{"Code":"AuthFailure.SignatureExpire"},"RequestId":null}}' }
    client, driver = wire.client({ expired, wire.success() }, { clock = function() return 784111777 - 3600 end })
    assert.truthy(client:DeleteAuditTrack{ TrackId = 5 })
    assert.equal("784111777", driver.requests[2].headers["X-TC-Timestamp"])
  end)

  it("without a request id is not a success, since another program may have answered", function()
    for _, id in ipairs{ "", ',"RequestId":""', ',"RequestId":null', ',"RequestId":{}' } do
      local _, err = create('{"Response":{"TrackId":5' .. id .. "}}")
      assert.same({ "protocol", "unknown" }, { err.kind, err.outcome })
      assert.truthy(err.intent and err.message:find("its Response has no RequestId", 1, true))
      _, err = read('{"Response":{"Events":[]' .. id .. "}}")
      assert.same({ "protocol", false }, { err.kind, err.retryable })
    end
    assert.equal(5, assert(create('{"Response":{"TrackId":5,"RequestId":17}}')).TrackId)
  end)

  it("that its connection's end may have cut is requested again", function()
    local cut, success = '{"Response":{"Events":[{"EventId":"a', wire.success('"Events":[],"ListOver":true')
    for _, case in ipairs{ { {}, 2 }, { { ["content-length"] = #cut }, 1 },
      { { ["Transfer-Encoding"] = "chunked" }, 1 } } do
      local client, driver = wire.client({ { status = 200, headers = case[1], body = cut }, success })
      local response, _, err = client:DescribeEvents{ StartTime = 1, EndTime = 2 }
      assert.same({ case[2], case[2] == 2 }, { #driver.requests, response ~= nil }, err)
    end
  end)

  it("that is not JSON says what came, and is not requested again", function()
    local html = '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>Hotel WiFi</title></head>'
      .. '<body>Please log in</body></html>'
    for body, expected in pairs{
      [html] = 'invalid value at byte 1: "Hotel WiFi Please log in"',
      ["<h1>Forbidden</h1>"] = '"<h1>Forbidden</h1>"', ["no\255 thing\27"] = '"no\\xff thing"',
      ["NaN"] = 'invalid value at byte 1: "NaN"', ["007"] = 'at byte 2: "007"', [""] = "it is empty",
      ['{"Response":{"TotalCount":NaN,"RequestId":"r"}}'] = "invalid value at byte 27",
      ['{"Response":{"Events":[{"EventId":"a'] = "string without a closing quote at byte 37",
      ["[]"] = "it has no Response object",
    } do
      local _, err, driver = read(body, 200, { ["Content-Type"] = "text/html; charset=utf-8",
        ["Content-Length"] = #body })
      assert.same({ "protocol", false, 1, 200 }, { err.kind, err.retryable, err.attempts, err.http_status })
      assert.equal(1, #driver.requests)
      assert.truthy(err.message:find("HTTP 200 (text/html)", 1, true), err.message)
      assert.truthy(err.message:find(expected, 1, true), err.message)
    end
    local _, err = read("<h1>Bad Gateway</h1>", 502)
    assert.same({ "server", true }, { err.kind, err.retryable })
    assert.truthy(err.message:find("HTTP 502", 1, true))
  end)

  it("that repeats the request shows no secret", function()
    for _, text in ipairs{ "Token: %s", "key=%s", "Authorization: TC3 Signature=%s", "<p>%s</p>",
      '{"SecretKey":"%s"' } do
      local _, err = read("Denied " .. text:format(wire.SECRET_KEY))
      assert.is_nil(err.message:find(wire.SECRET_KEY:sub(1, 8), 1, true), err.message)
    end
  end)

  it("may name the identity encoding in any way", function()
    for _, encoding in ipairs{ "identity", "Identity", "IDENTITY", " identity ", "" } do
      assert.truthy(read(wire.success(), 200, { ["Content-Encoding"] = encoding }), encoding)
    end
    local _, err = read(wire.success(), 200, { ["Content-Encoding"] = "gzip" })
    assert.equal("protocol", err.kind)
  end)

  it("that refuses the region is a matter of the configuration", function()
    for _, refusal in ipairs{ { "UnsupportedRegion", "no" },
      { "InvalidParameterValue", "The value of parameter `X-TC-Region` is not valid." } } do
      local _, err = read(wire.refusal(refusal[1], refusal[2]))
      assert.same({ "config", "region", "rejected" }, { err.kind, err.field, err.outcome })
      assert.truthy(err.hint:find("region", 1, true))
    end
  end)

  it("that throttles under a quota's name is waited for", function()
    for _, code in ipairs{ "LimitExceeded.RateLimitExceeded", "LimitExceeded.FreqLimit", "RequestLimitExceeded",
      "LimitExceeded.RequestLimitExceeded", "RequestLimitExceeded.UinLimitExceeded" } do
      local client, driver = wire.client({ wire.refusal(code), wire.success('"TrackId":5') })
      assert.truthy(client:CreateAuditTrack(CREATE), code)
      assert.equal(2, #driver.requests)
      assert.is_true(driver.slept[1] <= 1)
    end
    local _, err = create(wire.refusal("LimitExceeded.OverAmount"))
    assert.equal("quota", err.kind)
    assert.truthy(err.hint:find("delete one", 1, true))
  end)
end)

describe("an outage", function()
  local function outage(seconds, options)
    local driver
    driver = wire.driver{ function()
      if driver.time < 100 + seconds then
        return nil, "connection refused", { kind = "connect", sent = false }
      end
      return { status = 200, body = wire.success() }
    end }
    options = options or {}
    options.driver = driver
    return wire.client(nil, options), driver
  end

  it("is outlasted within the deadline", function()
    for _, random in ipairs{ 0.3, 0.5, 0.999 } do
      local client, driver = outage(8.5, { random = function() return random end })
      assert.truthy(client:DescribeEvents{ StartTime = 1, EndTime = 2 })
      assert.is_true(#driver.requests <= 13, #driver.requests)
    end
  end)

  it("ends with the deadline, or with option retries", function()
    local client, driver = outage(1000, { random = function() return 0.5 end })
    local _, _, err = client:DescribeEvents{ StartTime = 1, EndTime = 2 }
    assert.same({ "connect", "not_sent", true }, { err.kind, err.outcome, err.retryable })
    assert.is_true(driver.time >= 108.9 and driver.time < 110, driver.time)
    client, driver = outage(1000, { retries = 1 })
    assert.is_nil(client:DescribeEvents{ StartTime = 1, EndTime = 2 })
    assert.equal(2, #driver.requests)
  end)

  it("is not met with a flood of requests", function()
    local client, driver = outage(1e9)
    for _ = 1, 100 do
      assert.is_nil(client:DescribeEvents{ StartTime = 1, EndTime = 2 })
    end
    assert.is_true(#driver.requests <= 100 + 500 / 14, #driver.requests)
  end)
end)

describe("of two mistakes", function()
  it("the first in the model's order is named, and unknown names before them", function()
    local client = wire.client()
    for _, case in ipairs{
      { { Name = 1, ActionType = 2, ResourceType = 3, Status = "x", EventNames = 5 }, "Name" },
      { { ActionType = 2, ResourceType = 3, Status = "x", EventNames = 5 }, "ActionType" },
      { { Name = 1, Zone = 1, Area = 2, Realm = 3 }, "Area" },
      { { Storage = { StorageType = 1, StorageRegion = 2, StorageName = 3 } }, "Storage.StorageType" },
      { { Storage = { Zone = 1, Area = 2, StorageType = 1 } }, "Storage.Area" },
    } do
      local ok, message = pcall(client.CreateAuditTrack, client, case[1])
      assert.is_false(ok)
      assert.truthy(tostring(message):find("CreateAuditTrack." .. case[2] .. ":", 1, true), message)
    end
  end)

  it("in options the same one is named each time", function()
    local ok, message = pcall(cloudaudit.new, { zulu = 1, alpha = 2, mike = 3, [1] = 4, timeout = "x" })
    assert.is_false(ok)
    assert.truthy(message:find("new[1]: unknown", 1, true), message)
    ok, message = pcall(cloudaudit.new, { zulu = 1, alpha = 2, mike = 3 })
    assert.is_false(ok)
    assert.truthy(message:find("new.alpha: unknown", 1, true), message)
  end)
end)

describe("credentials that were pasted wrongly", function()
  it("are refused with a hint, and are not shown", function()
    for _, case in ipairs{
      { '"' .. wire.SECRET_ID .. '"', wire.SECRET_KEY, "secret_id", "quotes" },
      { wire.SECRET_ID, "'" .. wire.SECRET_KEY .. "'", "secret_key", "quotes" },
      { wire.SECRET_ID .. "#" .. wire.SECRET_KEY, wire.SECRET_KEY, "secret_id", "AKID" },
      { wire.SECRET_ID .. ":" .. wire.SECRET_KEY, wire.SECRET_KEY, "secret_id", "AKID" },
      { wire.SECRET_ID, wire.SECRET_ID .. ":" .. wire.SECRET_KEY, "secret_key", "AKID" },
      { wire.SECRET_KEY, wire.SECRET_ID, "secret_key", "AKID" },
    } do
      local client, message, err = cloudaudit.new{ secret_id = case[1], secret_key = case[2], env = false }
      if client then
        message, err = select(2, client:quota())
      end
      assert.equal("credentials", err.kind)
      assert.truthy(message:find(case[3], 1, true), message)
      assert.truthy(err.hint and err.hint:find(case[4], 1, true), err.hint)
      assert.is_nil(message:find(wire.SECRET_KEY, 1, true))
      assert.is_nil(message:find(wire.SECRET_ID, 1, true))
    end
  end)
end)
