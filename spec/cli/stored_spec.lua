local core = require "cloudaudit.core"
local record = require "cloudaudit.export.record"
local status = require "cloudaudit.cli.status"
local stored = require "cloudaudit.cli.stored"

local RAW = core.encode{ eventSource = "cvm.tencentcloudapi.com", errorCode = "0", apiErrorCode = "ResourceNotFound",
  camErrorCode = "4", resourceId = "ins-1", actionType = "Write", sensitiveAction = "1",
  resources = '["qcs::cvm:ap-guangzhou:uin/1:instance/ins-2"]', resourceSet = { "ins-3" },
  userIdentity = { principalId = "100" } }

local EVENT = assert(record.event{ id = "a", time = 5, name = "RunInstances", product = "cvm", user = "ann",
  source_ip = "10.1.2.3", resource = "web", result = "denied", user_type = "user", error_code = "4", raw = RAW })

local function matches(where, filter)
  return stored.test{ queries = { where }, filter = filter }(EVENT)
end

describe("cloudaudit.cli.stored", function()
  it("tests every condition on an event of a row", function()
    local cases = {
      { "event_name", { "StopInstances", "RunInstances" }, "RunInstance" }, { "action", "write", "read" },
      { "resource_type", "CVM", "cos" }, { "resource_name", "web", "we" }, { "principal_id", "100", "10" },
      { "sensitive_action", "1", "0" }, { "source_ip", { "10.0.0.0/8", "1.2.3.4" }, "10.1.2.4" },
      { "source", "cvm.tencentcloudapi.com", "cvm" }, { "error_code", "0", "4" }, { "user", "ann", "an" },
      { "resource_id", "ins-1", "ins" }, { "resource_id", "ins-2", "2" }, { "resource_id", "ins-3", "3" },
      { "api_error_code", "ResourceNotFound", "0" }, { "cam_error_code", "4", "0" }, { "id", "a", "b" },
      { "Username", "ann", "bob" }, { "resource_type", { "CVM", "cos" }, { "cos", "cam" } },
    }
    for _, case in ipairs(cases) do
      assert.is_true(matches{ [case[1]] = case[2] }, case[1])
      assert.is_false(matches{ [case[1]] = case[3] }, case[1])
    end
    assert.is_true(matches{})
    assert.is_false(matches{ event_name = "RunInstances", user = "bob" })
  end)

  it("needs one of the queries, and the filter", function()
    local test = stored.test{ queries = { { resource_name = "x" }, { resource_id = "ins-1" } } }
    assert.is_true(test(EVENT))
    assert.is_false(matches({}, function() return false end))
  end)

  it("refuses what a row does not tell", function()
    for where, expected in pairs{ [{ Tags = "x" }] = "--where: Tags cannot be tested on an export",
      [{ OnlyRecordNotSeen = "1" }] = "--where: OnlyRecordNotSeen cannot be tested on an export" } do
      local done, problem = pcall(stored.test, { queries = { where } })
      assert.is_false(done)
      assert.is_true(status.is_problem(problem))
      assert.same({ 2, expected }, { problem.status, problem.message })
    end
  end)

  it("ends the command when there is nothing to read", function()
    local done, problem = pcall(stored.open, { values = {} }, { from = "/nowhere/at/all", queries = { {} },
      ["until"] = 1 })
    assert.is_false(done)
    assert.same({ 2, "--from: /nowhere/at/all: No such file or directory" }, { problem.status, problem.message })
  end)
end)
