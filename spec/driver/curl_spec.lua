-- The libcurl driver against a server that misbehaves: what goes out, that nothing goes out twice, and
-- that `sent` never lies. What comes in: curl_answers_spec.lua.
local driver_rig = require "support.driver_rig"
local misbehave = require "support.misbehave"
local session = require "cloudaudit.session"

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

  describe("sends", function()
    it("exactly the given headers and body", function()
      local listener = rig.listen{ { "request", { "send", OK } } }
      rig.succeeds(rig.new(), rig.request(listener.url, "a\0b\r\n", {
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

    it("no header that libcurl adds: no content type, no Expect for a long body, no encoding", function()
      local listener = rig.listen{ { "request", { "send", OK } } }
      local long = ("x"):rep(3 * 1024 * 1024)
      rig.succeeds(rig.new(), rig.request(listener.url, long, {}))
      local bytes = listener:journal(true).connections[1].bytes
      local head, body = bytes:match("^(.-\r\n)\r\n(.*)$")
      assert.equal(#long, #body)
      assert.is_true(body == long)
      assert.is_nil(head:lower():find("content-type", 1, true))
      assert.is_nil(head:lower():find("expect", 1, true))
      assert.is_nil(head:lower():find("encoding", 1, true))
    end)

    it("GET without a body", function()
      local listener = rig.listen{ { "request", { "send", OK }, "request", { "send", OK } } }
      local made = rig.new()
      rig.succeeds(made, rig.request(listener.url))
      rig.succeeds(made, { method = "GET", url = listener.url .. "latest/meta-data/", headers = {}, body = "" })
      local bytes = listener:journal(true).connections[1].bytes
      assert.truthy(bytes:find("\r\n\r\n{}GET /latest/meta-data/ HTTP/1.1\r\n", 1, true))
      assert.is_nil(bytes:match("GET /.*Content%-Length"))
    end)

    it("nothing that could end a header early", function()
      local made = rig.new()
      for _, text in ipairs{ "a\r\nX-Evil: 1", "a\nb", "a\0b", "a\127" } do
        assert.has_error(function()
          made.exchange(rig.request("http://127.0.0.1:1/", "", { ["X-TC-Token"] = text }), 1)
        end, "request.headers.X-TC-Token: holds a control character")
      end
      for _, name in ipairs{ "", "a b", "a:b", "a\r\nb" } do
        assert.has_error(function()
          made.exchange(rig.request("http://127.0.0.1:1/", "", { [name] = "1" }), 1)
        end)
      end
      assert.has_error(function()
        made.exchange(rig.request("http://127.0.0.1:1/\r\n", ""), 1)
      end)
      assert.equal(0, made.async.step(0))
    end)

    it("to no scheme but http and https, and to no redirect", function()
      local info, message = rig.fails(rig.new(), rig.request("file:///etc/passwd"))
      assert.equal("config", info.kind)
      assert.is_false(info.sent)
      assert.truthy(message:lower():find("protocol", 1, true))
      local other = rig.listen{ { "request", { "send", OK } } }
      for _, status in ipairs{ 301, 302, 303, 307, 308 } do
        local listener = rig.listen{
          { "request", { "send", misbehave.response(status, "", { "Location: " .. other.url }) }, "request" },
        }
        local response = rig.succeeds(rig.new(), rig.request(listener.url))
        assert.equal(status, response.status)
        assert.equal(other.url, response.headers.location)
      end
      assert.equal(0, #other:journal().connections)
    end)

    it("through no proxy from the environment", function()
      local proxy = rig.listen{ { "request", { "send", OK } }, again = true }
      local listener = rig.listen{ { "request", { "send", OK } }, again = true }
      local environment = ("http_proxy='%s' https_proxy='%s' all_proxy='%s' ALL_PROXY='%s'"):format(
        proxy.url, proxy.url, proxy.url, proxy.url)
      assert.equal("200", rig.exchange_elsewhere(environment, "{}", listener.url))
      assert.equal(0, #proxy:journal().connections)
      assert.equal(1, listener:journal().requests)
      assert.equal("200", rig.exchange_elsewhere(environment, "{ proxy_from_env = true }", listener.url))
      assert.equal(1, proxy:journal().requests)
      assert.equal(1, listener:journal().requests)
    end)

    it("through the given proxy, even if no_proxy excludes it", function()
      local proxy = rig.listen{ { "request", { "send", OK } } }
      local options = ("{ proxy = \"%s\" }"):format(proxy.url)
      assert.equal("200", rig.exchange_elsewhere("no_proxy='*' NO_PROXY='*'", options, "http://service.invalid/"))
      assert.truthy(proxy:journal(true).connections[1].bytes:find("^POST http://service.invalid/ HTTP/1.1\r\n"))
    end)

    it("only the host's name to a proxy that opens a tunnel", function()
      local proxy = rig.listen{ { "request", { "send", misbehave.response(403, "") } } }
      local info = rig.fails(rig.new{ proxy = proxy.url }, rig.request("https://service.invalid/", "{}", {
        Authorization = "TC3 x", ["X-TC-Token"] = "y",
      }))
      assert.same({ kind = "connect", sent = false }, info)
      local bytes = proxy:journal(true).connections[1].bytes
      assert.truthy(bytes:find("^CONNECT service.invalid:443 HTTP/1.1\r\n"))
      assert.truthy(bytes:find("\r\nUser-Agent: cloudaudit/", 1, true))
      assert.is_nil(bytes:find("TC3 x", 1, true) or bytes:find("X-TC-Token", 1, true))
    end)
  end)

  describe("on a kept-alive connection", function()
    it("sends all calls through one", function()
      local listener = rig.listen{ { "request", { "send", OK }, "again" } }
      local made = rig.new()
      for _ = 1, 20 do
        rig.succeeds(made, rig.request(listener.url))
      end
      local journal = listener:journal()
      assert.equal(20, journal.requests)
      assert.equal(1, #journal.connections)
    end)

    for _, death in ipairs{ "rst", "fin", "cut" } do
      it("that dies by " .. death .. " after the second request was read, sends no third", function()
        local listener = rig.listen{
          { "request", { "send", OK }, "request", death },
          { "request", { "send", OK } }, again = true,
        }
        local made = rig.new()
        rig.succeeds(made, rig.request(listener.url))
        local info, message = rig.fails(made, rig.request(listener.url))
        assert.same({ kind = "transport", sent = true }, info)
        assert.truthy(message:find("wanted to send it again", 1, true))
        assert.equal(2, listener:journal().requests)
        rig.succeeds(made, rig.request(listener.url))
        assert.equal(3, listener:journal().requests)
      end)

      it("that dies by " .. death .. " over TLS, sends no third either", function()
        local listener = rig.listen{
          { "tls", "request", { "send", OK }, "request", death },
          { "tls", "request", { "send", OK } }, tls = rig.certificate,
        }
        local made = rig.new{ ca_file = rig.authority.ca_file }
        rig.succeeds(made, rig.request(listener.url))
        local info = rig.fails(made, rig.request(listener.url))
        assert.same({ kind = "transport", sent = true }, info)
        assert.equal(2, listener:journal().requests)
      end)
    end

    -- Calls, lets the connection rest until `over` says so of the journal's first one, and calls again.
    local function call_twice(order, over)
      local listener = rig.listen(order)
      local made = rig.new{ ca_file = rig.authority.ca_file }
      rig.succeeds(made, rig.request(listener.url))
      repeat
        local connection = listener:journal().connections[1]
      until over(connection)
      local response = rig.succeeds(made, rig.request(listener.url))
      local journal = listener:journal()
      assert.equal(2, journal.requests)
      assert.equal(2, #journal.connections)
      return response
    end

    local function is_closed(connection)
      return connection["end"] ~= "open"
    end

    it("that was closed while idle, opens a new one without a failure", function()
      call_twice({ { "request", { "send", OK }, "cut" }, { "request", { "send", OK } } }, is_closed)
      -- TLS says farewell before it closes, so that there is something to read.
      call_twice({ { "tls", "request", { "send", OK }, "fin", { "wait", 0.01 }, "cut" },
        { "tls", "request", { "send", OK } }, tls = rig.certificate }, is_closed)
    end)

    it("that holds unexpected bytes, does not take them for a response", function()
      local stray = misbehave.response(200, "stray")
      for _, tls in ipairs{ false, true } do
        local first = { "request", { "send", OK }, { "wait", 0.01 }, { "send", stray }, "stall" }
        local second = { "request", { "send", OK } }
        if tls then
          table.insert(first, 1, "tls")
          table.insert(second, 1, "tls")
        end
        local response = call_twice({ first, second, tls = tls and rig.certificate or nil }, function(connection)
          return connection.sent == #OK + #stray
        end)
        assert.equal("{}", response.body)
      end
    end)
  end)

  describe("says that nothing was sent", function()
    it("when the port is closed", function()
      local listener = rig.listen{ {} }
      listener:close()
      assert.same({ kind = "connect", sent = false }, (rig.fails(rig.new(), rig.request(listener.url))))
    end)

    it("when the name does not exist", function()
      assert.same({ kind = "dns", sent = false }, (rig.fails(rig.new(), rig.request("http://no-such-host.invalid/"))))
    end)

    it("when the connection is reset before TLS is done", function()
      -- Behind the first bytes of the handshake: a reset any earlier may still count as connecting.
      local listener = rig.listen{ { { "read", 5 }, "rst" } }
      local info = rig.fails(rig.new(), rig.request((listener.url:gsub("^http:", "https:"))))
      assert.equal("tls", info.kind)
      assert.is_false(info.sent)
    end)

    it("when a proxy refuses", function()
      local proxy = rig.listen{ { "request", { "send", "HTTP/1.1 407 No\r\nContent-Length: 0\r\n\r\n" }, "fin" } }
      local info = rig.fails(rig.new{ proxy = proxy.url }, rig.request("https://service.invalid/", "secret body", {
        Authorization = "secret header",
      }))
      assert.same({ kind = "config", sent = false, field = "proxy" }, info)
      assert.is_nil(proxy:journal(true).connections[1].bytes:find("secret", 1, true))
    end)

    it("when no time is left", function()
      assert.same({ kind = "timeout", sent = false }, (rig.fails(rig.new(), rig.request("http://127.0.0.1:1/"), 0)))
    end)
  end)

  it("loads libcurl at the first exchange only, and runs in a coroutine through async", function()
    local loaded = package.loaded["cloudaudit.curl"]
    package.loaded["cloudaudit.curl"] = nil
    finally(function()
      package.loaded["cloudaudit.curl"] = loaded
    end)
    local made = rig.new()
    assert.equal(0, made.async.step(0))
    assert.same({}, (made.async.fds()))
    assert.is_nil(package.loaded["cloudaudit.curl"])
    local listener = rig.listen{ { "request", { "send", OK } }, again = true }
    local silent = rig.listen{ { "request", "stall" }, again = true }
    for _ = 1, 3 do
      coroutine.wrap(function()
        made.async.exchange(rig.request(silent.url), 60, coroutine.yield)
      end)()
    end
    assert.equal(3, made.async.step(0))
    assert.equal(200, rig.succeeds(made, rig.request(listener.url)).status)
    made.close()
    made.close()
    assert.same({ kind = "closed", sent = false }, (rig.fails(made, rig.request(listener.url))))
  end)

  it("is closed with its client", function()
    local made = session.new{ secret_id = "AKIDEXAMPLE", secret_key = "example", env = false, retries = 0,
      endpoint = "http://127.0.0.1:1" }
    session.call(made, "ListAudits")
    local curl = made.drivers.curl
    session.close(made)
    assert.same({ kind = "closed", sent = false }, (rig.fails(curl, rig.request("http://127.0.0.1:1/"))))
  end)
end)
