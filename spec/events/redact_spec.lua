local cloudaudit = require "cloudaudit"
local core = require "cloudaudit.core"
local cpu = require "support.cpu"
local events = require "support.events"

local function of(raw)
  return events.of{ EventId = "e-1", EventTime = "1769846400", CloudAuditEvent = raw }
end

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

  it("removes tokens and key ids from members, raw and detail, at every depth", function()
    for layers = 0, 5 do
      local found = events.of{ EventId = "e-1", EventTime = "5", SecretId = KEY, Username = KEY, AccountID = 7,
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

  it("works on malformed JSON, and on an unterminated value", function()
    local clean = cloudaudit.redact(of([[{"sessionContext":"{"sessionToken":"canary","x":1}"} AKIDcanary]]))
    assert.equal([[{"sessionContext":"{"sessionToken":"[redacted]","x":1}"} [redacted]
]], clean.raw .. "\n")
    assert_clean(cloudaudit.redact(of([[{"a":1,"token" : "canary and so on]])).raw)
  end)

  it("removes a token wherever else it appears", function()
    local clean = cloudaudit.redact(events.of{ Username = "with canary-token-1",
      CloudAuditEvent = [[{"url":"/?t=canary-token-1","token":"canary-token-1"}]] })
    assert_clean(clean.raw .. clean.user)
    clean = cloudaudit.redact(events.of{ SecretId = "canary-id-without-prefix",
      CloudAuditEvent = [[{"who":"canary-id-without-prefix"}]] })
    assert_clean(clean.raw .. clean.access_key_id)
    assert.equal("[redacted]", cloudaudit.redact(events.of{ SecretId = "short" }).access_key_id)
  end)

  it("recognises secrets by the end of their names", function()
    for name in ("secret appSecret client_secret TmpSecretKey secretId accessKeyId AccessKeySecret apiKey x-api-key"
      .. " privateKey password NewPassword old_passwd userPwd passphrase Authorization Proxy-Authorization Signature"
      .. " signingKey SAMLAssertion sessionToken"):gmatch("%S+") do
      assert.equal(('{"%s":"[redacted]"}'):format(name), cloudaudit.redact(of(('{"%s":"canary"}'):format(name))).raw)
    end
  end)

  it("keeps members that are not secrets", function()
    local raw = [[{"tokenizer":"x","NextToken":"abc","ClientToken":"c","token":false,"secretId":"","name":"AKI",]]
      .. [["SecretName":"db","passwordPolicy":"strict","SignatureMethod":"v3","keyId":"k","publicKey":"p"}]]
    local clean = cloudaudit.redact(events.of{ CloudAuditEvent = raw, SecretId = "" })
    assert.equal(raw, clean.raw)
    assert.equal("", clean.access_key_id)
    assert.is_nil(cloudaudit.redact(events.of{}).raw)
  end)

  it("takes time proportional to the text", function()
    for _, piece in ipairs{ "\\", "a", '"', '"token":"', " ", '":', '\\":\\"' } do
      local growth = cpu.growth(function(size)
        cloudaudit.redact(of(piece:rep(math.floor(size / #piece))))
      end, 32000)
      assert.is_true(growth < 24, piece .. " " .. growth)
    end
  end)

  it("raises for a value that is not an event", function()
    assert.error_matches(function() cloudaudit.redact({}) end, "redact: event expected, got table")
  end)
end)
