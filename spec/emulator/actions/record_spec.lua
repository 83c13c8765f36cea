local core = require "cloudaudit.core"
local emulator = require "cloudaudit.emulator"
local event = require "cloudaudit.emulator.actions.event"
local record = require "cloudaudit.emulator.actions.record"
local signed = require "support.signed"

describe("cloudaudit.emulator.actions.record", function()
  local emu = emulator.new{ now = signed.NOW }

  local function document(fields)
    return core.decode(record.document(assert(event.from_fields(emu, fields))))
  end

  it("has the members and values of the samples, empty where there is none", function()
    local detail = document{ EventTime = 5 }
    assert.same({ 2, "0", "", 0, "", "ApiCall", "POST", "", "", "", "", "Root" }, {
      detail.eventVersion, detail.errorCode, detail.errorMessage, detail.apiErrorCode, detail.apiErrorMessage,
      detail.eventType, detail.httpMethod, detail.userAgent, detail.requestParameters, detail.responseElements,
      detail.sensitiveAction, detail.userIdentity.type })
    assert.same({ {}, {} }, { detail.resourceSet, detail.tags })
    assert.same({ "*" }, core.decode(detail.resources))
    assert.equal("", detail.userIdentity.sessionContext)
    assert.equal(detail.requestID, detail.eventID)
  end)

  it("takes the kinds of events and identities of a caller", function()
    local detail = document{ EventType = "ConsoleCall", IdentityType = "root", ApiErrorCode = "Unauthorized",
      ResourceType = "cvm", ResourceName = "ins-1", Tags = { { key = "env", value = "prod" } } }
    assert.same({ "ConsoleCall", "root", "Unauthorized" },
      { detail.eventType, detail.userIdentity.type, detail.apiErrorCode })
    assert.same({ "qcs::cvm:ap-guangzhou:uin/100000000001:ins-1" }, core.decode(detail.resources))
    assert.same({ "env:prod" }, detail.tags)
    assert.equal("CAMUser", document{ Username = "ann" }.userIdentity.type)
  end)

  it("writes the parameters of a call as text, with the version", function()
    local function of(context)
      return record.request_parameters(context)
    end
    assert.equal('{"a":1,"Version":"v"}', of{ method = "POST", body = '{"a":1 }\n', params = { a = 1 }, version = "v" })
    assert.equal('{"Version":"v"}', of{ method = "POST", body = "{ }", params = {}, version = "v" })
    assert.equal('{"a":1,"Version":"v"}', of{ method = "GET", body = "", params = { a = 1 }, version = "v" })
    assert.equal("[1", of{ method = "POST", body = "[1" })
    assert.equal("", of{ method = "POST", body = "\255" })
  end)
end)
