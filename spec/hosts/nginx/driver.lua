-- The cosocket driver against a server that misbehaves; run inside nginx. What goes out, that nothing goes out twice,
-- and that `sent` never lies. What comes in: answers.lua.
local core = require "cloudaudit.core"
local cosocket = require "cloudaudit.driver.nginx.connection"
local cosockets = require "cloudaudit.driver.nginx"
local driver_rig = require "support.driver_rig"
local misbehave = require "support.misbehave"
local trusted = require "hosts.nginx.trusted"

local OK = misbehave.response(200, "{}")

describe("the nginx driver", function()
  local rig

  setup(function()
    rig = driver_rig.start(cosockets)
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
        "Host: other.example:1", "User-Agent: cloudaudit/" .. require("cloudaudit.core").version, "X-Empty: ",
      }, lines)
      assert.equal("a\0b\r\n", body)
    end)

    it("a complete long body", function()
      local listener = rig.listen{ { "request", { "send", OK } } }
      local long = ("x"):rep(3 * 1024 * 1024) .. "y"
      rig.succeeds(rig.new(), rig.request(listener.url, long, {}))
      local _, body = listener:journal(true).connections[1].bytes:match("^(.-\r\n)\r\n(.*)$")
      assert.is_true(body == long)
    end)

    it("GET without a body", function()
      local listener = rig.listen{ { "request", { "send", OK } } }
      rig.succeeds(rig.new(), { method = "GET", url = listener.url .. "latest/", headers = {}, body = "" })
      local bytes = listener:journal(true).connections[1].bytes
      assert.truthy(bytes:find("^GET /latest/ HTTP/1.1\r\n"))
      assert.is_nil(bytes:find("Content-Length", 1, true))
    end)

    it("to no scheme but http and https, to no redirect, and through no proxy", function()
      local order = rig.request("file:///etc/passwd")
      assert.same({ kind = "config", sent = false }, (rig.fails(rig.new(), order)))
      local other = rig.listen{ { "request", { "send", OK } } }
      local listener = rig.listen{
        { "request", { "send", misbehave.response(307, "", { "Location: " .. other.url }) }, "again" },
      }
      assert.equal(307, rig.succeeds(rig.new(), rig.request(listener.url)).status)
      for _, options in ipairs{ { proxy = other.url }, { proxy_from_env = true } } do
        assert.same({ kind = "config", sent = false }, (rig.fails(rig.new(options), rig.request(listener.url))))
        local direct = rig.request(listener.url)
        direct.direct = true
        assert.equal(307, rig.succeeds(rig.new(options), direct).status)
      end
      assert.equal(0, #other:journal().connections)
    end)

    it("nothing when a CA is named, which nginx cannot take from Lua", function()
      local listener = rig.listen{ { "tls", "request", { "send", OK } }, tls = trusted.pair("cert"), again = true }
      local order = rig.request(trusted.named(listener, "localhost"))
      for _, name in ipairs{ "ca_file", "ca_path" } do
        local info, message = rig.fails(rig.new{ [name] = "/some" }, order)
        assert.same({ "config", false }, { info.kind, info.sent })
        assert.truthy(message:find(name .. ": .*lua_ssl_trusted_certificate"))
        assert.truthy(info.hint:find("omit " .. name, 1, true))
      end
      assert.equal(0, #listener:journal().connections)
      -- What the environment names is for other programs.
      local made = cosockets.new({ ca_file = "/some.pem" }, { ca_file = "environment CLOUDAUDIT_CA_FILE" })
      assert.equal(200, rig.succeeds(made, order).status)
      local plain = rig.listen{ { "request", { "send", OK } } }
      assert.equal(200, rig.succeeds(rig.new{ ca_file = "/some.pem" }, rig.request(plain.url)).status)
    end)

    it("each request to its own endpoint, whatever went before", function()
      local first, second = rig.listen{ { "request", { "send", OK } } }, rig.listen{ { "request", { "send", OK } } }
      local made = rig.new()
      rig.succeeds(made, rig.request(first.url))
      rig.succeeds(made, rig.request(second.url))
      assert.equal(1, first:journal().requests)
      assert.equal(1, second:journal().requests)
    end)
  end)

  describe("on a kept-alive connection", function()
    it("sends the first call after client:warm()", function()
      for _, version in ipairs{ "TLSv1.2", "TLSv1.3" } do
        local listener = rig.listen{ { "tls", "request", { "send", misbehave.response(404, "no page") }, "request",
          { "send", misbehave.response(200, '{"Response":{"RequestId":"r"}}') }, "again" }, again = true,
          tls = trusted.pair("cert", { min = version, max = version }) }
        local client = require("cloudaudit").new{ endpoint = trusted.named(listener, "localhost"):gsub("/$", ""),
          secret_id = "AKIDEXAMPLE", secret_key = "key", env = false }
        assert.is_true(client:warm())
        assert.truthy(listener:journal(true).connections[1].bytes:find("^GET / HTTP/1.1\r\n"))
        assert(client:ListAudits())
        local journal = listener:journal()
        assert.same({ 2, 1 }, { journal.requests, #journal.connections })
        client:close()
      end
    end)

    it("sends all calls through one", function()
      local listener = rig.listen{ { "request", { "send", OK }, "again" } }
      for _ = 1, 20 do
        rig.succeeds(rig.new(), rig.request(listener.url))
      end
      local journal = listener:journal()
      assert.equal(20, journal.requests)
      assert.equal(1, #journal.connections)
    end)

    for _, tls in ipairs{ false, true } do
      for _, death in ipairs{ "rst", "fin", "cut" } do
        it(("that dies by %s after the second request was read, sends no third%s"):format(death, tls and ", over TLS"
          or ""), function()
          local first, last = { "request", { "send", OK }, "request", death }, { "request", { "send", OK } }
          if tls then
            table.insert(first, 1, "tls")
            table.insert(last, 1, "tls")
          end
          local listener = rig.listen{ first, last, tls = tls and trusted.pair("cert") or nil }
          local order = rig.request(trusted.named(listener, "localhost"))
          rig.succeeds(rig.new(), order)
          assert.same({ kind = "transport", sent = true }, (rig.fails(rig.new(), order)))
          assert.equal(2, listener:journal().requests)
          rig.succeeds(rig.new(), order)
          assert.equal(3, listener:journal().requests)
        end)
      end
    end

    it("that was closed while idle, opens a new one without a failure", function()
      local listener = rig.listen{ { "request", { "send", OK }, "cut" }, { "request", { "send", OK } } }
      rig.succeeds(rig.new(), rig.request(listener.url))
      repeat
        local ended = listener:journal().connections[1]["end"]
      until ended ~= "open"
      ngx.sleep(0.001) -- nginx hears of it in its next turn
      rig.succeeds(rig.new(), rig.request(listener.url))
      local journal = listener:journal()
      assert.equal(2, journal.requests)
      assert.equal(2, #journal.connections)
    end)

    it("that got unexpected bytes is closed, however much nginx reads ahead", function()
      local answer = misbehave.response(200, ("x"):rep(16384 - #misbehave.response(200, ("x"):rep(10000)) + 10000))
      assert.equal(16384, #answer)
      local listener = rig.listen{ { "request", { "send", answer .. "more" }, "request" } }
      collectgarbage("stop") -- which would close it, too
      rig.succeeds(rig.new(), rig.request(listener.url))
      local ends = ngx.now() + 2
      local ended
      repeat
        ended = listener:journal().connections[1]["end"]
        ngx.update_time()
      until ended ~= "open" or ngx.now() > ends
      collectgarbage("restart")
      assert.not_equal("open", ended)
    end)

    it("that is five minutes old, opens a new one", function()
      local listener = rig.listen{ { "request", { "send", OK }, "again" }, again = true }
      local made, monotonic = rig.new(), core.monotonic
      rig.succeeds(made, rig.request(listener.url))
      core.monotonic = function()
        return monotonic() + 300
      end
      rig.succeeds(made, rig.request(listener.url))
      core.monotonic = monotonic
      assert.equal(2, #listener:journal().connections)
    end)

    it("that is young is reused, also when the machine's clock reaches a multiple of five minutes", function()
      local listener = rig.listen{ { "request", { "send", OK }, "again" }, again = true }
      local monotonic, names = core.monotonic, { "cloudaudit.driver.nginx.connection", "cloudaudit.driver.nginx" }
      local ahead = 300 - monotonic() % 300 - 0.1
      core.monotonic = function()
        return monotonic() + ahead
      end
      local loaded = {}
      for _, name in ipairs(names) do
        loaded[name], package.loaded[name] = package.loaded[name], nil
      end
      local made = require("cloudaudit.driver.nginx").new{}
      for _, name in ipairs(names) do
        package.loaded[name] = loaded[name]
      end
      rig.succeeds(made, rig.request(listener.url))
      ngx.sleep(0.2)
      rig.succeeds(made, rig.request(listener.url))
      core.monotonic = monotonic
      assert.equal(1, #listener:journal().connections)
    end)

    for name, ending in pairs{ ["asked to be closed"] = misbehave.response(200, "{}", { "Connection: close" }),
      ["had more to say than was asked"] = OK .. "HTTP/1.1 200 OK\r\n",
      ["speaks HTTP/1.0"] = "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\n{}" } do
      it("is not kept when it " .. name, function()
        local listener = rig.listen{ { "request", { "send", ending }, "request" }, { "request", { "send", OK } } }
        rig.succeeds(rig.new(), rig.request(listener.url))
        rig.succeeds(rig.new(), rig.request(listener.url))
        assert.equal(2, #listener:journal().connections)
      end)
    end
  end)

  describe("says that nothing was sent", function()
    it("when the port is closed", function()
      local listener = rig.listen{ {} }
      listener:close()
      assert.same({ kind = "connect", sent = false }, (rig.fails(rig.new(), rig.request(listener.url))))
      assert.same({ kind = "connect", sent = false }, (rig.fails(rig.new(), rig.request("http://[::1]:1/"))))
    end)

    it("when the name does not exist, and finds one that does", function()
      local url = "http://no-such-host.invalid/"
      assert.same({ kind = "dns", sent = false }, (rig.fails(rig.new(), rig.request(url))))
      local listener = rig.listen{ { "request", { "send", OK }, "again" }, again = true }
      for _ = 1, 3 do
        rig.succeeds(rig.new(), rig.request(trusted.named(listener, "some.test")))
      end
      assert.equal(1, #listener:journal().connections)
      local before = core.monotonic()
      local answer = ngx.location.capture("/exchange", { args = { url = trusted.named(listener, "other.test") } })
      assert.equal("200\n", answer.body)
      assert.is_true(core.monotonic() - before < 2) -- no thread that watched the connect is left
    end)

    it("when the name server is silent, by the deadline", function()
      local info = rig.fails(rig.new(), rig.request("http://silent.test/"), 0.2)
      assert.same({ kind = "timeout", sent = false }, info)
    end)

    it("when its thread is killed while the name server is silent, and leaves no thread behind", function()
      local before = ngx.now()
      assert.equal("killed\n", ngx.location.capture("/killed", { args = { url = "http://silent.test/" } }).body)
      ngx.update_time()
      assert.is_true(ngx.now() - before < 5)
    end)

    it("when no resolver is configured", function()
      local said = ngx.location.capture("/same-ca", { args = { url = "http://some.test/" } }).body
      assert.truthy(said:find("^config false nginx has no resolver for the name some.test"), said)
    end)

    it("when the connection is reset before TLS is done", function()
      local listener = rig.listen{ { { "read", 5 }, "rst" } }
      local url = trusted.named(listener, "localhost"):gsub("^http:", "https:")
      local info = rig.fails(rig.new(), rig.request(url))
      assert.same({ kind = "tls", sent = false }, info)
    end)

    it("when the shared rate leaves no time, and opens no connection meanwhile", function()
      local listener = rig.listen{ { "request", { "send", OK }, "again" }, again = true }
      local order, counts, threads = rig.request(listener.url), {}, {}
      order.action = "many"
      local made = rig.new{ rate = 5, rate_dict = "audit_rate" }
      for index = 1, 60 do
        threads[index] = ngx.thread.spawn(function()
          local response, message, info = made.exchange(order, 2.5)
          local word = response and "answered" or ("%s %s %s"):format(info.kind, tostring(info.sent), message)
          counts[word] = (counts[word] or 0) + 1
        end)
      end
      for index = 1, 60 do
        assert.is_true((ngx.thread.wait(threads[index])))
      end
      local journal = listener:journal()
      local late = "timeout false the rate limit that the workers share left no time for a request"
      assert.same({ answered = journal.requests, [late] = 60 - journal.requests }, counts)
      assert.is_true(journal.requests >= 10 and journal.requests <= 15, journal.requests)
      assert.is_true(#journal.connections <= 10, #journal.connections)
    end)

    it("when its slot expired while it connected, and waits for another", function()
      local listener = rig.listen{ { "request", { "send", OK }, "again" }, again = true }
      local order, times, threads, open, slow = rig.request(listener.url), {}, {}, cosocket.open, true
      order.action = "slow"
      cosocket.open = function(...)
        if slow then
          slow = false
          ngx.sleep(1.2)
        end
        return open(...)
      end
      local made = rig.new{ rate = 1, rate_dict = "audit_rate" }
      for index = 1, 2 do
        threads[index] = ngx.thread.spawn(function()
          rig.succeeds(made, order)
          times[#times + 1] = made.now()
        end)
      end
      for index = 1, 2 do
        assert.is_true((ngx.thread.wait(threads[index])))
      end
      cosocket.open = open
      assert.is_true(times[2] - times[1] > 0.95, times[2] - times[1])
      assert.equal(1, #listener:journal().connections)
      order.direct = true -- to what has no limit of the service's
      for _ = 1, 3 do
        rig.succeeds(made, order, 0.5)
      end
    end)

    it("when no time is left", function()
      assert.same({ kind = "timeout", sent = false }, (rig.fails(rig.new(), rig.request("http://127.0.0.1:1/"), 0)))
    end)

    it("when no time is left once it is connected", function()
      local listener = rig.listen{ { "request" } }
      local open, monotonic = cosocket.open, core.monotonic
      cosocket.open = function(...)
        local socket, pool = open(...)
        core.monotonic = function()
          return monotonic() + 5
        end
        return socket, pool
      end
      local response, _, info = rig.new().exchange(rig.request(listener.url), 5)
      cosocket.open, core.monotonic = open, monotonic
      assert.is_nil(response)
      assert.same({ kind = "timeout", sent = false }, info)
      assert.equal(0, listener:journal().connections[1].received)
    end)
  end)
end)
