-- The libcurl driver and what a server gives it: certificates, bodies, heads, and time. No answer is better
-- than it looks, and none comes later than asked.
local certificates = require "support.certificates"
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

  describe("refuses", function()
    local function refuses(kind, script, options)
      local listener = rig.listen{ script }
      local info, message = rig.fails(rig.new(options), rig.request(listener.url))
      assert.same({ kind = kind, sent = true }, info)
      return message
    end
    local HEAD = "HTTP/1.1 200 OK\r\n"

    it("a body longer than allowed, announced or not", function()
      local limit = { max_response = 1000 }
      local big = misbehave.response(200, ("x"):rep(1001))
      local message = refuses("protocol", { "request", { "send", big } }, limit)
      assert.equal("the body of the response is longer than allowed", message)
      refuses("protocol", { "request", { "send", HEAD .. "\r\n" }, { "flood", ("x"):rep(500) } }, limit)
      local chunk = "1f4\r\n" .. ("x"):rep(500) .. "\r\n"
      local chunked = HEAD .. "Transfer-Encoding: chunked\r\n\r\n"
      refuses("protocol", { "request", { "send", chunked }, { "flood", chunk } }, limit)
      local whole = misbehave.response(200, ("x"):rep(1000))
      local listener = rig.listen{ { "request", { "send", whole } } }
      assert.equal(1000, #rig.succeeds(rig.new(limit), rig.request(listener.url)).body)
    end)

    it("headers without an end, in one head or in many", function()
      refuses("protocol", { "request", { "send", HEAD }, { "flood", "X-A: " .. ("x"):rep(1000) .. "\r\n" } })
      refuses("protocol", { "request", { "flood", "HTTP/1.1 102 Processing\r\nX-A: x\r\n\r\n" } })
    end)

    it("a content encoding that nobody asked for, and transfer encodings but chunked", function()
      for _, line in ipairs{ "Content-Encoding: gzip", "content-encoding:br", "CONTENT-ENCODING:  zstd  ",
        "Transfer-Encoding: gzip, chunked", "Transfer-Encoding: gzip" } do
        refuses("protocol", { "request", { "send", misbehave.response(200, "{}", { line }) } })
      end
      local plain = misbehave.response(200, "{}", { "Content-Encoding: Identity" })
      local listener = rig.listen{ { "request", { "send", plain } } }
      assert.equal("{}", rig.succeeds(rig.new(), rig.request(listener.url)).body)
    end)

    it("a body that was cut short", function()
      for _, ending in ipairs{ "fin", "rst" } do
        refuses("transport", { "request", { "send", HEAD .. "Content-Length: 10\r\n\r\n{}" }, ending })
        refuses("transport", { "request", { "send", HEAD .. "Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n" }, ending })
      end
    end)

    it("an answer that is no HTTP/1.1", function()
      for _, text in ipairs{ "hello, this is HTTP/0.9", "{}", "HTTP/9.9 200 OK\r\n\r\n", "HTTP/1.1 OK\r\n\r\n",
        "HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\n" } do
        local listener = rig.listen{ { "request", { "send", text }, "fin" } }
        local info = rig.fails(rig.new(), rig.request(listener.url))
        assert.is_true(info.sent)
        assert.is_true(info.kind == "protocol" or info.kind == "transport", info.kind)
      end
    end)

    it("a connection that closes without a word", function()
      refuses("transport", { "request", "fin" })
      refuses("transport", { "request", "rst" })
      refuses("transport", { "request", { "send", "HTTP/1.1 2" }, "fin" })
    end)
  end)

  it("drops interim heads and trailers, joins repeated headers, and keeps what is final", function()
    local listener = rig.listen{ { "request", { "send", "HTTP/1.1 100 Continue\r\nDate: interim\r\n\r\n"
      .. "HTTP/1.1 200 OK\r\nDate: final\r\nX-Two: a\r\nx-two:b \r\nTransfer-Encoding: chunked\r\n\r\n"
      .. "2\r\n{}\r\n0\r\nDate: trailer\r\n\r\n" } } }
    local response = rig.succeeds(rig.new(), rig.request(listener.url))
    assert.same({
      status = 200, body = "{}",
      headers = { date = "final", ["x-two"] = "a, b", ["transfer-encoding"] = "chunked" },
    }, response)
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

    it("before the first byte of the answer", function()
      late({ "request", "stall" }, true)
      late({ "tls", "request", "stall" }, true, { ca_file = rig.authority.ca_file })
    end)

    it("within the head and within the body", function()
      late({ "request", { "send", "HTTP/1.1 200 OK\r\nX-A" }, "stall" }, true)
      late({ "request", { "send", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{}" }, "stall" }, true)
    end)

    it("when bytes come in drips", function()
      late({ "request", { "drip", misbehave.response(200, ("x"):rep(100)), 0.02 } }, true)
    end)
  end)
end)
