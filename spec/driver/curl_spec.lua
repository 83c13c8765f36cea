-- The libcurl driver against a server that misbehaves: nothing goes out twice, `sent` never lies, and no
-- answer is better than it looks.
local certificates = require "support.certificates"
local curl = require "cloudaudit.curl"
local driver = require "cloudaudit.driver.curl"
local misbehave = require "support.misbehave"

local OK = misbehave.response(200, "{}")
local LATE = 0.1

local function request(url, body, headers)
  return {
    method = "POST", url = url, body = body or "{}",
    headers = headers or { ["Content-Type"] = "application/json" },
  }
end

describe("the libcurl driver", function()
  local server, authority, certificate, opened, drivers

  setup(function()
    server = misbehave.start()
    authority = certificates.authority()
    certificate = authority.make("IP:127.0.0.1,DNS:localhost")
  end)

  teardown(function()
    server:stop()
    authority.remove()
  end)

  before_each(function()
    opened, drivers = {}, {}
  end)

  after_each(function()
    for _, made in ipairs(drivers) do
      made.close()
    end
    for _, listener in ipairs(opened) do
      listener:close()
    end
  end)

  local function listen(order)
    local listener = server:listen(order)
    opened[#opened + 1] = listener
    return listener
  end

  local function new(options)
    local made = driver.new(options)
    drivers[#drivers + 1] = made
    return made
  end

  -- Answers and stays within its deadline.
  local function fails(made, order, timeout)
    local before = made.now()
    local response, message, info = made.exchange(order, timeout or 5)
    local elapsed = made.now() - before
    assert.is_nil(response)
    assert.is_string(message)
    assert.is_nil(message:find("[%c]"))
    assert.is_true(elapsed < (timeout or 5) + LATE, "took " .. elapsed)
    return info, message
  end

  local function succeeds(made, order, timeout)
    local response, message = made.exchange(order, timeout or 5)
    assert(response, message)
    return response
  end

  describe("sends", function()
    it("exactly the headers and the body it is given", function()
      local listener = listen{ { "request", { "send", OK } } }
      succeeds(new(), request(listener.url, "a\0b\r\n", {
        ["Content-Type"] = "application/json; charset=utf-8", Authorization = "TC3 x", Host = "other.example:1",
        ["X-Empty"] = "",
      }))
      local lines = {}
      local head, body = listener:journal(true).connections[1].bytes:match("^(.-\r\n)\r\n(.*)$")
      for line in head:gmatch("(.-)\r\n") do
        lines[#lines + 1] = line
      end
      assert.equal("POST / HTTP/1.1", table.remove(lines, 1))
      table.sort(lines)
      assert.same({
        "Accept: */*", "Authorization: TC3 x", "Content-Length: 5", "Content-Type: application/json; charset=utf-8",
        "Host: other.example:1", "User-Agent: cloudaudit/0.1.0", "X-Empty:",
      }, lines)
      assert.equal("a\0b\r\n", body)
    end)

    it("no header of libcurl's own making: no content type, no Expect for a long body, no encoding", function()
      local listener = listen{ { "request", { "send", OK } } }
      local long = ("x"):rep(3 * 1024 * 1024)
      succeeds(new(), request(listener.url, long, {}))
      local bytes = listener:journal(true).connections[1].bytes
      local head, body = bytes:match("^(.-\r\n)\r\n(.*)$")
      assert.equal(#long, #body)
      assert.is_true(body == long)
      assert.is_nil(head:lower():find("content-type", 1, true))
      assert.is_nil(head:lower():find("expect", 1, true))
      assert.is_nil(head:lower():find("encoding", 1, true))
    end)

    it("GET without a body", function()
      local listener = listen{ { "request", { "send", OK }, "request", { "send", OK } } }
      local made = new()
      succeeds(made, request(listener.url))
      succeeds(made, { method = "GET", url = listener.url .. "latest/meta-data/", headers = {}, body = "" })
      local bytes = listener:journal(true).connections[1].bytes
      assert.truthy(bytes:find("\r\n\r\n{}GET /latest/meta-data/ HTTP/1.1\r\n", 1, true))
      assert.is_nil(bytes:match("GET /.*Content%-Length"))
    end)

    it("nothing that could end a header early", function()
      local made = new()
      for _, text in ipairs{ "a\r\nX-Evil: 1", "a\nb", "a\0b", "a\127" } do
        assert.has_error(function()
          made.exchange(request("http://127.0.0.1:1/", "", { ["X-TC-Token"] = text }), 1)
        end, "request.headers.X-TC-Token: holds a control character")
      end
      for _, name in ipairs{ "", "a b", "a:b", "a\r\nb" } do
        assert.has_error(function()
          made.exchange(request("http://127.0.0.1:1/", "", { [name] = "1" }), 1)
        end)
      end
      assert.has_error(function()
        made.exchange(request("http://127.0.0.1:1/\r\n", ""), 1)
      end)
      assert.equal(0, made.pending())
    end)

    it("to no scheme but http and https, and to no redirect", function()
      local info, message = fails(new(), request("file:///etc/passwd"))
      assert.equal("config", info.kind)
      assert.is_false(info.sent)
      assert.truthy(message:lower():find("protocol", 1, true))
      local other = listen{ { "request", { "send", OK } } }
      for _, status in ipairs{ 301, 302, 303, 307, 308 } do
        local listener = listen{
          { "request", { "send", misbehave.response(status, "", { "Location: " .. other.url }) }, "request" },
        }
        local response = succeeds(new(), request(listener.url))
        assert.equal(status, response.status)
        assert.equal(other.url, response.headers.location)
      end
      assert.equal(0, #other:journal().connections)
    end)

    it("to no proxy that the environment names", function()
      local proxy = listen{ { "request", { "send", OK } }, again = true }
      local listener = listen{ { "request", { "send", OK } }, again = true }
      local environment = ("http_proxy='%s' https_proxy='%s' all_proxy='%s' ALL_PROXY='%s'"):format(
        proxy.url, proxy.url, proxy.url, proxy.url)
      local interpreter = arg and arg[-1] or "lua"
      for index = -1, -10, -1 do
        interpreter = arg and arg[index] or interpreter
      end
      local function call(options)
        local program = ([[
          local made = require("cloudaudit.driver.curl").new(%s)
          local response, message = made.exchange({ method = "POST", url = "%s", headers = {}, body = "" }, 5)
          print(response and response.status or message)]]):format(options, listener.url)
        local pipe = io.popen(("%s '%s' -e '%s'"):format(environment, interpreter, program))
        local output = pipe:read("*a")
        pipe:close()
        return output
      end
      assert.equal("200\n", call("{}"))
      assert.equal(0, #proxy:journal().connections)
      assert.equal(1, listener:journal().requests)
      assert.equal("200\n", call("{ proxy_from_env = true }"))
      assert.equal(1, proxy:journal().requests)
      assert.equal(1, listener:journal().requests)
    end)

    it("through the proxy it is given, whatever no_proxy says", function()
      local proxy = listen{ { "request", { "send", OK } } }
      succeeds(new{ proxy = proxy.url }, request("http://service.invalid/"))
      assert.truthy(proxy:journal(true).connections[1].bytes:find("^POST http://service.invalid/ HTTP/1.1\r\n"))
    end)
  end)

  describe("on a kept-alive connection", function()
    it("sends all calls through one", function()
      local listener = listen{ { "request", { "send", OK }, "again" } }
      local made = new()
      for _ = 1, 20 do
        succeeds(made, request(listener.url))
      end
      local journal = listener:journal()
      assert.equal(20, journal.requests)
      assert.equal(1, #journal.connections)
    end)

    for _, death in ipairs{ "rst", "fin", "cut" } do
      it("that dies by " .. death .. " after the second request was read, sends no third", function()
        local listener = listen{
          { "request", { "send", OK }, "request", death },
          { "request", { "send", OK } }, again = true,
        }
        local made = new()
        succeeds(made, request(listener.url))
        local info, message = fails(made, request(listener.url))
        assert.same({ kind = "transport", sent = true }, info)
        assert.truthy(message:find("wanted to send it again", 1, true))
        assert.equal(2, listener:journal().requests)
        succeeds(made, request(listener.url))
        assert.equal(3, listener:journal().requests)
      end)

      it("that dies by " .. death .. " over TLS, sends no third either", function()
        local listener = listen{
          { "tls", "request", { "send", OK }, "request", death },
          { "tls", "request", { "send", OK } }, tls = certificate,
        }
        local made = new{ ca_file = authority.ca_file }
        succeeds(made, request(listener.url))
        local info = fails(made, request(listener.url))
        assert.same({ kind = "transport", sent = true }, info)
        assert.equal(2, listener:journal().requests)
      end)
    end

    it("that was closed while idle, opens a new one without a failure", function()
      local listener = listen{ { "request", { "send", OK }, "cut" }, { "request", { "send", OK } } }
      local made = new()
      succeeds(made, request(listener.url))
      repeat
        local ended = listener:journal().connections[1]["end"]
      until ended ~= "open"
      succeeds(made, request(listener.url))
      local journal = listener:journal()
      assert.equal(2, journal.requests)
      assert.equal(2, #journal.connections)
    end)
  end)

  describe("says that nothing was sent", function()
    it("when the port is closed", function()
      local listener = listen{ {} }
      listener:close()
      assert.same({ kind = "connect", sent = false }, (fails(new(), request(listener.url))))
    end)

    it("when the name does not exist", function()
      assert.same({ kind = "dns", sent = false }, (fails(new(), request("http://no-such-host.invalid/"))))
    end)

    it("when the connection is reset before TLS is done", function()
      -- Behind the first bytes of the handshake: a reset any earlier may still count as connecting.
      local listener = listen{ { { "read", 5 }, "rst" } }
      local info = fails(new(), request((listener.url:gsub("^http:", "https:"))))
      assert.equal("tls", info.kind)
      assert.is_false(info.sent)
    end)

    it("when a proxy refuses", function()
      local proxy = listen{ { "request", { "send", "HTTP/1.1 407 No\r\nContent-Length: 0\r\n\r\n" }, "fin" } }
      local info = fails(new{ proxy = proxy.url }, request("https://service.invalid/", "secret body", {
        Authorization = "secret header",
      }))
      assert.same({ kind = "connect", sent = false }, info)
      assert.is_nil(proxy:journal(true).connections[1].bytes:find("secret", 1, true))
    end)

    it("when no time is left", function()
      assert.same({ kind = "timeout", sent = false }, (fails(new(), request("http://127.0.0.1:1/"), 0)))
    end)
  end)

  describe("trusts no server", function()
    local function refused(listener, options)
      local info, message = fails(new(options), request(listener.url))
      assert.same({ kind = "tls", sent = false }, info)
      assert.equal(0, listener:journal().requests)
      return message
    end

    local function serve(tls)
      return listen{ { "tls", "request", { "send", OK } }, tls = tls, again = true }
    end

    it("whose CA it does not know, and names ca_file", function()
      assert.truthy(refused(serve(certificate)):find("ca_file", 1, true))
      local stranger = certificates.authority()
      finally(stranger.remove)
      assert.truthy(refused(serve(certificate), { ca_file = stranger.ca_file }):find("ca_file", 1, true))
    end)

    it("whose certificate has expired", function()
      local expired = authority.make("IP:127.0.0.1", -1)
      assert.truthy(refused(serve(expired), { ca_file = authority.ca_file }):find("expired", 1, true))
    end)

    it("whose certificate is for another host", function()
      local other = authority.make("DNS:other.example,IP:127.0.0.2")
      refused(serve(other), { ca_file = authority.ca_file })
    end)

    it("that speaks less than TLS 1.2", function()
      local old = { cert = certificate.cert, key = certificate.key, min = "TLSv1", max = "TLSv1.1" }
      refused(serve(old), { ca_file = authority.ca_file })
    end)

    it("when the CA file is not there", function()
      local message = refused(serve(certificate), { ca_file = "/no/such/file.pem" })
      assert.truthy(message:find("/no/such/file.pem", 1, true))
    end)

    it("but the right one", function()
      for _, version in ipairs{ "TLSv1.2", "TLSv1.3" } do
        local listener = serve{ cert = certificate.cert, key = certificate.key, min = version, max = version }
        succeeds(new{ ca_file = authority.ca_file }, request(listener.url))
        assert.equal(version, listener:journal().connections[1].protocol)
      end
    end)
  end)

  describe("refuses", function()
    local function refuses(kind, script, options)
      local listener = listen{ script }
      local info, message = fails(new(options), request(listener.url))
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
      local listener = listen{ { "request", { "send", whole } } }
      assert.equal(1000, #succeeds(new(limit), request(listener.url)).body)
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
      local listener = listen{ { "request", { "send", plain } } }
      assert.equal("{}", succeeds(new(), request(listener.url)).body)
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
        local listener = listen{ { "request", { "send", text }, "fin" } }
        local info = fails(new(), request(listener.url))
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
    local listener = listen{ { "request", { "send", "HTTP/1.1 100 Continue\r\nDate: interim\r\n\r\n"
      .. "HTTP/1.1 200 OK\r\nDate: final\r\nX-Two: a\r\nx-two:b \r\nTransfer-Encoding: chunked\r\n\r\n"
      .. "2\r\n{}\r\n0\r\nDate: trailer\r\n\r\n" } } }
    local response = succeeds(new(), request(listener.url))
    assert.same({
      status = 200, body = "{}",
      headers = { date = "final", ["x-two"] = "a, b", ["transfer-encoding"] = "chunked" },
    }, response)
  end)

  describe("ends by its deadline", function()
    local TIMEOUT = 0.3

    local function late(script, sent, options, body)
      script.tls = options and options.ca_file and certificate
      local listener = listen{ script, tls = script.tls or nil }
      local info = fails(new(options), request(listener.url, body), TIMEOUT)
      assert.same({ kind = "timeout", sent = sent }, info)
    end

    it("in the TLS handshake", function()
      late({ "stall" }, false, { ca_file = authority.ca_file })
    end)

    it("while the request is written", function()
      late({ "pause", "stall" }, true, nil, ("x"):rep(8 * 1024 * 1024))
    end)

    it("before the first byte of the answer", function()
      late({ "request", "stall" }, true)
      late({ "tls", "request", "stall" }, true, { ca_file = authority.ca_file })
    end)

    it("within the head and within the body", function()
      late({ "request", { "send", "HTTP/1.1 200 OK\r\nX-A" }, "stall" }, true)
      late({ "request", { "send", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{}" }, "stall" }, true)
    end)

    it("when bytes come in drips", function()
      late({ "request", { "drip", misbehave.response(200, ("x"):rep(100)), 0.02 } }, true)
    end)
  end)

  describe("as transports and transfers", function()
    it("moves many at once, and closes in any order", function()
      local listener = listen{ { "request", { "send", OK }, "again" }, again = true }
      local transport = curl.new{}
      local transfers = {}
      for i = 1, 16 do
        transfers[i] = transport:start(request(listener.url), 5)
      end
      assert.equal(16, transport:pending())
      while transport:step(1) > 0 do
        assert.is_true(#transport:fds() > 0)
      end
      for _, transfer in ipairs(transfers) do
        assert.is_true(transfer:done())
        assert.equal(200, transfer:result().status)
        transfer:close()
        transfer:close()
      end
      assert.same({}, (transport:fds()))
      assert.is_nil(select(2, transport:fds()))
      transport:close()
      transport:close()
      assert.equal(16, listener:journal().requests)
    end)

    it("step(0) does not wait, and fds say what to wait for", function()
      local listener = listen{ { "request", "stall" } }
      local transport = curl.new{}
      local transfer = transport:start(request(listener.url), 5)
      local started, slowest = curl.monotonic(), 0
      while listener:journal().requests == 0 do
        local before = curl.monotonic()
        assert.equal(1, transport:step(0))
        slowest = math.max(slowest, curl.monotonic() - before)
      end
      assert.is_true(slowest < 0.1, "took " .. slowest)
      local fds, seconds = transport:fds()
      assert.equal(1, #fds)
      assert.is_true(fds[1].fd > 2)
      assert.is_true(fds[1].read)
      assert.is_true(seconds > 0 and seconds <= 5.1 - (curl.monotonic() - started))
      transfer:close()
      assert.equal(0, transport:pending())
      assert.same({}, (transport:fds()))
      transport:close()
    end)

    it("ends a transfer whose transport is closed first", function()
      local listener = listen{ { "request", "stall" } }
      local transport = curl.new{}
      local transfer = transport:start(request(listener.url), 5)
      while listener:journal().requests == 0 do
        transport:step(0.01)
      end
      transport:close()
      assert.is_true(transfer:done())
      local response, _, info = transfer:result()
      assert.is_nil(response)
      assert.same({ kind = "closed", sent = true }, info)
      transfer:close()
      assert.has_error(function()
        transfer:result()
      end, "this transfer is closed")
      assert.has_error(function()
        transport:step(0)
      end, "this transport is closed")
    end)

    it("survives the collector in any order", function()
      local listener = listen{ { "request", { "send", OK }, "again" }, again = true }
      for round = 1, 20 do
        local held = { transport = curl.new{} }
        for i = 1, 5 do
          held[i] = held.transport:start(request(listener.url), 5)
        end
        if round % 2 == 0 then
          held.transport:step(0.01)
        end
        if round % 3 == 0 then
          held.transport = nil
          collectgarbage()
          assert.is_true(held[1]:done())
        end
        for name in pairs(held) do
          held[name] = nil
        end
        collectgarbage()
        collectgarbage()
      end
    end)

    it("raises for misuse and stays usable", function()
      local transport = curl.new{}
      assert.has_error(function()
        curl.new{ ca_file = 1 }
      end, "ca_file: string expected, got number")
      assert.has_error(function()
        curl.new{ connect_timeout = -1 }
      end, "connect_timeout: not a positive number")
      assert.has_error(function()
        transport:start({}, 1)
      end, "request.method: string expected")
      assert.has_error(function()
        transport:start({ method = "PUT", url = "http://127.0.0.1/", body = "", headers = {} }, 1)
      end, "request.method: neither POST nor GET")
      assert.has_error(function()
        transport:start({ method = "POST", url = "http://127.0.0.1/", body = "", headers = { a = 1 } }, 1)
      end)
      local listener = listen{ { "request", { "send", OK } } }
      local transfer = transport:start(request(listener.url), 5)
      assert.has_error(function()
        transfer:result()
      end, "this transfer is still under way")
      while not transfer:done() do
        transport:step(1)
      end
      assert.equal(200, transfer:result().status)
      transport:close()
    end)
  end)

  it("loads libcurl at the first exchange only, and runs in a coroutine through async", function()
    local loaded = package.loaded["cloudaudit.curl"]
    package.loaded["cloudaudit.curl"] = nil
    finally(function()
      package.loaded["cloudaudit.curl"] = loaded
    end)
    local made = new()
    assert.equal(0, made.step(0))
    assert.equal(0, made.pending())
    assert.same({}, made.fds())
    assert.is_nil(package.loaded["cloudaudit.curl"])
    local listener = listen{ { "request", { "send", OK } }, again = true }
    local statuses = {}
    for i = 1, 3 do
      coroutine.wrap(function()
        statuses[i] = made.async.exchange(request(listener.url), 5).status
      end)()
    end
    assert.equal(3, made.pending())
    assert.same({}, statuses)
    assert.equal(200, succeeds(made, request(listener.url)).status)
    made.close()
    made.close()
    assert.same({ kind = "closed", sent = false }, (fails(made, request(listener.url))))
  end)
end)
