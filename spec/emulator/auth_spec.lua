local core = require "cloudaudit.core"
local emulator = require "cloudaudit.emulator"
local signed = require "support.signed"

local ACTION, PARAMS = "DescribeAuditTracks", { PageNumber = 1, PageSize = 10 }

describe("cloudaudit.emulator.auth", function()
  local emu

  before_each(function()
    emu = emulator.new{ now = signed.NOW }
  end)

  local function code(options)
    return signed.code(emu, ACTION, PARAMS, options)
  end

  -- Signs a request with `options`, applies `change` to it and sends it.
  local function changed(change, options)
    local request = signed.request(emu, ACTION, PARAMS, options)
    change(request)
    local err = core.decode(emu:handle(request).body).Response.Error
    return err and err.Code, err and err.Message
  end

  it("accepts every documented form", function()
    assert.is_nil(code())
    assert.is_nil(code{ content_type = "application/json; charset=utf-8" })
    assert.is_nil(code{ host = "cloudaudit.localhost:8443" })
    assert.is_nil(code{ extra = { { "x-tc-action", ACTION } } })
    assert.is_nil(code{ extra = { { "x-tc-action", ACTION:lower() } } })
    assert.is_nil(code{ extra = { { "accept", "*/*" }, { "x-tc-region", "ap-guangzhou" } },
      headers = { Accept = "*/*" } })
    assert.is_nil(code{ unsigned_payload = true, headers = { ["X-TC-Content-SHA256"] = "UNSIGNED-PAYLOAD" } })
  end)

  it("accepts a host signed without its port", function()
    assert.is_nil(changed(function(request) request.headers.Host = "cloudaudit.localhost:8443" end,
      { host = "cloudaudit.localhost" }))
    assert.equal("AuthFailure.SignatureFailure", changed(function(request)
      request.headers.Host = "cloudaudit.localhost"
    end, { host = "cloudaudit.localhost:8443" }))
  end)

  it("hashes the body unless the header says UNSIGNED-PAYLOAD", function()
    assert.equal("AuthFailure.SignatureFailure", code{ unsigned_payload = true })
    assert.equal("AuthFailure.SignatureFailure", code{ headers = { ["X-TC-Content-SHA256"] = "UNSIGNED-PAYLOAD" } })
  end)

  it("refuses a request changed after signing", function()
    local changes = {
      body = function(request) request.body = request.body .. " " end,
      host = function(request) request.headers.Host = "cloudaudit.example.test" end,
      type = function(request) request.headers["Content-Type"] = "application/json;charset=utf-8" end,
      time = function(request) request.headers["X-TC-Timestamp"] = "1551113066" end,
      date = function(request)
        request.headers.Authorization = request.headers.Authorization:gsub("2019%-02%-25", "2019-02-26")
      end,
      service = function(request)
        request.headers.Authorization = request.headers.Authorization:gsub("/cloudaudit/", "/cvm/")
      end,
      names = function(request)
        request.headers.Authorization = request.headers.Authorization:gsub("host,", "host;x-tc-action,")
      end,
    }
    for name, change in pairs(changes) do
      assert.equal("AuthFailure.SignatureFailure", changed(change), name)
    end
    assert.equal("AuthFailure.SignatureFailure", changed(function(request)
      request.headers["X-TC-Action"] = "DescribeAuditTracks"
    end, { extra = { { "x-tc-action", "createaudittrack" } } }))
  end)

  it("refuses a wrong key, an unknown id and malformed headers", function()
    assert.equal("AuthFailure.SignatureFailure", code{ secret_key = "wrong" })
    assert.equal("AuthFailure.SecretIdNotFound", code{ secret_id = "AKIDnobody" })
    for _, header in ipairs{ "", "SKIP", "TC3-HMAC-SHA256",
      "TC3-HMAC-SHA256 Credential=a/b, SignedHeaders=c, Signature=d",
      "TC3-HMAC-SHA256 Credential=a/2019-02-25/cloudaudit/tc3_request, SignedHeaders=host, Signature=ab",
      "TC3-HMAC-SHA256 Credential=a/2019-02-25/cloudaudit/tc3_request, SignedHeaders=content-type;host"
        .. (";x"):rep(40) .. ", Signature=ab" } do
      assert.equal("AuthFailure.InvalidAuthorization", code{ headers = { Authorization = header } }, header)
    end
    assert.equal("AuthFailure.InvalidAuthorization", code{ headers = { Authorization = false } })
  end)

  it("accepts a clock skew of at most 300 s", function()
    for _, skew in ipairs{ -300, 300 } do
      assert.is_nil(code{ timestamp = signed.NOW + skew })
    end
    for _, skew in ipairs{ -301, 301, -86400 } do
      assert.equal("AuthFailure.SignatureExpire", code{ timestamp = signed.NOW + skew })
    end
  end)

  it("verifies the UTC date of the credential scope", function()
    for _, now in ipairs{ 1551139199, 1551139200 } do
      emu:set_now(now)
      assert.is_nil(code())
    end
  end)

  it("requires the token of a temporary key, and refuses one for a permanent key", function()
    local temporary = emulator.new{ now = signed.NOW, secrets = { AKIDtemporary = "key" },
      tokens = { AKIDtemporary = { token = "t-1", expires = signed.NOW + 100 } } }
    local function with(token)
      return (signed.code(temporary, ACTION, PARAMS, { headers = { ["X-TC-Token"] = token } }))
    end
    assert.is_nil(with("t-1"))
    assert.equal("AuthFailure.TokenFailure", with("t-2"))
    assert.equal("AuthFailure.TokenFailure", with(false))
    temporary:advance(100)
    assert.equal("AuthFailure.TokenFailure", with("t-1"))
    assert.equal("AuthFailure.TokenFailure", code{ headers = { ["X-TC-Token"] = "t-1" } })
  end)

  it("shows its canonical request only with debug_signature, and never the key", function()
    local _, message = code{ secret_key = "wrong" }
    assert.is_nil(message:find("canonical"))
    local debugging = emulator.new{ now = signed.NOW, debug_signature = true }
    _, message = signed.code(debugging, ACTION, PARAMS, { secret_key = "wrong" })
    assert.truthy(message:find("POST\n/\n\ncontent-type:application/json\nhost:cloudaudit.", 1, true))
    local _, key = debugging:credential()
    assert.is_nil(message:find(key, 1, true))
  end)

  it("can be disabled", function()
    local open = emulator.new{ now = signed.NOW, verify = false }
    assert.is_nil(signed.code(open, ACTION, PARAMS, { headers = { Authorization = false } }))
    assert.is_false(open:journal()[1].signed)
    code()
    assert.is_true(emu:journal()[1].signed)
  end)

  it("takes the first label of a Host on loopback for the service, as four official SDKs do", function()
    for host, services in pairs{ ["127.0.0.1:8080"] = { "127", "127.0.0.1" }, ["localhost:1"] = { "localhost" },
      ["cloudaudit.localhost:1"] = { "cloudaudit" }, ["emu.localhost"] = { "emu" }, ["[::1]:80"] = { "::1" } } do
      for _, service in ipairs(services) do
        assert.is_nil((code{ host = host, service = service }), host .. " " .. service)
      end
      assert.is_nil((code{ host = host }), host)
      assert.equal("AuthFailure.SignatureFailure", (code{ host = host, service = "cvm" }), host)
    end
    for host, service in pairs{ ["cvm.tencentcloudapi.com"] = "cvm", ["127.evil.example"] = "127",
      ["127.0.0.1.evil.example"] = "127", ["localhost.evil.example"] = "localhost" } do
      assert.equal("AuthFailure.SignatureFailure", (code{ host = host, service = service }), host)
    end
  end)
end)
