-- Texts without their secrets: JSON, URLs, form bodies, header lines and broken JSON, at both levels.
local core = require "cloudaudit.core"

local MARK = "[redacted]"

local function clean(given, level)
  return core.redact({ raw = given }, level or "all").raw
end

describe("JSON", function()
  local cases = {
    { "a value in a list", '{"SecurityToken":["canary-1"]}', '{"SecurityToken":["[redacted]"]}' },
    { "a number", '{"token":123456,"a":123456}', '{"token":"[redacted]","a":123456}' },
    { "true, false and null stay", '{"token":null,"password":true,"secret":false}',
      '{"token":null,"password":true,"secret":false}' },
    { "a nested object", '{"credentials":{"id":{"x":"canary-2"},"n":[1,"canary-3"]},"after":1}',
      '{"credentials":{"id":{"x":"[redacted]"},"n":["[redacted]","[redacted]"]},"after":1}' },
    { "a pair", '{"Key":"DB_PASSWORD","Value":"canary-4"}', '{"Key":"DB_PASSWORD","Value":"[redacted]"}' },
    { "a pair in the other order", '[{"Value":"canary-5","Key":"DB_PASSWORD"}]',
      '[{"Value":"[redacted]","Key":"DB_PASSWORD"}]' },
    { "a pair whose value is an object, with other members between",
      '{"Value":{"a":["canary-6",{"b":"}"}]},"n":[1,{"c":"]"}],"Key":"API_TOKEN","d":2}',
      '{"Value":{"a":["[redacted]",{"b":"[redacted]"}]},"n":[1,{"c":"]"}],"Key":"API_TOKEN","d":2}' },
    { "a pair of no secret", '{"Value":"blue","Key":"color"}', '{"Value":"blue","Key":"color"}' },
    { "a name with an escape", [[{"\u0074oken":"canary-7"}]], [[{"\u0074oken":"[redacted]"}]] },
    { "a URL inside", '{"u":"https://b.cos.example/o?q-ak=x&x-cos-security-token=canary-8&q-signature=abcd"}',
      '{"u":"https://b.cos.example/o?q-ak=x&x-cos-security-token=[redacted]&q-signature=[redacted]"}' },
    { "white space, numbers and the order of members as they are", ' { "b" : 1.50 ,\n"token":"canary-9", "a":1e3 } ',
      ' { "b" : 1.50 ,\n"token":"[redacted]", "a":1e3 } ' },
    { "JSON in a string", [[{"a":"{\"token\":\"canary-a\",\"k\":\"v\"}"}]],
      [[{"a":"{\"token\":\"[redacted]\",\"k\":\"v\"}"}]] },
    { "broken JSON in a string", [[{"a":"{\"token\":\"canary-b\" and so on"}]],
      [[{"a":"{\"token\":\"[redacted]\" and so on"}]] },
  }
  for _, case in ipairs(cases) do
    it("hides " .. case[1], function()
      assert.equal(case[3], clean(case[2]))
      assert.equal(case[3], clean(clean(case[2])))
      assert.is_not_nil(core.decode(clean(case[2])))
    end)
  end

  for name in ("SecretString SecretBinary PrivateKeyPem privateKey AdminPass SessionKey Cookie Set-Cookie Kubeconfig"
    .. " PasswordHash UserData tmpSecretKey x_api_key SAMLAssertion Authorization"):gmatch("%S+") do
    it("hides " .. name .. ", at both levels", function()
      for _, level in ipairs{ "secrets", "all" } do
        assert.equal(('{"%s":"[redacted]"}'):format(name), clean(('{"%s":"canary"}'):format(name), level))
      end
    end)
  end

  it("keeps access key ids at level secrets, and no token", function()
    local raw = '{"secretId":"AKIDcanary","accessKeyId":"AKIDcanary","accessKey":"AKIDcanary","who":"AKIDcanary",'
      .. '"token":"canary-token"}'
    assert.equal((raw:gsub("canary%-token", MARK)), clean(raw, "secrets"))
    assert.is_nil(clean(raw, "all"):find("canary", 1, true))
  end)

  it("is unchanged when it holds no secret: every JSON of the fixtures", function()
    local list = assert(io.popen("ls spec/fixtures/json/y_*.json"))
    local count = 0
    for path in list:lines() do
      local file = assert(io.open(path, "rb"))
      local document = file:read("*a")
      file:close()
      assert.equal(document, clean(document), path)
      count = count + 1
    end
    list:close()
    assert.is_true(count > 20)
  end)
end)

