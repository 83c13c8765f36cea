local core = require "cloudaudit.core"
local emulator = require "cloudaudit.emulator"
local record = require "cloudaudit.emulator.actions.event"
local signed = require "support.signed"

describe("cloudaudit.emulator.actions.event", function()
  local emu

  before_each(function()
    emu = emulator.new{ now = signed.NOW }
  end)

  it("completes what a test leaves out, by the model", function()
    local event = assert(record.read(emu, { EventTime = 5.9 }))
    assert.equal(5, event.EventTime)
    local shown = record.show(event, false, record.epoch)
    assert.truthy(core.encode(shown, "Event", true))
    assert.equal("5", shown.EventTime)
    assert.equal(0, shown.ErrorCode)
    for _, name in ipairs{ "EventId", "RequestID", "EventName", "Username", "AccountID", "SourceIPAddress" } do
      assert.truthy(shown[name], name)
    end
  end)

  it("leaves the text of CloudAuditEvent as a test gave it", function()
    local event = assert(record.read(emu, { CloudAuditEvent = "{broken" }))
    assert.equal("{broken", record.show(event, false, record.epoch).CloudAuditEvent)
  end)

  it("writes a document with JSON texts inside", function()
    local event = assert(record.read(emu, { RequestParameters = '{"a":"\\""}', SessionContext = '{"t":1}',
      UserAgent = "\255" }))
    local detail = assert(core.decode(record.show(event, false, record.epoch).CloudAuditEvent))
    assert.equal('{"a":"\\""}', detail.requestParameters)
    assert.equal('{"t":1}', detail.userIdentity.sessionContext)
    assert.is_nil(detail.userAgent)
  end)

  it("holds the caller's token in its session context, as the service does", function()
    local temporary = emulator.new{ now = signed.NOW, secrets = { AKIDt = "key" }, tokens = { AKIDt = "t-1" } }
    signed.send(temporary, "ListAudits", {}, { headers = { ["X-TC-Token"] = "t-1" } })
    local found = signed.send(temporary, "DescribeEvents", { StartTime = signed.NOW, EndTime = signed.NOW },
      { headers = { ["X-TC-Token"] = "t-1" } }).Events
    local detail = core.decode(found[1].CloudAuditEvent)
    assert.equal("t-1", core.decode(detail.userIdentity.sessionContext).sessionToken)
  end)

  it("matches every documented attribute", function()
    local event = assert(record.read(emu, {
      RequestID = "r", EventName = "n", ActionType = "Write", PrincipalId = "p", ResourceType = "t", ResourceId = "i",
      ResourceName = "m", SecretId = "s", SensitiveAction = "1", ApiErrorCode = "a", CamErrorCode = "c",
      SourceIPAddress = "1.2.3.4", Tags = { { key = "env", value = "prod" }, { key = "x", value = "" } },
    }))
    local values = { RequestId = "r", ActionType = "Write", PrincipalId = "p", ResourceType = "t", ResourceId = "i",
      ResourceName = "m", AccessKeyId = "s", SensitiveAction = "1", ApiErrorCode = "a", CamErrorCode = "c",
      SourceIPAddress = "1.2.3.4", Tags = '[{"key":"env","value":"prod"}]', ReadOnly = "false" }
    for key, value in pairs(values) do
      assert.is_true(record.MATCHERS[key](event, value), key)
      assert.is_false(record.MATCHERS[key](event, value .. "x"), key)
    end
    assert.is_false(record.MATCHERS.Tags(event, '[{"key":"env","value":"prod"},{"key":"no","value":""}]'))
    assert.is_false(record.MATCHERS.Tags(event, "no JSON"))
  end)
end)
