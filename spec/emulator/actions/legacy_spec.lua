local emulator = require "cloudaudit.emulator"
local signed = require "support.signed"

describe("cloudaudit.emulator.actions.legacy", function()
  local emu

  before_each(function()
    emu = emulator.new{ now = signed.NOW }
  end)

  local function send(action, params)
    return (signed.send(emu, action, params))
  end

  local function code(action, params)
    return (signed.code(emu, action, params))
  end

  it("describes, stops, starts and updates a legacy tracking set", function()
    assert.same({ { AuditName = "legacy", AuditStatus = 1, CosBucketName = "audit-legacy", LogFilePrefix = "legacy" } },
      send("ListAudits").AuditSummarys)
    assert.equal(1, send("StopLogging", { AuditName = "legacy" }).IsSuccess)
    assert.equal(0, send("DescribeAudit", { AuditName = "legacy" }).AuditStatus)
    assert.equal(1, send("StartLogging", { AuditName = "legacy" }).IsSuccess)
    assert.equal(1, send("UpdateAudit", { AuditName = "legacy", ReadWriteAttribute = 2, CosRegion = "ap-beijing",
      CosBucketName = "other", IsCreateNewBucket = 1 }).IsSuccess)
    local audit = send("DescribeAudit", { AuditName = "legacy" })
    assert.same({ 1, 2, "ap-beijing", "other" },
      { audit.AuditStatus, audit.ReadWriteAttribute, audit.CosRegion, audit.CosBucketName })
    for _, action in ipairs{ "DescribeAudit", "StopLogging", "StartLogging", "UpdateAudit" } do
      assert.equal("ResourceNotFound.AuditNotExist", code(action, { AuditName = "none" }), action)
    end
  end)

  it("enforces the rules of UpdateAudit", function()
    local cases = {
      { "MissingParameter.cmq", { IsEnableCmqNotify = 1, CmqRegion = "ap-guangzhou" } },
      { "InvalidParameter", { IsEnableCmqNotify = 0, CmqRegion = "ap-guangzhou" } },
      { "InvalidParameterValue.QueueNameError", { CmqQueueName = "1queue" } },
      { "InvalidParameterValue.QueueNameError", { CmqQueueName = ("q"):rep(65) } },
      { "MissingParameter", { IsCreateNewBucket = 1, CosBucketName = "x" } },
      { "InvalidParameterValue.CosNameError", { CosBucketName = "-x" } },
      { "InvalidParameterValue.CosNameError", { CosBucketName = "x-" } },
      { "InvalidParameterValue.CosNameError", { CosBucketName = "X" } },
      { "InvalidParameterValue.LogFilePrefixError", { LogFilePrefix = "ab" } },
      { "InvalidParameterValue.ReadWriteAttributeError", { ReadWriteAttribute = 4 } },
      { "MissingParameter", { IsEnableKmsEncry = 1, KeyId = "k" } },
      { "InvalidParameterValue", { KmsRegion = "ap-beijing" } },
    }
    for i, case in ipairs(cases) do
      case[2].AuditName = "legacy"
      assert.equal(case[1], code("UpdateAudit", case[2]), "case " .. i)
    end
    local audit = send("DescribeAudit", { AuditName = "legacy" })
    assert.equal("audit-legacy", audit.CosBucketName)
    assert.is_nil(code("UpdateAudit", { AuditName = "legacy", IsEnableCmqNotify = 1, CmqRegion = "ap-guangzhou",
      CmqQueueName = "queue-1", IsCreateNewQueue = 0, IsEnableKmsEncry = 1, KmsRegion = "ap-guangzhou", KeyId = "k" }))
  end)

  it("returns the remaining quota, regions, keys and attributes", function()
    assert.equal(5, send("InquireAuditCredit").AuditAmount)
    assert.same({ CosRegion = "ap-guangzhou", CosRegionName = "广州" }, send("ListCosEnableRegion").EnableRegions[1])
    assert.same({ CmqRegion = "gz", CmqRegionName = "Guangzhou" },
      send("ListCmqEnableRegion", { WebsiteType = "en" }).EnableRegions[1])
    assert.same({ Value = "RequestId", LabelType = "text", Label = "Request ID", Starter = "Enter a request ID",
      Order = 1 }, send("GetAttributeKey", { WebsiteType = "en" }).AttributeKeyDetails[1])
    for _, row in ipairs(send("GetAttributeKey").AttributeKeyDetails) do
      assert.is_true(row.LabelType == "text" or row.LabelType == "select")
      assert.is_true(row.Starter ~= "" and row.Value ~= "EventId")
    end
    local keys = send("ListKeyAliasByRegion", { KmsRegion = "ap-guangzhou" })
    assert.same({ 1, "cloudaudit" }, { keys.TotalCount, keys.KeyMetadatas[1].Alias })
    assert.same({}, send("ListKeyAliasByRegion", { KmsRegion = "ap-guangzhou", Offset = 1 }).KeyMetadatas)
    assert.equal(0, send("ListKeyAliasByRegion", { KmsRegion = "ap-beijing" }).TotalCount)
    assert.equal("InvalidParameterValue.KmsRegionError", code("ListKeyAliasByRegion", { KmsRegion = "mars" }))
    assert.equal("InvalidParameterValue", code("ListKeyAliasByRegion", { KmsRegion = "ap-guangzhou", Limit = 201 }))
  end)

  it("counts the tracking sets in the remaining quota", function()
    for left = 4, 0, -1 do
      send("CreateAuditTrack", signed.track{ Name = "audit-" .. left })
      assert.equal(left, send("InquireAuditCredit").AuditAmount)
    end
    assert.equal("LimitExceeded.OverAmount", code("CreateAuditTrack", signed.track()))
    send("DeleteAuditTrack", { TrackId = 1 })
    assert.equal(1, send("InquireAuditCredit").AuditAmount)
  end)

  it("describes a legacy tracking set with all members, empty where it has no value", function()
    local audit = send("DescribeAudit", { AuditName = "legacy" })
    for _, name in ipairs{ "CmqQueueName", "CmqRegion", "KeyId", "KmsAlias", "KmsRegion" } do
      assert.equal("", audit[name], name)
    end
  end)

  it("has a handler for every action of the service", function()
    local actions = require "cloudaudit.actions"
    for _, name in ipairs(actions.names) do
      if actions.get(name).service == "cloudaudit" then
        assert.not_equal("InvalidAction", code(name, {}), name)
      end
    end
  end)
end)
