-- The mapping to OCSF, against the schema of the class and a golden file. The schema is compiled from the public one
-- (ocsf/ocsf-schema, tag 1.8.0, Apache-2.0): class 6003 with profile cloud. The numbers in parentheses are those of the
-- tests in the command's specification.
local audit_log = require "support.audit_log"
local cloudaudit = require "cloudaudit"
local core = require "cloudaudit.core"
local events = require "support.events"
local format = require "cloudaudit.cli.format"
local ocsf = require "cloudaudit.events.ocsf"
local scenarios = require "cloudaudit.emulator.scenarios"

local SCHEMA = "spec/fixtures/ocsf-6003-1.8.0-cloud.schema.json"

local function read(path)
  local file = assert(io.open(path, "rb"))
  local text = file:read("*a")
  file:close()
  return text
end

-- What the validator says of JSON lines.
local function validated(lines)
  local path = os.tmpname()
  local file = assert(io.open(path, "wb"))
  file:write(table.concat(lines, "\n"), "\n")
  file:close()
  local pipe = io.popen(("env -u LD_PRELOAD python3 spec/support/ocsf_validate.py %s <%s 2>&1"):format(SCHEMA, path))
  local text = pipe:read("*a")
  pipe:close()
  os.remove(path)
  return text
end

local function event_of(fields)
  local emulator = cloudaudit.emulator.new{ now = 1769846400, record = false }
  fields.EventTime = fields.EventTime or 1769846000
  emulator:add_event(fields)
  return assert(emulator:client():lookup{ since = "-1d" }).events[1]
end

-- Records as they should not be, and events without anything.
local ODD = { "", "{", "null", "7", '"x"', "[]", "{}", '{"userIdentity":7,"actionType":[],"tags":{}}',
  '{"userIdentity":{"type":["root"],"principalId":{},"sessionContext":"{"},"actionType":"Write","httpMethod":7}',
  '{"httpMethod":"post","apiVersion":3,"eventVersion":1.5,"requestParameters":"{\\"a\\":[1,{\\"b\\":null}]}",'
    .. '"responseElements":[],"apiErrorCode":"A","apiErrorMessage":"m","actionType":"Write"}',
  '{"actionType":"Write","userAgent":"</script>\\u0000\\u001b[31m 审计 \\ud83d\\ude00"}' }