describe("a text that is not JSON", function()
  local cases = {
    { "a form body", "Action=X&Token=canary-1&SecretId=AKIDcanary&a=b",
      "Action=X&Token=[redacted]&SecretId=[redacted]&a=b" },
    { "a header line", "Host: a\r\nAuthorization: Bearer canary-2, more\r\nX: y",
      "Host: a\r\nAuthorization: [redacted]\r\nX: y" },
    { "a scheme without a name", "curl -H 'Bearer canary-token'", "curl -H 'Bearer [redacted]'" },
    { "a cookie", "Cookie: a=canary; b=canary", "Cookie: [redacted]" },
    { "a quoted value", "password = 'can ary' user=ann", "password = '[redacted]' user=ann" },
    { "an encoded name", "?x%2Dcos%2Dsecurity%2Dtoken=canary", "?x%2Dcos%2Dsecurity%2Dtoken=[redacted]" },
    { "broken JSON", [[{"a":1,"token" : "canary and so on]], [[{"a":1,"token" : "[redacted]" }]] },
    { "a TC3 signature", "TC3-HMAC-SHA256 Credential=AKIDcanary/2026/x, SignedHeaders=host, Signature=canary",
      "TC3-HMAC-SHA256 Credential=[redacted], SignedHeaders=host, Signature=[redacted]" },
  }
  for _, case in ipairs(cases) do
    it("loses " .. case[1], function()
      local out = clean(case[2])
      assert.is_nil(out:find("canary", 1, true), out)
      if case[1] ~= "broken JSON" then
        assert.equal(case[3], out)
      end
    end)
  end

  it("keeps what is not a secret", function()
    for _, given in ipairs{ "https://example.com:443/a?b=c", "", "a=b:c", "NextToken=abc", "time: 12:30" } do
      assert.equal(given, clean(given))
    end
  end)

  it("loses a value that was found elsewhere, alone or in a path", function()
    local out = core.redact({ raw = '{"token":"canary-value","password":"with \'quote and blank"}',
      a = "a canary-value b", b = "/p/canary-value?x=canary-value", c = "<with 'quote and blank>" }, "all")
    assert.equal("a [redacted] b", out.a)
    assert.equal("/p/[redacted]?x=[redacted]", out.b)
    assert.equal("<[redacted]>", out.c)
  end)
end)

describe("the time of redaction", function()
  local hostile = {
    backslashes = "\\", quotes = '"', colons = '":', letters = "a", blanks = " ", equals = "token=",
    token = '"token":"', escaped = '\\":\\"', bearer = "Bearer ", brackets = '{"Value":', lists = "[",
    pairs = '{"token":"abcdefgh%d"},',
    words = 'token="a b c d e%d" ', nested = '{"a":"{',
  }
  for name, piece in pairs(hostile) do
    it("grows with the length alone: " .. name, function()
      local function seconds(size)
        local parts, length = {}, 0
        while length < size do
          parts[#parts + 1] = piece:find("%d", 1, true) and piece:format(#parts) or piece
          length = length + #parts[#parts]
        end
        local given = table.concat(parts)
        local started = os.clock()
        clean(name == "pairs" and "[" .. given .. "0]" or given)
        return os.clock() - started
      end
      collectgarbage()
      local small = math.max(seconds(65536), seconds(65536), 0.004)
      -- Eight times the text; quadratic work would take 64 times as long.
      assert.is_true(seconds(524288) / small < 24, name)
    end)
  end
end)
