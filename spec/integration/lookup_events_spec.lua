-- LookUpEvents and the other legacy actions by their API names, against the emulator.
local actions = require "cloudaudit.actions"
local cloudaudit = require "cloudaudit"
local history = require "support.history"

local NOW = history.NOW

describe("the legacy actions", function()
  local emulator, client

  before_each(function()
    emulator = cloudaudit.emulator.new{ now = NOW, record = false, short_pages = 0.4,
      page_tokens = "strict" }
    client = emulator:client()
  end)

  it("paginate LookUpEvents by its textual token", function()
    for index = 1, 120 do
      emulator:add_event{ EventId = "e" .. index, EventTime = NOW - index * 60, Username = "ann" }
    end
    local seen, count, token = {}, 0, nil
    repeat
      local page = assert(client:LookUpEvents{ StartTime = NOW - 6 * 86400, EndTime = NOW, MaxResults = 50,
        LookupAttributes = { { AttributeKey = "Username", AttributeValue = "ann" } }, Mode = "standard",
        NextToken = token })
      for _, event in ipairs(page.Events) do
        assert.is_nil(seen[event.EventId])
        seen[event.EventId], count = true, count + 1
        local index = tonumber(event.EventId:sub(2))
        assert.equal(NOW - index * 60, cloudaudit.time.parse(event.EventTime))
      end
      token = page.NextToken
      assert.equal("string", type(token))
    until page.ListOver
    assert.equal(120, count)
  end)

  it("report the limits of LookUpEvents by their codes, with a hint", function()
    local page, _, err = client:LookUpEvents{ StartTime = NOW - 8 * 86400, EndTime = NOW }
    assert.is_nil(page)
    assert.equal("LimitExceeded.OverTime", err.code)
    assert.truthy(err.hint:find("at most 7 days", 1, true))
  end)

  it("all have a method of their name", function()
    local params = {
      DescribeAudit = { AuditName = "legacy" }, UpdateAudit = { AuditName = "legacy", LogFilePrefix = "abc" },
      StartLogging = { AuditName = "legacy" }, StopLogging = { AuditName = "legacy" }, ListAudits = {},
      InquireAuditCredit = {}, ListCosEnableRegion = { WebsiteType = "en" }, ListCmqEnableRegion = {},
      ListKeyAliasByRegion = { KmsRegion = "ap-guangzhou" }, GetAttributeKey = { WebsiteType = "zh" },
      LookUpEvents = { StartTime = NOW - 60, EndTime = NOW },
    }
    local expected = {
      DescribeAudit = { "AuditName", "legacy" }, UpdateAudit = { "IsSuccess", 1 }, StartLogging = { "IsSuccess", 1 },
      StopLogging = { "IsSuccess", 1 }, ListAudits = { "AuditSummarys" }, InquireAuditCredit = { "AuditAmount" },
      ListCosEnableRegion = { "EnableRegions" }, ListCmqEnableRegion = { "EnableRegions" },
      ListKeyAliasByRegion = { "KeyMetadatas" }, GetAttributeKey = { "AttributeKeyDetails" },
      LookUpEvents = { "ListOver", true },
    }
    local count = 0
    for _, name in ipairs(actions.names) do
      if actions.get(name).legacy then
        count = count + 1
        local response = assert(client[name](client, params[name]))
        assert.equal("string", type(response.RequestId), name)
        local member, value = expected[name][1], expected[name][2]
        assert.is_not_nil(response[member], name)
        assert.equal(value == nil and response[member] or value, response[member], name)
      end
    end
    assert.equal(11, count)
  end)
end)
