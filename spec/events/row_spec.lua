local cloudaudit = require "cloudaudit"
local core = require "cloudaudit.core"
local events = require "support.events"
local rows = require "cloudaudit.events.row"

local null = cloudaudit.null

-- The row of an event with a record (a table, or text) and other members.
local function row_of(record, more)
  local item = { EventId = "e-1", EventTime = "1769846400",
    CloudAuditEvent = type(record) == "table" and core.encode(record) or record }
  for name, value in pairs(more or {}) do
    item[name] = value
  end
  return events.of(item):row()
end

local function result_of(record, error_code)
  local row = row_of(record, { ErrorCode = error_code })
  return row.result .. " " .. (row.error_code == null and "-" or row.error_code)
end

describe("event:row", function()
  it("has every member, and null for what an event does not have", function()
    local empty = events.of{}:row()
    local count = 0
    for _, name in ipairs(rows.MEMBERS) do
      count = count + 1
      local expected = name == "user_type" and "unknown" or name == "result" and "unknown" or null
      assert.equal(expected, empty[name], name)
    end
    assert.same({ 24, 1 }, { count, rows.VERSION })
    for name in pairs(empty) do
      count = count - 1
      assert.truthy(name)
    end
    assert.equal(0, count)
  end)

  it("has the values of the envelope and of the record", function()
    local row = row_of({
      actionType = "Write", eventType = "ConsoleCall", sensitiveAction = 1, userAgent = "ua", apiErrorMessage = "no",
      userIdentity = core.encode{ type = "AssumedRole", principalId = "p", secretId = "AKIDx",
        sessionContext = core.encode{ mfa = 0 } },
    }, { EventName = "DeleteBucket", Username = "ann", AccountID = 100000000001, SourceIPAddress = "10.0.0.1",
      EventRegion = "ap-a", ResourceRegion = "ap-b", RequestID = "r-1", Location = "Shenzhen", ErrorCode = "Denied",
      Resources = { ResourceType = "COS", ResourceName = "bucket" } })
    assert.same({
      id = "e-1", time = 1769846400, time_iso = "2026-01-31T08:00:00Z", name = "DeleteBucket", product = "cos",
      action = "write", user = "ann", user_type = "role", principal_id = "p", account_id = "100000000001",
      access_key_id = "AKIDx", source_ip = "10.0.0.1", location = "Shenzhen", region = "ap-a", resource = "bucket",
      resource_region = "ap-b", via = "console", sensitive = true, mfa = false, result = "failed",
      error_code = "Denied", error_message = "no", user_agent = "ua", request_id = "r-1",
    }, row)
  end)

  -- Test 8 of the command's specification.
  it("tells users and results apart, whatever the notation (8)", function()
    for given, expected in pairs{ Root = "root", root = "root", user = "user", CAMUser = "user", AssumedRole = "role",
      assumedrole = "role", Robot = "unknown" } do
      assert.equal(expected, row_of{ userIdentity = { type = given } }.user_type, given)
    end
    for _, success in ipairs{ 0, "0", "" } do
      assert.equal("ok -", result_of({ errorCode = success, apiErrorCode = success, camErrorCode = success }, success))
    end
    assert.equal("failed 4", result_of({ a = 1 }, 4))
    assert.equal("failed 4", result_of({ a = 1 }, "4"))
    assert.equal("failed 5", result_of({ errorCode = 5 }, 0))
    assert.equal("failed X", result_of({ apiErrorCode = "X" }, 0))
    assert.equal("denied UnauthorizedOperation.CamNoAuth",
      result_of{ apiErrorCode = "UnauthorizedOperation.CamNoAuth" })
    assert.equal("denied AuthFailure", result_of({ a = 1 }, "AuthFailure"))
    assert.equal("denied 3", result_of({ camErrorCode = 3 }, 0))
    assert.equal("denied X", result_of{ camErrorCode = 3, apiErrorCode = "X" })
    assert.equal("unknown -", result_of("{broken", 0))
    assert.equal("unknown -", result_of("", 0))
    assert.equal("unknown -", result_of(nil, 0))
    assert.equal("failed 4", result_of("{broken", 4))
  end)

  it("reads switches in any notation, and ways in by their documented names", function()
    assert.same({ true, true, false, false }, { row_of{ sensitiveAction = "1" }.sensitive,
      row_of{ sensitiveAction = true }.sensitive, row_of{ sensitiveAction = 0 }.sensitive,
      row_of{ sensitiveAction = "0" }.sensitive })
    assert.same({ "api", "miniprogram", null }, { row_of{ eventType = "ApiCall" }.via,
      row_of{ eventType = "MiniProgramCall" }.via, row_of{ eventType = "Other" }.via })
    assert.is_true(row_of{ userIdentity = { sessionContext = { mfa = 1 } } }.mfa)
  end)

  it("survives records with values of any type", function()
    for _, odd in ipairs{ {}, true, 5, "x", "", "[1]", null } do
      local row = row_of{ userIdentity = odd, actionType = odd, eventType = odd, sensitiveAction = odd,
        apiErrorCode = odd, errorCode = odd, camErrorCode = odd, userAgent = odd, apiErrorMessage = odd }
      for _, name in ipairs(rows.MEMBERS) do
        assert.is_true(row[name] == null or type(row[name]) ~= "userdata" and type(row[name]) ~= "table", name)
      end
    end
  end)

  it("keeps every digit of an account", function()
    assert.equal("9007199254740993", row_of({}, { AccountID = "9007199254740993" }).account_id)
  end)
end)
