local emulator = require "cloudaudit.emulator"
local refusals = require "cloudaudit.emulator.refusals"

local STORAGE = { StorageType = "cos", StorageRegion = "ap-guangzhou", StorageName = "logs", StoragePrefix = "audit" }

-- The code of a call, nil for a success. Parameters are sent unchecked.
local function code_of(options, action, params)
  local emu = emulator.new(options)
  local _, _, err = emu:client{ validate = false }:call(action, params)
  return err and err.code, emu
end

local function track(changes, storage)
  local params = { Name = "audit", Status = 0, ActionType = "Read", ResourceType = "*", EventNames = { "*" },
    Storage = {} }
  for name, value in pairs(STORAGE) do
    params.Storage[name] = value
  end
  for name, value in pairs(storage or {}) do
    params.Storage[name] = value
  end
  for name, value in pairs(changes or {}) do
    params[name] = value
  end
  return params
end

describe("cloudaudit.emulator.refusals", function()
  it("gives the documented code, another one, or none", function()
    local options = { refusals = {} }
    assert.equal("InvalidParameter", (refusals.of(options, "events.order")))
    options.refusals["events.order"] = "Other.Code"
    assert.equal("Other.Code", (refusals.of(options, "events.order")))
    assert.equal("EndTime is before StartTime.", select(2, refusals.of(options, "events.order")))
    options.refusals["events.order"] = "accepted"
    assert.is_nil((refusals.of(options, "events.order")))
  end)

  -- A rule on a value: by field, and by its length where that has a rule of its own.
  for id, params in pairs{
    ["value.StoragePrefix"] = track({}, { StoragePrefix = "audit_config" }),
    ["value.StoragePrefix.length"] = track({}, { StoragePrefix = ("a"):rep(41) }),
    ["value.StorageName"] = track({}, { StorageName = "audit_test" }),
    ["value.Name"] = track{ Name = "audit-\229\174\161\232\174\161" },
    ["value.Name.length"] = track{ Name = ("a"):rep(49) },
    ["value.EventNames"] = track{ EventNames = { "CreateUser" } },
    ["value.Status"] = track{ Status = 2 },
    ["value.ActionType"] = track{ ActionType = "read" },
    ["value.Compress"] = track({}, { Compress = 3 }),
  } do
    it("applies or switches off " .. id, function()
      assert.equal("InvalidParameterValue", (code_of({}, "CreateAuditTrack", params)))
      assert.equal("Other.Code", (code_of({ refusals = { [id] = "Other.Code" } }, "CreateAuditTrack", params)))
      local code, emu = code_of({ refusals = { [id] = "accepted" } }, "CreateAuditTrack", params)
      assert.is_nil(code)
      assert.equal(1, #emu:all_tracks())
      assert.equal(params.Name, emu:all_tracks()[1].Name)
      local other = { ["value.PageNumber"] = "accepted" }
      assert.equal("InvalidParameterValue", (code_of({ refusals = other }, "CreateAuditTrack", params)))
    end)
  end

  it("leaves out, fills in or converts a parameter of a rule that is switched off", function()
    local function list(body, rules)
      local emu = emulator.new{ verify = false, refusals = rules }
      local response = emu:handle{ method = "POST", path = "/", body = body, headers = {
        ["X-TC-Action"] = "DescribeAuditTracks", ["X-TC-Version"] = "2019-03-19", ["X-TC-Timestamp"] = "1",
        ["X-TC-Region"] = "ap-guangzhou", ["Content-Type"] = "application/json" } }
      return response.body:match('"Code":"(.-)"')
    end
    for id, case in pairs{
      ["parameter.unknown"] = { '{"PageNumber":1,"PageSize":2,"Foo":1}', "UnknownParameter" },
      ["parameter.missing"] = { '{"PageSize":2}', "MissingParameter" },
      ["parameter.type"] = { '{"PageNumber":"1","PageSize":2}', "InvalidParameter" },
      ["body.syntax"] = { "[1]", "InvalidParameter" },
    } do
      assert.equal(case[2], list(case[1], {}), id)
      assert.equal("Other.Code", list(case[1], { [id] = "Other.Code" }), id)
      local expected = id == "body.syntax" and "MissingParameter" or nil
      assert.equal(expected, list(case[1], { [id] = "accepted" }), id)
    end
  end)

  it("knows rules of the events' actions", function()
    local now = math.floor(require("cloudaudit.core").time())
    local query = { StartTime = now, EndTime = now - 10 }
    assert.equal("InvalidParameter", (code_of({}, "DescribeEvents", query)))
    assert.is_nil((code_of({ refusals = { ["events.order"] = "accepted" } }, "DescribeEvents", query)))
    query = { StartTime = now - 10, EndTime = now, MaxResults = 60 }
    assert.equal("InvalidParameterValue", (code_of({}, "DescribeEvents", query)))
    assert.equal("InvalidParameter", (code_of({ validate = false }, "DescribeEvents", query)))
    assert.is_nil((code_of({ validate = false, max_results = 60 }, "DescribeEvents", query)))
    query = { StartTime = now - 10, EndTime = now, LookupAttributes = {
      { AttributeKey = "EventName", AttributeValue = "a" }, { AttributeKey = "EventName", AttributeValue = "b" } } }
    assert.is_nil((code_of({ most_event_names = 2 }, "DescribeEvents", query)))
    assert.equal("InvalidParameter", (code_of({ most_event_names = 1 }, "DescribeEvents", query)))
    assert.equal("InvalidParameter", (code_of({ attribute_keys = { "RequestId" } }, "DescribeEvents", query)))
    assert.is_nil((code_of({ attribute_keys = { "EventName" } }, "DescribeEvents", query)))
  end)

  it("never lets a request without a signature in", function()
    local emu = emulator.new{ refusals = { ["authorization.missing"] = "accepted" } }
    local response = emu:handle{ method = "POST", path = "/", body = "{}", headers = {
      ["X-TC-Action"] = "ListAudits", ["X-TC-Version"] = "2019-03-19", ["X-TC-Timestamp"] = "1",
      ["X-TC-Region"] = "ap-guangzhou", ["Content-Type"] = "application/json" } }
    assert.truthy(response.body:find("AuthFailure.InvalidAuthorization", 1, true))
  end)
end)
