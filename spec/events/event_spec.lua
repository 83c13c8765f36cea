local core = require "cloudaudit.core"
local event = require "cloudaudit.events.event"
local events = require "support.events"
local wire = require "support.wire"

local INNER = [[{"sessionContext":"{\"sessionToken\":\"tok-123456\",\"mfa\":true}","n":100000000001,"none":null,]]
  .. [["list":[1,null,"{\"deep\":[\"[1]\"]}"],"broken":"{\"a\":","big":%s}]]

local function of(raw)
  return events.of{ EventId = "e-1", EventTime = "1769846400", CloudAuditEvent = raw }
end

describe("an event", function()
  it("has every member of an Event in our names, with exact integers", function()
    local body = wire.success([["ListOver":true,"NextToken":0,"Events":[{"EventId":"e-1","Username":"root",]]
      .. [["EventTime":"1769846400","CloudAuditEvent":"{}","ResourceTypeCn":"审计","ErrorCode":-7,"EventName":"N",]]
      .. [["SecretId":"AKIDx","EventSource":"s","RequestID":"q","ResourceRegion":"rr","AccountID":9007199254740993,]]
      .. [["SourceIPAddress":"ip","EventNameCn":"cn","Resources":{"ResourceType":"t","ResourceName":"n"},]]
      .. [["EventRegion":"r","Location":"l"}] ]])
    local client = wire.client(body, { clock = function() return 1769846400 end })
    local found = client:lookup{ since = "-1h" }.events[1]
    local seen = {}
    for name, value in pairs(found) do
      seen[name] = value
    end
    assert.equal("9007199254740993", tostring(found.account_id))
    seen.account_id = nil
    assert.same({ id = "e-1", user = "root", time = 1769846400, raw = "{}", resource_type_cn = "审计", error_code = -7,
      name = "N", access_key_id = "AKIDx", source = "s", request_id = "q", resource_region = "rr", source_ip = "ip",
      name_cn = "cn", resource_type = "t", resource_name = "n", region = "r", location = "l" }, seen)
    if math.type then
      assert.equal("integer", math.type(found.time))
    end
  end)

  it("covers every field of the model's shape", function()
    local item = {}
    for _, field in ipairs(core.shapes().Event) do
      item[field.name] = "1"
    end
    item.Resources = { ResourceType = "1", ResourceName = "1" }
    local count, found = 0, events.of(item)
    for _ in pairs(found) do
      count = count + 1
    end
    -- Resources becomes two members.
    assert.equal(#core.shapes().Event + 1, count)
  end)

  it("reads both notations of the time, and has none when it cannot be read", function()
    assert.equal(1769846400, of("{}").time)
    assert.equal(1769846400, events.of{ EventTime = "2026-01-31 16:00:00" }.time)
    for _, text in ipairs{ "soon", "now", "-15m", "" } do
      assert.is_nil(events.of{ EventTime = text }.time, text)
    end
    assert.is_nil(events.of{}.time)
  end)

  it("decodes detail at the first access, including nested JSON texts", function()
    local found = of(INNER:format("5"))
    assert.is_nil(rawget(found, "detail"))
    local detail = found.detail
    assert.equal("tok-123456", detail.sessionContext.sessionToken)
    assert.is_true(detail.sessionContext.mfa)
    assert.equal("100000000001", ("%s"):format(detail.n))
    assert.is_nil(detail.none)
    assert.equal(1, detail.list[1])
    assert.equal(core.null, detail.list[2])
    assert.same({ { 1 } }, detail.list[3].deep)
    assert.equal('{"a":', detail.broken)
    assert.equal(detail, found.detail)
    assert.equal(INNER:format("5"), found.raw)
  end)

  it("loses no digit of a long number", function()
    local detail = of(INNER:format("16805138109322957")).detail
    assert.equal("16805138109322957", tostring(detail.big))
    assert.equal("tok-123456", detail.sessionContext.sessionToken)
    assert.equal('{"a":', detail.broken)
    assert.is_nil(detail.none)
  end)

  it("keeps a malformed record as text, and has no detail without a record", function()
    local sample = [[{"sessionContext":"{"sessionToken":"x"}"}]]
    assert.equal(sample, of(sample).detail)
    assert.equal("", of("").detail)
    assert.is_nil(of(nil).detail)
    assert.is_nil(of("{}").no_such_member)
  end)

  it("has the same detail whether lua-cjson is installed or not, and whatever digits the record has", function()
    local cjson = package.loaded.cjson
    for _, library in ipairs{ false, true } do
      package.loaded.cjson = library and { new = function() error("is not to be used") end } or cjson
      for _, digits in ipairs{ "", "1234567890123456" } do
        local function record(json)
          return of(('{"digits":"%s","value":%s}'):format(digits, json)).detail
        end
        assert.same({ digits = digits, value = { 1, { a = 1 } } }, record([=[[1,"{\"a\":1}"]]=]))
        for _, json in ipairs{ "NaN", "0x10", "007", "Infinity", "'x'" } do
          assert.equal("string", type(record(json)), json)
        end
      end
    end
    package.loaded.cjson = cjson
  end)

  it("decodes at most eight layers", function()
    local text = "{}"
    for _ = 1, 12 do
      text = core.encode{ x = text }
    end
    local detail, depth = of(text).detail, 0
    while type(detail) == "table" do
      detail, depth = detail.x, depth + 1
    end
    assert.equal(8, depth)
    assert.equal("string", type(detail))
  end)

  it("comes of every item of a list: what is not an object is its raw", function()
    for _, json in ipairs{ "null", "1", "12.5", "true", '"x"', "[]", '[{"a":1}]' } do
      local found = events.decode("[" .. json .. "]")[1]
      assert.is_true(event.is(found))
      assert.equal(json, found.raw)
      assert.is_nil(found.id)
      assert.equal("string", type(tostring(found)))
      assert.equal("string", type(event.identity(found)))
      local _ = found.detail
    end
  end)

  it("takes numbers for texts, texts for numbers, and keeps members of a wrong type as JSON text", function()
    local values = { "null", "true", "0", "-1", "12.5", "9007199254740993", '""', '"x"', "[]", "{}", "[null]",
      '{"a":[1]}' }
    for _, field in ipairs(core.shapes().Event) do
      for _, json in ipairs(values) do
        local found = events.decode(('[{"EventId":"e","%s":%s}]'):format(field.name, json))[1]
        for name, value in pairs(found) do
          assert(type(value) == "string" or type(value) == "number", name)
        end
        assert.equal("string", type(tostring(found)))
        assert.equal("string", type(event.identity(found)))
        local _ = found.detail
      end
    end
    local found = events.decode([=[[{"EventId":17,"EventTime":1769846400,"ErrorCode":"0","Username":{"a":1},
      "AccountID":"5","CloudAuditEvent":{"eventID":"x"},"Resources":[{"ResourceType":"t","ResourceName":3}]}]]=])[1]
    assert.equal("17", found.id)
    assert.equal(1769846400, found.time)
    assert.equal("0", found.error_code)
    assert.equal('{"a":1}', found.user)
    assert.equal("x", found.detail.eventID)
    assert.equal("t", found.resource_type)
    assert.equal("3", found.resource_name)
    assert.equal("1", events.of{ Resources = 1 }.resource_name)
    for _, time in ipairs{ -1, 12.5, 1e300, true, "1e9", ("9"):rep(400) } do
      assert.is_nil(events.of{ EventTime = time }.time)
    end
  end)

  it("has the bytes of the service, here and in its record, and hides no neighbour", function()
    local record = [[{\"a\":\"x\255y\",\"b\":\"\\ud83d\",\"c\":\"{\\\"d\\\":\\\"\196\\\"}\"}]]
    record = record:gsub("\\(%d%d%d)", function(code) return string.char(tonumber(code)) end)
    for _, name in ipairs{ "a\255b", "\196\227\186\195", "caf\233", "\228\184", "tab\tand\1" } do
      local body = wire.success(('"ListOver":true,"Events":[{"EventId":"a"},{"EventId":"b","Username":"%s",'
        .. '"EventName":"\\ud83d","CloudAuditEvent":"%s"},{"EventId":"c"}]'):format(name, record))
      local client = wire.client(body, { clock = function() return 1769846400 end })
      local found = client:lookup{ since = "-1h" }.events
      assert.equal(3, #found)
      assert.equal(name, found[2].user)
      assert.equal("\239\191\189", found[2].name)
      assert.equal("x\255y", found[2].detail.a)
      assert.equal("\239\191\189", found[2].detail.b)
      assert.equal("\196", found[2].detail.c.d)
      assert.equal(3, #client:tail{ since = "-1h" }:poll())
    end
  end)

  it("is identified by its id, else by the eventID of its record, else by a digest", function()
    local function identity(item)
      return event.identity(events.of(item))
    end
    assert.equal("e", identity{ EventId = "e", CloudAuditEvent = '{"eventID":"r"}' })
    assert.equal("r", identity{ EventId = "", CloudAuditEvent = '{"eventID":"r"}' })
    assert.equal("7", identity{ CloudAuditEvent = '{"eventID":7}' })
    local function digest(item)
      local text = identity(item)
      assert.truthy(text:find("^sha256:%x+$"), text)
      return text
    end
    local record = { EventId = "", EventTime = "1769846400", Username = "u", CloudAuditEvent = '{"eventID":""}' }
    assert.equal(digest(record), digest(record))
    record.ErrorCode = 0
    local before = digest(record)
    record.ErrorCode = 1
    assert.not_equal(before, digest(record))
    assert.not_equal(digest{ Username = "a" }, digest{ EventName = "a" })
    assert.not_equal(digest{ EventId = {} }, digest{ EventId = {}, EventName = "a" })
    assert.not_equal(digest(1), digest("1"))
  end)

  it("is one readable line", function()
    local found = events.of{ EventId = "e-1", EventTime = "1769846400", EventName = "DeleteBucket",
      Username = "an\nn", SecretId = "AKIDsecret", SourceIPAddress = "10.0.0.1",
      EventRegion = "ap-guangzhou", ErrorCode = 4,
      EventSource = "cos.tencentcloudapi.com", Resources = { ResourceType = "cos", ResourceName = "logs" } }
    assert.equal("2026-01-31T08:00:00Z DeleteBucket cos.tencentcloudapi.com in ap-guangzhou by an n from 10.0.0.1"
      .. " on cos/logs error 4 id e-1", tostring(found))
    assert.equal("(no time) (no name)", tostring(events.of{}))
    found = events.of{ EventName = "N", ErrorCode = 0, Resources = { ResourceType = "cvm" } }
    assert.equal("(no time) N on cvm", tostring(found))
    local raw = '{"a":"\194\155\226\128\174\255"}'
    found = events.of{ EventName = "a\27[2J\194\155b\226\128\174c\255d\n审计", CloudAuditEvent = raw }
    assert.equal("(no time) a [2J\\u009bb\\u202ec\\xffd 审计", tostring(found))
    assert.equal(raw, found.raw)
    assert.equal("a\27[2J\194\155b\226\128\174c\255d\n审计", found.name)
  end)

  it("is JSON text, with its record decoded or as text, without secrets if wanted", function()
    local found = events.of{ EventId = "e-1", EventTime = "1769846400", SecretId = "AKIDx",
      CloudAuditEvent = '{"token":"canary","b":"{\\"z\\":1}","a":9007199254740993}' }
    assert.truthy(found:json():find('{"id":"e-1","time":1769846400,"time_iso":"2026-01-31T08:00:00Z","name":null,', 1,
      true))
    assert.equal('"request_id":null,"detail":{"a":9007199254740993,"b":{"z":1},"token":"canary"}}',
      found:json{}:match('"request_id".*'))
    local hidden = found:json{ level = "secrets", record = "raw" }
    assert.equal([["raw":"{\"token\":\"[redacted]\",\"b\":\"{\\\"z\\\":1}\",\"a\":9007199254740993}"}]],
      hidden:match('"raw".*'))
    assert.truthy(hidden:find('"access_key_id":"AKIDx"', 1, true))
    assert.truthy(found:json{ level = "all" }:find('"access_key_id":"[redacted]"', 1, true))
    for message, options in pairs{ ["json: options table expected, got number"] = 5,
      ['json.level: "secrets" or "all" expected, got x'] = { level = "x" },
      ['json.record: "detail" or "raw" expected, got x'] = { record = "x" },
      ["json: unknown option leve: level or record expected"] = { leve = "all" } } do
      assert.error_matches(function() found:json(options) end, message, 1, true)
    end
  end)
end)