local function odd_events()
  local list = {}
  for index, raw in ipairs(ODD) do
    list[index] = events.of{ EventId = "odd" .. index, EventTime = "x", CloudAuditEvent = raw }
  end
  list[#list + 1] = events.of{}
  list[#list + 1] = events.of("no object")
  list[#list + 1] = events.of{ EventTime = "1769846000", SourceIPAddress = "console", Username = "",
    EventName = "", AccountID = 9007199254740993, Resources = { ResourceName = {}, ResourceType = 7 } }
  list[#list + 1] = events.of{ SourceIPAddress = "::ffff:10.0.0.1", CloudAuditEvent = ("x"):rep(2 ^ 20) }
  return list
end

describe("cloudaudit.events.ocsf", function()
  it("maps Tencent's sample to the golden file (32)", function()
    local event = cloudaudit.redact(events.of(core.decode(read("spec/fixtures/ocsf-sample-event.json"))),
      { level = "secrets" })
    assert.same(core.decode(read("spec/fixtures/ocsf-sample.json")), core.decode(format.json(ocsf.of(event, true))))
  end)

  it("is valid for every scenario and odd record, and a mutation is not (31)", function()
    local lines = {}
    for _, scenario in ipairs(scenarios.NAMES) do
      local emulator = cloudaudit.emulator.new{ now = 1769846400, rate = 0 }
      assert(emulator:scenario(scenario))
      for event in emulator:client():events{ since = "-80d", location = true } do
        lines[#lines + 1] = format.json(ocsf.of(event, #lines % 2 == 0))
      end
    end
    for index = 1, 40 do
      lines[#lines + 1] = format.json(ocsf.of(event_of(audit_log.event(index, 1769846400 - index)), true))
    end
    for _, event in ipairs(odd_events()) do
      lines[#lines + 1] = format.json(ocsf.of(event, true))
    end
    assert.is_true(#lines > 150)
    local valid = #lines
    local function mutated(change)
      local object = core.decode(lines[1])
      change(object)
      lines[#lines + 1] = format.json(object)
    end
    mutated(function(object) object.activity_id = 7 end)
    mutated(function(object)
      object.type_uid = object.type_uid == 600301 and 600302 or 600301
    end)
    mutated(function(object) object.actor.user = nil end)
    mutated(function(object) object.src_endpoint = {} end)
    mutated(function(object) object.src_endpoint = { ip = "console" } end)
    mutated(function(object) object.metadata.profiles = { "host" } end)
    mutated(function(object) object.token = "x" end)
    mutated(function(object) object.time = "1" end)
    local text = validated(lines)
    assert.truthy(text:find(("\n%d valid\n$"):format(valid)), text)
    for index = valid + 1, #lines do
      assert.truthy(("\n" .. text):find(("\n%d "):format(index), 1, true), text)
    end
    assert.is_nil(("\n" .. text):find("\n" .. valid .. " [^v]"), text)
  end)

  it("tells what was done by the first word of a write", function()
    for name, expected in pairs{ CreateUser = 1, RunInstances = 1, CopyImage = 1, TerminateInstances = 4,
      DeleteBucket = 4, PutBucketACL = 3, SetupThing = 99, Set = 3, AttachRolePolicies = 3, ["*"] = 99, [""] = 99,
      createuser = 99 } do
      local object = ocsf.of(event_of{ EventName = name, ActionType = "Write" })
      assert.same({ expected, 600300 + expected }, { object.activity_id, object.type_uid }, name)
    end
    assert.equal(2, ocsf.of(event_of{ EventName = "DeleteNothing", ActionType = "Read" }).activity_id)
    assert.equal(0, ocsf.of(events.of{ EventName = "DeleteUser" }).activity_id)
    assert.equal("API Activity: Unknown", ocsf.of(events.of{}).type_name)
  end)

  it("tells failures apart, with code and message", function()
    local denied = ocsf.of(event_of{ ActionType = "Write", ApiErrorCode = "UnauthorizedOperation.X",
      ApiErrorMessage = "you are not authorized" })
    assert.same({ 2, "UnauthorizedOperation.X", "you are not authorized", "UnauthorizedOperation.X" },
      { denied.status_id, denied.status_code, denied.status_detail, denied.api.response.error })
    local ok = ocsf.of(event_of{ ActionType = "Write" })
    assert.same({ 1 }, { ok.status_id, ok.status_code, ok.status_detail })
    assert.equal(0, ocsf.of(events.of{}).status_id)
  end)

  it("has an actor and a source for every event, and no key that was redacted", function()
    local object = ocsf.of(events.of{})
    assert.same({ user = { name = "unknown" } }, object.actor)
    assert.same({ name = "unknown" }, object.src_endpoint)
    assert.equal(0, object.time)
    assert.equal("unknown", object.api.operation)
    local event = event_of{ SecretId = "AKIDz8krbsJ5yKBZQpn74WFkmLPx3EXAMPLE", SourceIPAddress = "2001:db8::5" }
    assert.equal("AKIDz8krbsJ5yKBZQpn74WFkmLPx3EXAMPLE", ocsf.of(event).actor.user.credential_uid)
    assert.equal("2001:db8::5", ocsf.of(event).src_endpoint.ip)
    assert.is_nil(ocsf.of(cloudaudit.redact(event)).actor.user.credential_uid)
    assert.is_nil(ocsf.of(event).raw_data)
    assert.equal(event.raw, ocsf.of(event, true).raw_data)
  end)

  it("keeps what has no place in the class", function()
    local event = events.of{ EventNameCn = "名", CloudAuditEvent = '{"httpMethod":"PROPFIND","tags":["a:b"]}' }
    assert.same({ EventNameCn = "名", httpMethod = "PROPFIND", tags = setmetatable({ "a:b" }, core.list) },
      ocsf.of(event).unmapped)
  end)
end)
