-- The cosocket driver and what a server gives it: certificates, bodies, heads, and time; run inside nginx. No answer is
-- better than it looks, and none comes later than asked.
local cosockets = require "cloudaudit.driver.nginx"
local driver_answers = require "support.driver_answers"
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

  describe("trusts no server", function()
    local function serve(tls)
      return rig.listen{ { "tls", "request", { "send", OK }, "again" }, tls = tls, again = true }
    end

    local function refused(tls, name)
      local listener = serve(tls)
      local info, message = rig.fails(rig.new(), rig.request(trusted.named(listener, name or "localhost")))
      assert.same({ "tls", false }, { info.kind, info.sent })
      assert.equal(0, listener:journal().requests)
      return message
    end

    -- nginx may not say why (see driver/nginx.lua).
    local function says(message, text)
      assert.truthy(message:find(text, 1, true) or message:find("does not say why", 1, true), message)
    end

    it("whose CA it does not know, at every attempt", function()
      for _ = 1, 50 do
        says(refused(trusted.pair("stranger")), "unable to verify the first")
      end
    end)

    it("whose certificate has expired", function()
      says(refused(trusted.pair("expired")), "expired")
    end)

    it("whose certificate is for another name", function()
      says(refused(trusted.pair("named")), "host mismatch")
    end)

    -- nginx would accept a certificate whose name is that address, and not the right one.
    it("by its IP address, and connects to none", function()
      for _, name in ipairs{ "127.0.0.1", "[::1]" } do
        local listener = serve(trusted.pair("cert"))
        local info, message = rig.fails(rig.new(), rig.request(trusted.named(listener, name)))
        assert.same({ "config", false }, { info.kind, info.sent })
        assert.equal("endpoint: nginx cannot verify the certificate of an IP address", message)
        assert.truthy(info.hint:find("compares names only", 1, true))
        assert.equal(0, #listener:journal().connections)
      end
    end)

    it("that speaks less than TLS 1.2", function()
      refused(trusted.pair("cert", { min = "TLSv1", max = "TLSv1.1" }))
    end)

    it("but the right one", function()
      for _, version in ipairs{ "TLSv1.2", "TLSv1.3" } do
        local listener = serve(trusted.pair("cert", { min = version, max = version }))
        rig.succeeds(rig.new(), rig.request(trusted.named(listener, "localhost")))
        assert.equal(version, listener:journal().connections[1].protocol)
      end
    end)
  end)

  -- nginx would reuse a kept connection for any request to its address, without verifying it again.
  describe("keeps connections apart", function()
    local function ask(place, url)
      return (ngx.location.capture(place, { args = { url = url } }).body:gsub("\n$", ""))
    end

    it("by name", function()
      local listener = rig.listen{ { "tls", "request", { "send", OK }, "again" }, tls = trusted.pair("named"),
        again = true }
      local right, wrong = trusted.named(listener, "a.localhost"), trusted.named(listener, "b.localhost")
      for _ = 1, 3 do
        rig.succeeds(rig.new(), rig.request(right))
        assert.equal("tls", rig.fails(rig.new(), rig.request(wrong)).kind)
      end
      local journal = listener:journal()
      assert.equal(3, journal.requests)
      assert.equal(3, journal.connections[1].requests)
      assert.equal(4, #journal.connections)
    end)

    it("by authority", function()
      local listener = rig.listen{ { "tls", "request", { "send", OK }, "again" }, tls = trusted.pair("cert"),
        again = true }
      local url = trusted.named(listener, "localhost")
      for _ = 1, 3 do
        assert.equal("200", ask("/same-ca", url))
        local said = ask("/other-ca", url)
        assert.truthy(said:find("^tls false "), said)
      end
      local journal = listener:journal()
      assert.equal(3, journal.requests)
      assert.equal(3, journal.connections[1].requests)
      assert.equal(4, #journal.connections)
    end)

    -- Another's connection to a listener, not verified, in the pool that nginx takes when none is named.
    local function keep_careless(listener)
      local careless = ngx.socket.tcp()
      assert(careless:connect("127.0.0.1", listener.port))
      assert(careless:sslhandshake(false, "localhost", false))
      assert(careless:send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n"))
      assert(careless:receive("*l"))
      assert(careless:receive(#OK - #"HTTP/1.1 200 Status\r\n"))
      assert(careless:setkeepalive(10000))
    end

    local function stranger()
      return rig.listen{ { "tls", "request", { "send", OK }, "again" }, tls = trusted.pair("stranger"), again = true }
    end

    it("by whether they were verified, also from connections of other programs", function()
      local listener = stranger()
      keep_careless(listener)
      for _ = 1, 3 do
        local url = trusted.named(listener, "localhost")
        assert.equal("tls", rig.fails(rig.new(), rig.request(url)).kind)
      end
      assert.equal(1, listener:journal().requests)
    end)

    it("by keeping none where the location is not known", function()
      local base = require "resty.core.base"
      local get_request, listener = base.get_request, stranger()
      base.get_request = function() end
      keep_careless(listener)
      local info = rig.fails(rig.new(), rig.request(trusted.named(listener, "localhost")))
      local right = rig.listen{ { "tls", "request", { "send", OK }, "again" }, tls = trusted.pair("cert"),
        again = true }
      for _ = 1, 3 do
        rig.succeeds(rig.new(), rig.request(trusted.named(right, "localhost")))
      end
      base.get_request = get_request
      assert.same({ "tls", false }, { info.kind, info.sent })
      assert.equal(1, listener:journal().requests)
      assert.equal(3, #right:journal().connections)
    end)

    it("by scheme, and by port", function()
      local listener = rig.listen{ { "request", { "send", OK }, "again" }, again = true }
      local url = trusted.named(listener, "localhost")
      rig.succeeds(rig.new(), rig.request(url))
      url = url:gsub("^http:", "https:")
      assert.same({ kind = "timeout", sent = false }, (rig.fails(rig.new(), rig.request(url), 0.1)))
      local other = rig.listen{ { "request", { "send", OK }, "again" }, again = true }
      rig.succeeds(rig.new(), rig.request(other.url))
      assert.equal(1, other:journal().requests)
      assert.equal(1, listener:journal().requests)
    end)
  end)

  driver_answers(it, function()
    return rig
  end)

  it("refuses a response that is not HTTP/1.1, at once", function()
    for _, text in ipairs{ "hello, this is HTTP/0.9", "{}", "HTTP/9.9 200 OK\r\n\r\n", "HTTP/1.1 OK\r\n\r\n",
      "HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\n" } do
      local listener = rig.listen{ { "request", { "send", text }, "stall" } }
      assert.same({ kind = "protocol", sent = true }, (rig.fails(rig.new(), rig.request(listener.url))))
    end
  end)

  describe("ends by its deadline", function()
    local TIMEOUT = 0.3

    local function late(script, sent, tls, body)
      local listener = rig.listen{ script, tls = tls and trusted.pair("cert") or nil }
      local order = rig.request(trusted.named(listener, "localhost"), body)
      assert.same({ kind = "timeout", sent = sent }, (rig.fails(rig.new(), order, TIMEOUT)))
    end

    it("in the TLS handshake, or by connect_timeout", function()
      late({ "stall" }, false, true)
      local listener = rig.listen{ { { "read", 100000 } } }
      local url = trusted.named(listener, "localhost"):gsub("^http:", "https:")
      local order, made = rig.request(url), rig.new{ connect_timeout = 0.1 }
      local before = made.now()
      collectgarbage("stop") -- which would close the connection, too
      assert.same({ kind = "timeout", sent = false }, (rig.fails(made, order, 5)))
      assert.is_true(made.now() - before < 2)
      local ended
      repeat
        ended = listener:journal().connections[1]["end"]
      until ended ~= "open" or made.now() - before > 2
      collectgarbage("restart")
      assert.not_equal("open", ended)
    end)

    it("while the request is written", function()
      late({ "pause", "stall" }, true, false, ("x"):rep(8 * 1024 * 1024))
    end)

    it("before the first byte of a response over TLS", function()
      late({ "tls", "request", "stall" }, true, true)
    end)

    -- nginx counts from its last turn on, by a clock that moves in steps of some milliseconds: other events in between
    -- have it find a wait over too early.
    describe("and not before it, among others:", function()
      local function not_before(count, order, sent)
        local made, threads, results = rig.new(), {}, {}
        for index = 1, count do
          threads[index] = ngx.thread.spawn(function()
            ngx.sleep(index * 0.0013)
            local before = made.now()
            local _, _, info = made.exchange(order, TIMEOUT)
            return made.now() - before, info
          end)
        end
        local others = ngx.thread.spawn(function()
          while true do
            ngx.sleep(0.001)
          end
        end)
        for index = 1, count do
          results[index] = { ngx.thread.wait(threads[index]) }
        end
        ngx.thread.kill(others)
        for _, result in ipairs(results) do
          local ok, elapsed, info = unpack(result)
          assert.is_true(ok, elapsed)
          assert.same({ kind = "timeout", sent = sent }, info)
          assert.is_true(elapsed >= TIMEOUT, elapsed)
        end
      end

      it("an answer", function()
        local listener = rig.listen{ { "request", "stall" }, again = true }
        not_before(100, rig.request(listener.url), true)
      end)

      it("a request that is written", function()
        local listener = rig.listen{ { "pause", "stall" }, again = true }
        not_before(10, rig.request(listener.url, ("x"):rep(8 * 1024 * 1024)), true)
      end)

      it("a TLS handshake", function()
        local listener = rig.listen{ { "stall" }, again = true }
        local url = trusted.named(listener, "localhost"):gsub("^http:", "https:")
        not_before(100, rig.request(url), false)
      end)

      it("a name server", function()
        not_before(100, rig.request("http://silent.test/"), false)
      end)
    end)

    it("and accepts a response until then, after nginx ended the wait early", function()
      local listener = rig.listen{ { "request", { "send", OK }, "request", { "wait", 0.8 * TIMEOUT }, { "send", OK } } }
      local made = rig.new()
      rig.succeeds(made, rig.request(listener.url))
      local other = ngx.thread.spawn(function()
        ngx.sleep(0.05) -- has nginx look at its clock
      end)
      local before = made.now()
      repeat until made.now() > before + 0.5 * TIMEOUT -- which nginx counts in
      rig.succeeds(made, rig.request(listener.url), TIMEOUT)
      ngx.thread.wait(other)
    end)
  end)
end)
