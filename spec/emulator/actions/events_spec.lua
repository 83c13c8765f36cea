local core = require "cloudaudit.core"
local emulator = require "cloudaudit.emulator"
local signed = require "support.signed"

local NOW, DAY = signed.NOW, 86400

describe("cloudaudit.emulator.actions.events", function()
  local emu

  -- An emulator that does not record calls, with one event per time.
  local function start(options, times)
    options = options or {}
    options.now, options.record, options.rate = NOW, options.record or false, 0
    emu = emulator.new(options)
    for i, time in ipairs(times or {}) do
      emu:add_event{ EventId = "e" .. i, EventTime = time }
    end
  end

  local function send(action, query)
    query = query or {}
    query.StartTime, query.EndTime = query.StartTime or NOW - DAY, query.EndTime or NOW
    return signed.send(emu, action, query)
  end

  local function ids(response)
    local out = {}
    for i, event in ipairs(response.Events) do
      out[i] = event.EventId
    end
    return table.concat(out, " ")
  end

  -- Reads all pages of a query; returns the event ids and the number of pages.
  local function all(query)
    local out, pages, token = {}, 0, nil
    repeat
      query.NextToken = token
      local response = send("DescribeEvents", query)
      assert.is_nil(response.Error and response.Error.Code)
      assert.not_equal(token, response.NextToken)
      token = response.NextToken
      for _, event in ipairs(response.Events) do
        out[#out + 1] = event.EventId
      end
      pages = pages + 1
      assert.is_true(pages < 1000)
    until response.ListOver
    return out, pages
  end

  local function code(action, query)
    local response = send(action, query)
    return response.Error and response.Error.Code
  end

  it("finds the events of a time range, both ends inclusive, newest first", function()
    start(nil, { NOW - 3, NOW - 2, NOW - 1, NOW })
    assert.equal("e4 e3 e2 e1", ids(send("DescribeEvents")))
    assert.equal("e3 e2", ids(send("DescribeEvents", { StartTime = NOW - 2, EndTime = NOW - 1 })))
    assert.equal("", ids(send("DescribeEvents", { StartTime = NOW - 10, EndTime = NOW - 4 })))
    start({ order = "oldest" }, { NOW - 1, NOW - 3, NOW - 2 })
    assert.equal("e2 e3 e1", ids(send("DescribeEvents")))
  end)

  it("includes the ends of a time range according to the option edges", function()
    for edges, expected in pairs{ closed = "e3 e2 e1", open = "e2", left = "e2 e1", right = "e3 e2" } do
      start({ edges = edges }, { NOW - 60, NOW - 30, NOW - 10 })
      assert.equal(expected, ids(send("DescribeEvents", { StartTime = NOW - 60, EndTime = NOW - 10 })), edges)
    end
  end)

  it("returns every event once, for any page size and both orders", function()
    for _, order in ipairs{ "newest", "oldest" } do
      for _, size in ipairs{ 1, 3, 50 } do
        for _, short in ipairs{ 0, 0.7 } do
          for _, tokens in ipairs{ "ingest_time", "strict" } do
            local times = {}
            for i = 1, 60 do
              times[i] = NOW - (i * 7) % 11
            end
            start({ order = order, short_pages = short, seed = size, page_tokens = tokens }, times)
            local found, pages = all{ MaxResults = size }
            local seen = {}
            for _, id in ipairs(found) do
              assert.is_nil(seen[id])
              seen[id] = true
            end
            assert.equal(60, #found)
            assert.is_true(pages >= 60 / size)
          end
        end
      end
    end
  end)

  it("gives a token beside ListOver, as the samples, and none with strict page tokens", function()
    for tokens, expected in pairs{ ingest_time = { 17, 644 }, strict = { 1, 0 } } do
      start({ page_tokens = tokens }, { NOW - 1 })
      local page = send("DescribeEvents")
      assert.same({ true, expected[1] }, { page.ListOver, #(core.encode(page.NextToken):gsub('"', "")) }, tokens)
      page = send("LookUpEvents")
      assert.same({ true, expected[2] }, { page.ListOver, #page.NextToken }, tokens)
    end
  end)

  it("shifts its pages with the page tokens offset, and repeats an event with inclusive", function()
    for tokens, expected in pairs{ offset = "e2 e1", inclusive = "e2 e1", ingest_time = "e1" } do
      start({ page_tokens = tokens }, { NOW - 9, NOW - 8, NOW - 7 })
      local page = send("DescribeEvents", { MaxResults = 2 })
      assert.equal("e3 e2", ids(page))
      if tokens == "offset" then
        emu:add_event{ EventTime = NOW }
      end
      page = send("DescribeEvents", { MaxResults = 2, NextToken = page.NextToken })
      assert.same({ expected, true }, { ids(page), page.ListOver }, tokens)
    end
  end)

  it("counts the events that satisfy the conditions", function()
    start()
    for i = 1, 5 do
      emu:add_event{ Username = i < 4 and "ann" or "bob" }
    end
    local ann = { { AttributeKey = "Username", AttributeValue = "ann" } }
    assert.equal(3, send("DescribeEvents", { MaxResults = 1, LookupAttributes = ann }).TotalCount)
    assert.equal(3, send("LookUpEvents", { MaxResults = 1, LookupAttributes = ann }).TotalCount)
    assert.equal(5, send("DescribeEvents", { MaxResults = 1 }).TotalCount)
  end)

  it("returns short and empty pages before the last with the option short_pages", function()
    local times = {}
    for i = 1, 40 do
      times[i] = NOW - i
    end
    start({ short_pages = true }, times)
    local short, empty, token = 0, 0, nil
    repeat
      local response = send("DescribeEvents", { MaxResults = 5, NextToken = token })
      token = response.NextToken
      if not response.ListOver then
        short = short + (#response.Events < 5 and 1 or 0)
        empty = empty + (#response.Events == 0 and 1 or 0)
      end
    until response.ListOver
    assert.is_true(short > 0 and empty > 0)
  end)

  it("continues after the previous page although events arrive in between", function()
    start(nil, { NOW - 4, NOW - 3, NOW - 2, NOW - 1 })
    local first = send("DescribeEvents", { MaxResults = 2 })
    assert.equal("e4 e3", ids(first))
    emu:add_event{ EventId = "new", EventTime = NOW }
    local second = send("DescribeEvents", { MaxResults = 2, NextToken = first.NextToken })
    assert.equal("e2 e1", ids(second))
    assert.is_true(second.ListOver)
  end)

  it("combines attributes with AND and event names with OR", function()
    start()
    emu:add_event{ EventId = "a", EventName = "RunInstances", Username = "ann", ActionType = "Write" }
    emu:add_event{ EventId = "b", EventName = "StopInstances", Username = "bob", ActionType = "Write" }
    emu:add_event{ EventId = "c", EventName = "DescribeInstances", Username = "ann", ActionType = "Read" }
    local function with(...)
      local attributes = {}
      for _, pair in ipairs{ ... } do
        attributes[#attributes + 1] = { AttributeKey = pair[1], AttributeValue = pair[2] }
      end
      return ids(send("DescribeEvents", { LookupAttributes = attributes }))
    end
    assert.equal("b a", with({ "EventName", "RunInstances" }, { "EventName", "StopInstances" }))
    assert.equal("a", with({ "EventName", "RunInstances" }, { "EventName", "StopInstances" }, { "Username", "ann" }))
    assert.equal("", with({ "Username", "ann" }, { "Username", "bob" }))
    assert.equal("c", with({ "ActionType", "Read" }))
    assert.equal("c", with({ "ReadOnly", "true" }))
    assert.equal("InvalidParameter", code("DescribeEvents", { LookupAttributes = { { AttributeKey = "Colour" } } }))
    assert.equal("InvalidParameterValue.attributeKey",
      code("LookUpEvents", { LookupAttributes = { { AttributeKey = "Colour" } } }))
  end)

  it("enforces the documented limits", function()
    start()
    assert.is_nil(code("DescribeEvents", { StartTime = NOW - 30 * DAY + 1 }))
    assert.equal("InvalidParameter", code("DescribeEvents", { StartTime = NOW - 30 * DAY }))
    assert.is_nil(code("DescribeEvents", { StartTime = NOW - 90 * DAY, EndTime = NOW - 80 * DAY }))
    assert.equal("InvalidParameter",
      code("DescribeEvents", { StartTime = NOW - 90 * DAY - 1, EndTime = NOW - 80 * DAY }))
    assert.equal("InvalidParameter", code("DescribeEvents", { StartTime = NOW, EndTime = NOW - 1 }))
    assert.is_nil(code("DescribeEvents", { MaxResults = 50 }))
    assert.equal("InvalidParameterValue", code("DescribeEvents", { MaxResults = 51 }))
    assert.is_nil(code("LookUpEvents", { StartTime = NOW - 7 * DAY }))
    assert.equal("LimitExceeded.OverTime", code("LookUpEvents", { StartTime = NOW - 7 * DAY - 1 }))
    assert.equal("InvalidParameterValue.Time", code("LookUpEvents", { StartTime = NOW, EndTime = NOW - 1 }))
    assert.equal("InvalidParameter.Time",
      code("LookUpEvents", { StartTime = NOW - 91 * DAY, EndTime = NOW - 90 * DAY }))
    assert.equal("InvalidParameterValue.MaxResult", code("LookUpEvents", { MaxResults = 51 }))
    assert.equal("InvalidParameterValue", code("LookUpEvents", { Mode = "slow" }))
    assert.equal("InvalidParameterValue", code("LookUpEvents", { NextToken = "x" }))
    assert.is_nil(code("DescribeEvents", { NextToken = 5 }))
    start{ page_tokens = "strict" }
    assert.equal("InvalidParameter", code("DescribeEvents", { NextToken = 5 }))
    assert.equal("InvalidParameterValue", code("LookUpEvents", { NextToken = "x" }))
  end)

  it("uses the time and token formats of LookUpEvents", function()
    start(nil, { NOW - 1, NOW })
    local page = send("LookUpEvents", { MaxResults = 1 })
    assert.equal("2019-02-26 00:44:25", page.Events[1].EventTime)
    assert.equal("string", type(page.NextToken))
    assert.equal("e1", ids(send("LookUpEvents", { MaxResults = 1, NextToken = page.NextToken })))
    assert.equal("1551113065", send("DescribeEvents").Events[1].EventTime)
  end)

  it("returns an event only after its delivery", function()
    start({ delivery_lag = 600 }, { NOW - 700, NOW - 500 })
    assert.equal("e1", ids(send("DescribeEvents")))
    emu:advance(100)
    assert.equal("e2 e1", ids(send("DescribeEvents")))
    start({ delivery_lag = { 10, 20 } }, { NOW - 21, NOW - 9 })
    assert.equal("e1", ids(send("DescribeEvents")))
  end)

  it("records calls as events", function()
    start{ record = true }
    signed.send(emu, "CreateAuditTrack", signed.track())
    signed.send(emu, "CreateAuditTrack", signed.track())
    signed.send(emu, "ListAudits", {}, { secret_key = "wrong" })
    local found = send("DescribeEvents").Events
    assert.equal(2, #found)
    local event = found[2]
    assert.same({ "CreateAuditTrack", "cloudaudit.tencentcloudapi.com", "ap-guangzhou", "127.0.0.1" },
      { event.EventName, event.EventSource, event.EventRegion, event.SourceIPAddress })
    assert.same({ ResourceType = "cloudaudit", ResourceName = "1" }, event.Resources)
    local detail = core.decode(event.CloudAuditEvent)
    local expected = signed.track()
    expected.Version = "2019-03-19"
    assert.same(expected, core.decode(detail.requestParameters))
    assert.same({ TrackId = 1, RequestId = event.RequestID }, core.decode(detail.responseElements))
    assert.same({ "Write", "1", 0, "" },
      { detail.actionType, detail.sensitiveAction, detail.apiErrorCode, detail.apiErrorMessage })
    local id = event.RequestID
    assert.same({ id, id, id }, { event.EventId, detail.eventID, detail.requestID })
    detail = core.decode(found[1].CloudAuditEvent)
    assert.equal("InvalidParameterValue.AliasAlreadyExists", detail.apiErrorCode)
    assert.equal("The alias already exists.", detail.apiErrorMessage)
    assert.equal("DescribeEvents", send("DescribeEvents").Events[1].EventName)
  end)

  it("adds the location on request", function()
    start()
    emu:add_event{ Location = "Shenzhen" }
    assert.is_nil(send("DescribeEvents").Events[1].Location)
    assert.equal("Shenzhen", send("DescribeEvents", { IsReturnLocation = 1 }).Events[1].Location)
    assert.equal("Shenzhen", send("LookUpEvents").Events[1].Location)
    emu:add_event{}
    assert.equal("未知", send("LookUpEvents").Events[1].Location)
  end)

  it("raises for an invalid event at the caller's line", function()
    start()
    for fields, expected in pairs{
      [{ EventNam = "x" }] = "add_event.EventNam: unknown field, did you mean EventName?",
      [{ EventTime = "now" }] = "EventTime: number expected, got string",
    } do
      local ok, message = pcall(function() emu:add_event(fields) end)
      assert.is_false(ok)
      assert.truthy(message:find("events_spec.lua:", 1, true))
      assert.truthy(message:find(expected, 1, true), message)
    end
    assert.is_false(pcall(emu.add_event, emu, "x"))
  end)
end)
