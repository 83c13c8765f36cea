-- The emulator's responses against the official samples: every member of a sample is there, with the same JSON type,
-- and every difference is listed with its reason.
local core = require "cloudaudit.core"
local emulator = require "cloudaudit.emulator"
local signed = require "support.signed"

local NOW = signed.NOW

-- Differences by "ACTION PATH": why.
local EXPECTED = {
  ["LookUpEvents Response.Events[].CloudAuditEvent"] =
    "the sample is not valid JSON one level down; a record of DescribeEvents is",
}

local function read_samples()
  local file = assert(io.open("spec/fixtures/response-shapes.json"))
  local samples = core.decode(file:read("*a")).actions
  file:close()
  return samples
end

local function kind_of(value)
  if type(value) == "table" then
    return (getmetatable(value) == core.list or value[1] ~= nil) and "list" or "object"
  elseif type(value) == "string" and value:find("^%d+$") and #value > 15 then
    return "number|string" -- an integer beyond 2^53 becomes a string on some Luas
  end
  return type(value)
end

-- Adds the paths and types of a value, as the samples are written: `[]` for items, `<json>` inside of a text.
local function add_paths(out, path, value)
  out[path] = out[path] or {}
  out[path][kind_of(value)] = true
  if type(value) == "string" and value:find("^[%[{]") then
    local inner = core.decode(value)
    if type(inner) == "table" then
      out[path].json = true
      for name, member in pairs(inner) do
        add_paths(out, type(name) == "number" and path .. "<json>[]" or path .. "<json>." .. name, member)
      end
    end
  elseif type(value) == "table" then
    for name, member in pairs(value) do
      add_paths(out, type(name) == "number" and path .. "[]" or path .. "." .. name, member)
    end
  end
end

-- "number", "string", ... of the words of the samples: "string of digits", "string holding JSON".
local function fits(expected, found)
  local word = expected:match("^%a+")
  if expected == "string holding JSON" and not found.json then
    return false
  end
  return found[word] or (word == "number" or word == "string") and found["number|string"] or false
end

-- Calls with which the emulator has something to answer to each action.
local TRACK = { Name = "audit", ActionType = "Read", ResourceType = "cos", Status = 1, EventNames = { "*" },
  TrackForAllMembers = 1, Storage = { StorageType = "cos", StorageRegion = "ap-guangzhou", StorageName = "audit-cos",
    StoragePrefix = "test" } }
local MULTI = { Name = "multi", Status = 1, Storage = TRACK.Storage, Filters = { ResourceFields = {
  { ResourceType = "cam", ActionType = "*", EventNames = { "*" } } } } }
local RANGE = { StartTime = NOW - 60, EndTime = NOW, IsReturnLocation = 1, LookupAttributes = {
  { AttributeKey = "EventName", AttributeValue = "CreateAuditTrack" } } }
local LEGACY = { AuditName = "legacy" }
local CALLS = {
  { "CreateAuditTrack", TRACK }, { "CreateEventsAuditTrack", MULTI },
  { "ModifyAuditTrack", { TrackId = 1, Status = 0 } },
  { "ModifyEventsAuditTrack", { TrackId = 2, Status = 0 } }, { "DescribeAuditTrack", { TrackId = 1 } },
  { "DescribeAuditTracks", { PageNumber = 1, PageSize = 10 } }, { "DescribeEvents", RANGE },
  { "LookUpEvents", { StartTime = NOW - 60, EndTime = NOW } }, { "DeleteAuditTrack", { TrackId = 1 } },
  { "DescribeAudit", LEGACY }, { "ListAudits", {} }, { "StartLogging", LEGACY }, { "StopLogging", LEGACY },
  { "UpdateAudit", LEGACY }, { "InquireAuditCredit", {} }, { "ListCosEnableRegion", {} },
  { "ListCmqEnableRegion", {} }, { "ListKeyAliasByRegion", { KmsRegion = "ap-guangzhou" } }, { "GetAttributeKey", {} },
}

describe("the emulator's responses", function()
  local emu = emulator.new{ now = NOW, secrets = { AKIDt = "key" }, rate = 0,
    tokens = { AKIDt = { token = "t-1", expires = NOW + 9 } } }
  emu:add_event{ EventName = "CreateAuditTrack", SecretId = "AKIDx", Tags = { { key = "env", value = "prod" } },
    UserAgent = "curl", ApiErrorCode = nil }
  local samples, responses = read_samples(), {}
  for _, call in ipairs(CALLS) do
    local options = { headers = { ["X-TC-Token"] = "t-1", ["User-Agent"] = "SDK" } }
    local response = signed.send(emu, call[1], call[2], options)
    assert(not response.Error, response.Error and call[1] .. response.Error.Message)
    responses[call[1]] = { Response = response }
  end

  it("cover every action of the samples", function()
    local count = 0
    for action in pairs(samples) do
      assert.truthy(responses[action], action)
      count = count + 1
    end
    assert.equal(#CALLS, count)
  end)

  local compared = 0
  for _, call in ipairs(CALLS) do
    it("have the members of the sample of " .. call[1] .. ", with their types", function()
      local found = {}
      add_paths(found, "Response", responses[call[1]].Response)
      for path, kinds in pairs(samples[call[1]].service) do
        compared = compared + 1
        local reason = EXPECTED[call[1] .. " " .. path]
        if not reason then
          assert.truthy(found[path], "missing: " .. path)
          assert.truthy(fits(kinds[1], found[path]), path .. ": " .. kinds[1])
        end
      end
    end)
  end

  it("have what the international samples' records have as well", function()
    local found = {}
    add_paths(found, "Response", responses.DescribeEvents.Response)
    for _, name in ipairs{ "onlyRecordNotSeen", "eventPlatform", "updateEsTime" } do
      local path = "Response.Events[].CloudAuditEvent<json>." .. name
      assert.truthy(fits(samples.DescribeEvents.international[path][1], found[path]), path)
    end
  end)

  it("were compared in full", function()
    print("\nmeasured: " .. compared .. " members of official samples compared")
    assert.is_true(compared > 200)
  end)
end)
