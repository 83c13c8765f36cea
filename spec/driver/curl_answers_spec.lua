-- The libcurl driver and what a server gives it: certificates, bodies, heads, and time. No answer is better
-- than it looks, and none comes later than asked.
local certificates = require "support.certificates"
local cloudaudit = require "cloudaudit"
local driver_answers = require "support.driver_answers"
local driver_rig = require "support.driver_rig"
local misbehave = require "support.misbehave"

local OK = misbehave.response(200, "{}")

describe("the libcurl driver", function()
  local rig

  setup(function()
    rig = driver_rig.start()
  end)

  teardown(function()
    rig.stop()
  end)

  after_each(function()
    rig.clean()
  end)

  it("takes max_response from the client, and names it when a body is longer", function()
    local body = '{"Response":{"Value":"' .. ("x"):rep(1024 * 1024) .. '","RequestId":"r"}}'
    local listener = rig.listen{ { "request", { "send", misbehave.response(200, body) } }, again = true }
    local function call(max_response)
      local client = cloudaudit.new{ endpoint = listener.url:gsub("/$", ""), secret_id = "AKIDEXAMPLE",
        secret_key = "key", env = false, max_response = max_response }
      local response, message, err = client:GetAttributeKey()
      client:close()
      return response, message, err
    end
    assert.equal(1024 * 1024, #assert(call()).Value)
    local _, message, err = call(1024)
    assert.same({ "protocol", "max_response", false }, { err.kind, err.field, err.retryable })
    assert.truthy(message:find("longer than max_response (1024 bytes)", 1, true), message)
    assert.truthy(err.hint:find("max_response", 1, true))
  end)

  describe("trusts no server", function()
    local function refused(listener, options)
      local info, message = rig.fails(rig.new(options), rig.request(listener.url))
      assert.same({ kind = "tls", sent = false }, info)
      assert.equal(0, listener:journal().requests)
      return message
    end

    local function serve(tls)
      return rig.listen{ { "tls", "request", { "send", OK } }, tls = tls, again = true }
    end

    it("whose CA it does not know, and names ca_file", function()
      assert.truthy(refused(serve(rig.certificate)):find("ca_file", 1, true))
      local stranger = certificates.authority()
      finally(stranger.remove)
      assert.truthy(refused(serve(rig.certificate), { ca_file = stranger.ca_file }):find("ca_file", 1, true))
    end)

    it("whose CA was taken out of ca_file, from the next exchange on, and follows the new one", function()
      local other = certificates.authority()
      local path = os.tmpname()
      finally(function()
        other.remove()
        os.remove(path)
      end)
      local function replace(by)
        assert.is_truthy(os.execute(("cp %s %s.new && mv %s.new %s"):format(by, path, path, path)))
      end
      local listeners = { serve(rig.certificate), serve(other.make("IP:127.0.0.1")) }
      local made = rig.new{ ca_file = path }
      for turn, ca in ipairs{ rig.authority.ca_file, other.ca_file, rig.authority.ca_file, other.ca_file } do
        replace(ca)
        local trusted, withdrawn = listeners[2 - turn % 2], listeners[1 + turn % 2]
        for _ = 1, 2 do
          assert.equal(200, rig.succeeds(made, rig.request(trusted.url)).status)
          assert.same({ kind = "tls", sent = false }, (rig.fails(made, rig.request(withdrawn.url))))
        end
      end
    end)

    it("whose rig.certificate has expired", function()
      local expired = rig.authority.make("IP:127.0.0.1", -1)
      assert.truthy(refused(serve(expired), { ca_file = rig.authority.ca_file }):find("expired", 1, true))
    end)

    it("whose rig.certificate is for another host", function()
      local other = rig.authority.make("DNS:other.example,IP:127.0.0.2")
      refused(serve(other), { ca_file = rig.authority.ca_file })
    end)

    it("that speaks less than TLS 1.2", function()
      local old = { cert = rig.certificate.cert, key = rig.certificate.key, min = "TLSv1", max = "TLSv1.1" }
      refused(serve(old), { ca_file = rig.authority.ca_file })
      -- Where OpenSSL is told to allow it, too: then nothing but our own minimum stands in the way.
      local lax = os.tmpname()
      local file = assert(io.open(lax, "w"))
      file:write("openssl_conf = a\n[a]\nssl_conf = b\n[b]\nsystem_default = c\n",
        "[c]\nMinProtocol = TLSv1\nCipherString = ALL:@SECLEVEL=0\n")
      file:close()
      local options = ("{ ca_file = \"%s\" }"):format(rig.authority.ca_file)
      local answer = rig.exchange_elsewhere("OPENSSL_CONF=" .. lax, options, serve(old).url)
      os.remove(lax)
      assert.is_nil(tonumber(answer), answer)
      assert.truthy(answer:lower():find("alert protocol version", 1, true), answer)
    end)

    it("when the CA file is not there", function()
      local message = refused(serve(rig.certificate), { ca_file = "/no/such/file.pem" })
      assert.truthy(message:find("/no/such/file.pem", 1, true))
    end)

    it("but the right one", function()
      for _, version in ipairs{ "TLSv1.2", "TLSv1.3" } do
        local listener = serve{ cert = rig.certificate.cert, key = rig.certificate.key, min = version, max = version }
        rig.succeeds(rig.new{ ca_file = rig.authority.ca_file }, rig.request(listener.url))
        assert.equal(version, listener:journal().connections[1].protocol)
        assert.equal("http/1.1", listener:journal().connections[1].application)
      end
    end)
  end)

  driver_answers(it, function()
    return rig
  end)

  it("refuses a response that is not HTTP/1.1", function()
    for _, text in ipairs{ "hello, this is HTTP/0.9", "{}", "HTTP/9.9 200 OK\r\n\r\n", "HTTP/1.1 OK\r\n\r\n",
      "HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\n" } do
      local listener = rig.listen{ { "request", { "send", text }, "fin" } }
      local info = rig.fails(rig.new(), rig.request(listener.url))
      assert.is_true(info.sent)
      assert.is_true(info.kind == "protocol" or info.kind == "transport", info.kind)
    end
  end)

  describe("ends by its deadline", function()
    local TIMEOUT = 0.3

    local function late(script, sent, options, body)
      script.tls = options and options.ca_file and rig.certificate
      local listener = rig.listen{ script, tls = script.tls or nil }
      local info = rig.fails(rig.new(options), rig.request(listener.url, body), TIMEOUT)
      assert.same({ kind = "timeout", sent = sent }, info)
    end

    it("in the TLS handshake", function()
      late({ "stall" }, false, { ca_file = rig.authority.ca_file })
    end)

    it("while the request is written", function()
      late({ "pause", "stall" }, true, nil, ("x"):rep(8 * 1024 * 1024))
    end)

    it("before the first byte of a response over TLS", function()
      late({ "tls", "request", "stall" }, true, { ca_file = rig.authority.ca_file })
    end)
  end)
end)
