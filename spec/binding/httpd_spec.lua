local curl = require "cloudaudit.curl"
local httpd = require "cloudaudit.httpd"
local own_process = require "support.own_process"

local NAMES = { "localhost", "127.0.0.1", "::1", "cloudaudit.localhost" }

describe("cloudaudit.httpd", function()
  local server, transport, ca_file

  -- Starts a server, over TLS or not, and a transport that trusts it.
  local function start(tls, options)
    options = options or {}
    if tls then
      local made = assert(httpd.certificate{ names = NAMES, days = 1 })
      options.cert, options.key = made.cert, made.key
      ca_file = os.tmpname()
      local file = assert(io.open(ca_file, "wb"))
      file:write(made.ca)
      file:close()
    end
    server = assert(httpd.new(options))
    transport = assert(curl.new{ ca_file = tls and ca_file or nil, max_response = 8 * 1024 * 1024 })
  end

  after_each(function()
    if transport then
      transport:close()
    end
    if server then
      server:close()
    end
    if ca_file then
      os.remove(ca_file)
    end
    server, transport, ca_file = nil, nil, nil
  end)

  local function url(tls, path, name)
    return ("%s://%s:%d%s"):format(tls and "https" or "http", name or "localhost", server:port(), path or "/")
  end

  -- One exchange with both ends in this process; `answer` receives each request.
  local function exchange(request, answer)
    request.headers = request.headers or { ["Content-Type"] = "application/json" }
    request.host = request.url:match("//([^/]+)")
    request.method, request.body = request.method or "POST", request.body or "{}"
    local transfer = assert(transport:start(request, 10))
    while not transfer:done() do
      server:step(0)
      local arrived = server:next()
      if arrived then
        answer(arrived)
      end
      server:step(0)
      transport:step(0.01)
    end
    local response, message, info = transfer:result()
    transfer:close()
    return response, message, info
  end

  for _, tls in ipairs{ false, true } do
    describe(tls and "over TLS" or "without TLS", function()
      it("passes a request on unchanged and sends the response that it is given", function()
        start(tls)
        local request
        local response = assert(exchange({ url = url(tls, "/a%20b?x=1&y=a+b"), body = "\0\255body",
          headers = { ["Content-Type"] = "application/json", ["X-Own"] = "Value" } }, function(arrived)
          request = arrived
          assert.is_true(server:reply(arrived.id, 418, { ["X-Answer"] = "yes", Date = "Mon, 25 Feb 2019 16:44:25 GMT" },
            "\0body"))
        end))
        assert.same({ "POST", "/a%20b", "x=1&y=a+b", "\0\255body", "127.0.0.1", 1 },
          { request.method, request.path, request.query, request.body, request.peer, request.connection })
        assert.equal("Value", request.headers["x-own"])
        assert.equal("localhost:" .. server:port(), request.headers.host)
        assert.same({ 418, "\0body", "yes", "Mon, 25 Feb 2019 16:44:25 GMT" },
          { response.status, response.body, response.headers["x-answer"], response.headers.date })
      end)

      it("keeps connections alive and counts them", function()
        start(tls)
        local connections = {}
        for i = 1, 3 do
          assert(exchange({ url = url(tls) }, function(arrived)
            connections[i] = arrived.connection
            server:reply(arrived.id, 200, {}, "x")
          end))
        end
        assert.same({ 1, 1, 1 }, connections)
        assert.equal(1, server:connections())
      end)

      it("receives and sends bodies of megabytes", function()
        start(tls)
        local body = ("0123456789abcdef"):rep(200000)
        local response = assert(exchange({ url = url(tls), body = body }, function(arrived)
          server:reply(arrived.id, 200, {}, arrived.body)
        end))
        assert.is_true(response.body == body)
      end)

      it("answers 413 to a body above the maximum, and continues", function()
        start(tls, { max_body = 1000 })
        local function status(bytes)
          return assert(exchange({ url = url(tls), body = ("x"):rep(bytes) }, function(arrived)
            server:reply(arrived.id, 200, {}, "")
          end)).status
        end
        assert.equal(200, status(1000))
        assert.equal(413, status(1001))
        assert.equal(413, status(5000))
        assert.equal(200, status(0))
        local response = exchange({ url = url(tls), body = ("x"):rep(1000000) }, error)
        assert.is_true(response == nil or response.status == 413)
      end)

      it("closes a connection before the first byte or in the middle of a body", function()
        start(tls)
        local response, message, info = exchange({ url = url(tls) }, function(arrived)
          assert.is_true(server:cut(arrived.id))
        end)
        assert.is_nil(response, message)
        assert.is_true(info.sent)
        for _, bytes in ipairs{ 0, 5 } do
          response, message, info = exchange({ url = url(tls) }, function(arrived)
            assert.is_true(server:reply_truncated(arrived.id, 200, {}, ("x"):rep(100), bytes))
          end)
          assert.is_nil(response, message)
          assert.is_true(info.sent)
        end
        assert(exchange({ url = url(tls) }, function(arrived) server:reply(arrived.id, 200, {}, "") end))
      end)

      it("responds in any order", function()
        start(tls)
        local function open(name)
          return assert(transport:start({ method = "POST", url = url(tls, "/" .. name), body = name,
            host = "localhost:" .. server:port(), headers = { ["Content-Type"] = "text/plain" } }, 10))
        end
        local first, second, arrived = open("first"), open("second"), {}
        while not (arrived.first and arrived.second) do
          transport:step(0.01)
          server:step(0)
          local request = server:next()
          if request then
            arrived[request.body] = request.id
          end
        end
        server:reply(arrived.second, 200, {}, "2")
        while not second:done() do
          server:step(0)
          transport:step(0.01)
        end
        assert.is_false(first:done())
        server:reply(arrived.first, 200, {}, "1")
        while not first:done() do
          server:step(0)
          transport:step(0.01)
        end
        assert.same({ "1", "2" }, { first:result().body, second:result().body })
      end)

      it("survives a client that disconnects before its response", function()
        start(tls)
        local transfer = assert(transport:start({ method = "POST", url = url(tls), body = "{}",
          host = "localhost:" .. server:port(), headers = { ["Content-Type"] = "text/plain" } }, 10))
        local request
        repeat
          transport:step(0.01)
          server:step(0)
          request = server:next()
        until request
        transfer:close()
        transport:close()
        assert.is_true(server:reply(request.id, 200, {}, ("x"):rep(5000000)))
        for _ = 1, 20 do
          server:step(0)
        end
        transport = assert(curl.new{ ca_file = ca_file })
        assert(exchange({ url = url(tls) }, function(arrived) server:reply(arrived.id, 200, {}, "") end))
      end)

      it("can be closed while requests wait and more than once; later calls raise", function()
        start(tls)
        local response = exchange({ url = url(tls) }, function(arrived)
          assert.truthy(arrived.id)
          server:close()
          server = assert(httpd.new{})
        end)
        assert.is_nil(response)
        server:close()
        server:close()
        local ok, message = pcall(server.step, server, 0)
        assert.is_false(ok)
        assert.truthy(message:find("the server is closed", 1, true))
      end)
    end)
  end

  it("is verified under every name of its certificate and no other", function()
    start(true)
    local function reach(name)
      return exchange({ url = url(true, "/", name) }, function(arrived) server:reply(arrived.id, 200, {}, "") end)
    end
    assert.truthy(reach("localhost"))
    assert.truthy(reach("127.0.0.1"))
    assert.truthy(reach("cloudaudit.localhost"))
    local _, _, info = reach("127.0.0.2")
    assert.is_not_nil(info)
    local stranger = assert(httpd.certificate{ names = NAMES }).ca
    local file = assert(io.open(ca_file, "wb"))
    file:write(stranger)
    file:close()
    transport:close()
    transport = assert(curl.new{ ca_file = ca_file })
    _, _, info = reach("localhost")
    assert.equal("tls", info.kind)
  end)

  it("listens on an IPv6 address", function()
    server = assert(httpd.new{ address = "::1" })
    transport = assert(curl.new{})
    local response = assert(exchange({ url = url(false, "/", "[::1]") }, function(arrived)
      assert.equal("::1", arrived.peer)
      server:reply(arrived.id, 200, {}, "six")
    end))
    assert.equal("six", response.body)
  end)

  it("reports why it cannot listen", function()
    server = assert(httpd.new{})
    local cases = {
      { { port = server:port() }, "Address already in use" },
      { { address = "example.test" }, "not a numeric address" },
      { { cert = "x", key = "y" }, "TLS" },
    }
    for _, case in ipairs(cases) do
      local other, message = httpd.new(case[1])
      assert.is_nil(other)
      assert.truthy(message:find(case[2], 1, true), message)
    end
  end)

  it("reports why it cannot create a certificate", function()
    for _, names in ipairs{ {}, { "a,DNS:b" }, { "" }, { "a b" }, { "1.2.3.999" }, { ("x"):rep(254) } } do
      local made, message = httpd.certificate{ names = names }
      assert.is_nil(made)
      assert.truthy(message:find("^%l"), message)
    end
    assert.is_nil((httpd.certificate{ names = NAMES, days = 0 }))
    for _, given in ipairs{ {}, { names = "x" }, { names = { 1 } }, { names = NAMES, days = -1 } } do
      assert.is_false(pcall(httpd.certificate, given))
    end
  end)

  it("raises for invalid arguments", function()
    start(false)
    for _, given in ipairs{ { port = "x" }, { port = 70000 }, { cert = "x" }, { address = 1 }, { max_body = -1 } } do
      assert.is_false(pcall(httpd.new, given))
    end
    assert(exchange({ url = url(false) }, function(arrived)
      local id = arrived.id
      assert.is_false(pcall(server.reply, server, id, 100, {}, ""))
      assert.is_false(pcall(server.reply, server, id, 200, { Name = 1 }, ""))
      assert.is_false(pcall(server.reply, server, id, 200, {}, nil))
      assert.is_false(pcall(server.reply_truncated, server, id, 200, {}, "abc", 3))
      assert.is_nil((server:reply(id, 200, { ["Bad\nName"] = "x" }, "")))
      assert.is_nil((server:reply(id + 1, 200, {}, "")))
      assert.is_true(server:reply(id, 200, {}, ""))
      assert.is_nil((server:reply(id, 200, {}, "")))
      assert.is_nil((server:cut(id)))
    end))
  end)

  it("has only the process table besides its two constructors", function()
    local names = {}
    for name in pairs(httpd) do
      names[#names + 1] = name
    end
    table.sort(names)
    assert.same({ "certificate", "new", "process" }, names)
  end)

  it("continues in a child process of another session, without its output", function()
    local path = os.tmpname()
    local output = own_process.run(([[
      local process = require("cloudaudit.httpd").process
      io.write("parent ", process.pid(), "\n")
      process.background()
      io.write("child ", process.pid(), "\n")
      process.release_output()
      io.write("after the release\n")
      io.flush()
      require("cloudaudit.curl").sleep(0.2)
      local file = io.open(%q, "w")
      local stat = io.open("/proc/self/stat"):read("*a")
      file:write(process.pid(), " ", stat:match("%%) %%a %%d+ %%d+ (%%d+)"), "\n")
      file:close()
    ]]):format(path))
    local parent, child = output:match("^parent (%d+)\nchild (%d+)\n$")
    assert(parent, output)
    assert.not_equal(parent, child)
    local line
    for _ = 1, 500 do
      local file = assert(io.open(path))
      line = file:read("*l")
      file:close()
      if line then
        break
      end
      curl.sleep(0.01)
    end
    os.remove(path)
    assert.equal(child .. " " .. child, line)
  end)

  it("queues a body above the maximum without it, if it is told so", function()
    start(false, { max_body = 1000, queue_large = true })
    for bytes, expected in pairs{ [1000] = false, [1001] = true } do
      local arrived
      assert(exchange({ url = url(false), body = ("x"):rep(bytes) }, function(request)
        arrived = request
        server:reply(request.id, 200, {}, "")
      end))
      assert.same({ expected, expected and 0 or bytes }, { arrived.too_large, #arrived.body })
    end
  end)
end)
