local cloudaudit = require "cloudaudit"
local core = require "cloudaudit.core"
local event = require "cloudaudit.events.event"
local wire = require "support.wire"

local INNER = [[{"sessionContext":"{\"sessionToken\":\"tok-123456\",\"mfa\":true}","n":100000000001,"none":null,]]
  .. [["list":[1,null,"{\"deep\":[\"[1]\"]}"],"broken":"{\"a\":","big":%s}]]

local function of(raw)
  return event.from_wire{ EventId = "e-1", EventTime = "1769846400", CloudAuditEvent = raw }
end

describe("an event", function()
  it("has every member of the wire in our names, integers exact", function()
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
    local count, found = 0, event.from_wire(item)
    for _ in pairs(found) do
      count = count + 1
    end
    -- Resources is two members of ours.
    assert.equal(#core.shapes().Event + 1, count)
  end)

  it("reads both notations of the time, and has none when there is none", function()
    assert.equal(1769846400, of("{}").time)
    assert.equal(1769846400, event.from_wire{ EventTime = "2026-01-31 16:00:00" }.time)
    assert.is_nil(event.from_wire{ EventTime = "soon" }.time)
    assert.is_nil(event.from_wire{}.time)
  end)

  it("decodes detail at first use, JSON texts inside too", function()
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

  it("leaves a broken record as text, and an absent one out", function()
    local sample = [[{"sessionContext":"{"sessionToken":"x"}"}]]
    assert.equal(sample, of(sample).detail)
    assert.equal("", of("").detail)
    assert.is_nil(of(nil).detail)
    assert.is_nil(of("{}").no_such_member)
  end)

  it("opens no more than eight layers", function()
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

  it("is one readable line", function()
    local found = event.from_wire{ EventId = "e-1", EventTime = "1769846400", EventName = "DeleteBucket",
      Username = "an\nn", SecretId = "AKIDsecret", SourceIPAddress = "10.0.0.1",
      EventRegion = "ap-guangzhou", ErrorCode = 4,
      EventSource = "cos.tencentcloudapi.com", Resources = { ResourceType = "cos", ResourceName = "logs" } }
    assert.equal("2026-01-31T08:00:00Z DeleteBucket cos.tencentcloudapi.com in ap-guangzhou by an n from 10.0.0.1"
      .. " on cos/logs error 4 id e-1", tostring(found))
    assert.equal("(no time) (no name)", tostring(event.from_wire{}))
    found = event.from_wire{ EventName = "N", ErrorCode = 0, Resources = { ResourceType = "cvm" } }
    assert.equal("(no time) N on cvm", tostring(found))
  end)
end)

describe("redact", function()
  local KEY, TOKEN = "AKIDz8krbsJ5yKBZQpn74WFkmLPx3EXAMPLE", "canary\\/token+ABCDEF"

  -- JSON in JSON, `layers` deep, with the secrets at the bottom.
  local function nested(layers)
    local text = core.encode{ sessionToken = TOKEN, ["X-TC-Token"] = TOKEN, secretId = "plain-key-id",
      NextToken = "n-1", note = ("%s and %s"):format(KEY, "quote\" back\\"), Password = "p\"w\\" }
    for _ = 1, layers do
      text = core.encode{ inner = text, after = "kept" }
    end
    return text
  end

  local function assert_clean(text)
    for _, secret in ipairs{ KEY, "canary", "plain-key-id", "p\\\"w" } do
      assert.is_nil(text:find(secret, 1, true), secret .. " in " .. text)
    end
  end

  it("takes tokens and key ids out of members, raw and detail, at every depth", function()
    for layers = 0, 5 do
      local found = event.from_wire{ EventId = "e-1", EventTime = "5", SecretId = KEY, Username = KEY, AccountID = 7,
        CloudAuditEvent = nested(layers), Resources = { ResourceName = "key " .. KEY } }
      local clean = cloudaudit.redact(found)
      for name, value in pairs(clean) do
        assert_clean(name .. tostring(value))
      end
      assert.equal("[redacted]", clean.access_key_id)
      assert.equal("e-1", clean.id)
      assert.equal(7, clean.account_id)
      local detail = clean.detail
      for _ = 1, layers do
        assert.equal("kept", detail.after)
        detail = detail.inner
      end
      assert.equal("table", type(detail))
      assert.equal("[redacted]", detail.sessionToken)
      assert.equal("[redacted]", detail["X-TC-Token"])
      assert.equal("[redacted]", detail.secretId)
      assert.equal("[redacted]", detail.Password)
      assert.equal("n-1", detail.NextToken)
      assert.equal("[redacted] and quote\" back\\", detail.note)
      -- The event itself is as it was.
      assert.equal(KEY, found.access_key_id)
      assert.equal(nested(layers), found.raw)
    end
  end)

  it("works on broken JSON, and on a value without an end", function()
    local clean = cloudaudit.redact(of([[{"sessionContext":"{"sessionToken":"canary","x":1}"} AKIDcanary]]))
    assert.equal([[{"sessionContext":"{"sessionToken":"[redacted]","x":1}"} [redacted]
]], clean.raw .. "\n")
    assert_clean(cloudaudit.redact(of([[{"a":1,"token" : "canary and so on]])).raw)
  end)

  it("takes a token out wherever else it stands", function()
    local clean = cloudaudit.redact(event.from_wire{ Username = "with canary-token-1",
      CloudAuditEvent = [[{"url":"/?t=canary-token-1","token":"canary-token-1"}]] })
    assert_clean(clean.raw .. clean.user)
    clean = cloudaudit.redact(event.from_wire{ SecretId = "canary-id-without-prefix",
      CloudAuditEvent = [[{"who":"canary-id-without-prefix"}]] })
    assert_clean(clean.raw .. clean.access_key_id)
    assert.equal("[redacted]", cloudaudit.redact(event.from_wire{ SecretId = "short" }).access_key_id)
  end)

  it("knows secrets by how their names end", function()
    for name in ("secret appSecret client_secret TmpSecretKey secretId accessKeyId AccessKeySecret apiKey x-api-key"
      .. " privateKey password NewPassword old_passwd userPwd passphrase Authorization Proxy-Authorization Signature"
      .. " signingKey SAMLAssertion sessionToken"):gmatch("%S+") do
      assert.equal(('{"%s":"[redacted]"}'):format(name), cloudaudit.redact(of(('{"%s":"canary"}'):format(name))).raw)
    end
  end)

  it("leaves alone what is no secret", function()
    local raw = [[{"tokenizer":"x","NextToken":"abc","ClientToken":"c","token":false,"secretId":"","name":"AKI",]]
      .. [["SecretName":"db","passwordPolicy":"strict","SignatureMethod":"v3","keyId":"k","publicKey":"p"}]]
    local clean = cloudaudit.redact(event.from_wire{ CloudAuditEvent = raw, SecretId = "" })
    assert.equal(raw, clean.raw)
    assert.equal("", clean.access_key_id)
    assert.is_nil(cloudaudit.redact(event.from_wire{}).raw)
  end)

  it("takes time in proportion to the text", function()
    local started = os.clock()
    for _, text in ipairs{ ("\\"):rep(200000), ("a"):rep(200000), ('"'):rep(200000), ('"token":"'):rep(20000),
      (" "):rep(200000), ('":'):rep(100000), ('\\":\\"'):rep(50000) } do
      cloudaudit.redact(of(text))
    end
    assert.truthy(os.clock() - started < 2)
  end)

  it("raises for what is no event", function()
    assert.error_matches(function() cloudaudit.redact({}) end, "redact: event expected, got table")
  end)
end)
