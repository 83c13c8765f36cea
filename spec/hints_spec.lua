local core = require "cloudaudit.core"
local errors = require "cloudaudit.errors"
local hints = require "cloudaudit.hints"

local function hint(fields)
  fields.message = fields.message or "x"
  local _, err = errors.new(fields)
  return err.hint or ""
end

describe("a hint", function()
  for _, case in ipairs{
    { { kind = "auth", code = "AuthFailure.SignatureExpire" }, "clock" },
    { { kind = "auth", code = "AuthFailure.SignatureFailure" }, "secret key" },
    { { kind = "auth", code = "AuthFailure.SecretIdNotFound" }, "CAM" },
    { { kind = "auth", code = "AuthFailure.TokenFailure" }, "together" },
    { { kind = "auth", code = "AuthFailure.NewOne" }, "secret id, key and token" },
    { { kind = "permission", code = "UnauthorizedOperation" }, "CAM denies" },
    { { kind = "validation", code = "InvalidParameterValue.AuditTrackNameNotSupportModify" }, "cannot be renamed" },
    { { kind = "quota", code = "LimitExceeded.OverAmount", action = "CreateAuditTrack" }, "limit of" },
    { { kind = "throttled", code = "LimitExceeded.FreqLimit" }, "20 requests" },
    { { kind = "config", code = "UnsupportedRegion", field = "region" }, "not offered in this region" },
    { { kind = "config", code = "InvalidParameterValue", field = "region" }, "TENCENTCLOUD_REGION" },
    { { kind = "credentials", message = "secret_key: the value without the quotes around it expected" }, "remove" },
    { { kind = "credentials", message = "secret_id: the id alone, without the key that was pasted behind it," },
      "begins with AKID" },
    { { kind = "protocol", field = "max_response" }, "raise option max_response" },
    { { kind = "not_found", code = "ResourceNotFound.CosNotExist" }, "-APPID" },
    { { kind = "permission", code = "FailedOperation.MemberNotAuditRole" }, "audit role" },
    { { kind = "permission", code = "FailedOperation.MemberNotInOrganization" }, "organisation" },
    { { kind = "throttled", code = "RequestLimitExceeded.UinLimitExceeded" }, "20 requests" },
    { { kind = "tls", message = "SSL: unable to get local issuer certificate" }, "ca_file" },
    { { kind = "tls", message = "certificate has expired" }, "clock" },
    { { kind = "connect" }, "endpoint" },
    { { kind = "connect", message = "no descriptor was left for a connection" }, "ulimit -n" },
    { { kind = "connect", message = "Recv failure: SOCKS5 auth" }, "SOCKS" },
    { { kind = "dns", message = "Could not resolve proxy: x" }, "proxy's name" },
    { { kind = "dns", message = "Could not resolve host: x" }, "endpoint's name" },
    { { kind = "protocol", http_status = 407, message = "HTTP 407" }, "the proxy wants a user" },
    { { kind = "config", message = "ListAudits: proxy: expected" }, "%23" },
  } do
    it("for " .. (case[1].code or case[1].kind .. " " .. (case[1].message or "")) .. " names the remedy", function()
      assert.truthy(hint(case[1]):find(case[2], 1, true), hint(case[1]))
    end)
  end

  it("that comes with the failure is kept", function()
    assert.equal("mine", hint{ kind = "auth", code = "AuthFailure.SignatureExpire", hint = "mine" })
  end)

  it("is absent where none is known", function()
    assert.equal("", hint{ kind = "server", code = "InternalError" })
    assert.equal("", hint{ kind = "quota", code = "LimitExceeded.OverAmount", action = "DescribeEvents" })
  end)

  it("inside nginx names the directive that helps", function()
    for text, expected in pairs{ ["20: unable to get local issuer certificate"] = "ca-certificates.crt",
      ["18: self-signed certificate"] = "lua_ssl_trusted_certificate FILE", ["22: certificate chain too long"] =
      "lua_ssl_verify_depth", ["certificate host mismatch"] = "another name" } do
      assert.truthy(hints.in_nginx(text):find(expected, 1, true), text)
    end
    assert.is_nil(hints.in_nginx("connection reset by peer"))
  end)

  it("never suggests switching off a protection", function()
    for _, action in pairs(core.actions()) do
      for _, code in ipairs(action.error_codes) do
        assert.is_nil(hint{ kind = "server", code = code }:find("insecure"), code)
      end
    end
  end)
end)
