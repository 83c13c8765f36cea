local core = require "cloudaudit.core"
local emulator = require "cloudaudit.emulator"
local event = require "cloudaudit.emulator.actions.event"
local signed = require "support.signed"

describe("cloudaudit.emulator.actions.event", function()
  local emu

  before_each(function()
    emu = emulator.new{ now = signed.NOW }
  end)

  it("fills missing fields with defaults that fit the model", function()
    local record = assert(event.from_fields(emu, { EventTime = 5.9 }))
    assert.equal(5, record.EventTime)
    local shown = event.to_shape(record, false, event.epoch)
    assert.truthy(core.encode(shown, "Event", true))
    assert.equal("5", shown.EventTime)
    assert.equal(0, shown.ErrorCode)
    for _, name in ipairs{ "EventId", "RequestID", "EventName", "Username", "AccountID", "SourceIPAddress" } do
      assert.truthy(shown[name], name)
    end
  end)

  it("keeps a CloudAuditEvent given as text", function()
    local record = assert(event.from_fields(emu, { CloudAuditEvent = "{broken" }))
    assert.equal("{broken", event.to_shape(record, false, event.epoch).CloudAuditEvent)
  end)

  it("writes a document that contains JSON texts", function()
    local record = assert(event.from_fields(emu, { RequestParameters = '{"a":"\\""}', SessionContext = '{"t":1}',
      UserAgent = "\255" }))
    local detail = assert(core.decode(event.to_shape(record, false, event.epoch).CloudAuditEvent))
    assert.equal('{"a":"\\""}', detail.requestParameters)
    assert.equal('{"t":1}', detail.userIdentity.sessionContext)
    assert.equal("", detail.userAgent)
  end)

  it("stores the caller's token in the session context, like the service", function()
    local temporary = emulator.new{ now = signed.NOW, secrets = { AKIDt = "key" }, tokens = { AKIDt = "t-1" } }
    signed.send(temporary, "ListAudits", {}, { headers = { ["X-TC-Token"] = "t-1" } })
    local found = signed.send(temporary, "DescribeEvents", { StartTime = signed.NOW, EndTime = signed.NOW },
      { headers = { ["X-TC-Token"] = "t-1" } }).Events
    local detail = core.decode(found[1].CloudAuditEvent)
    assert.equal("t-1", core.decode(detail.userIdentity.sessionContext).token)
  end)

  it("matches every documented attribute", function()
    local record = assert(event.from_fields(emu, {
      RequestID = "r", EventName = "n", ActionType = "Write", PrincipalId = "p", ResourceType = "t", ResourceId = "i",
      ResourceName = "m", SecretId = "s", SensitiveAction = "1", ApiErrorCode = "a", CamErrorCode = "c",
      SourceIPAddress = "1.2.3.4", OnlyRecordNotSeen = "1", EventPlatform = "2",
      Tags = { { key = "env", value = "prod" }, { key = "x", value = "" } },
    }))
    local values = { RequestId = "r", ActionType = "Write", PrincipalId = "p", ResourceType = "t", ResourceId = "i",
      ResourceName = "m", AccessKeyId = "s", SensitiveAction = "1", ApiErrorCode = "a", CamErrorCode = "c",
      SourceIPAddress = "1.2.3.4", OnlyRecordNotSeen = "1", EventPlatform = "2",
      Tags = '[{"key":"env","value":"prod"}]', ReadOnly = "false" }
    for key, value in pairs(values) do
      assert.is_true(event.MATCHERS[key](record, value), key)
      assert.is_false(event.MATCHERS[key](record, value .. "x"), key)
    end
    assert.is_false(event.MATCHERS.Tags(record, '[{"key":"env","value":"prod"},{"key":"no","value":""}]'))
    assert.is_false(event.MATCHERS.Tags(record, "not JSON"))
  end)
end)
