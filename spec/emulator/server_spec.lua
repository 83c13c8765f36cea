local core = require "cloudaudit.core"
local curl = require "cloudaudit.curl"
local emulator = require "cloudaudit.emulator"
local signed = require "support.signed"
local support = require "support.emulator"

describe("cloudaudit.emulator.server", function()
  local served

  after_each(function()
    if served then
      served:stop()
    end
    served = nil
  end)

  for _, flags in ipairs{ {}, { "--tls" } } do
    describe(flags[1] and "over HTTPS" or "over HTTP", function()
      it("serves the same responses as in the process", function()
        served = support.start(flags)
        local client = served:client()
        assert.equal(1, assert(client:CreateAuditTrack(signed.track())).TrackId)
        local track = assert(client:DescribeAuditTrack{ TrackId = 1 })
        track.RequestId, track.CreateTime = nil, nil
        track.Storage.Compress = nil
        assert.same(signed.track(), track)
        local _, _, err = client:CreateAuditTrack(signed.track())
        assert.equal("InvalidParameterValue.AliasAlreadyExists", err.code)
        _, _, err = served:client{ secret_key = "wrong" }:DeleteAuditTrack{ TrackId = 1 }
        assert.equal("AuthFailure.SignatureFailure", err.code)
        assert(client:DeleteAuditTrack{ TrackId = 1 })
      end)

      it("carries out the faults of a connection", function()
        served = support.start(flags)
        local client = served:client{ retries = 0, timeout = 5 }
        local cases = {
          { { kind = "cut_before" }, "unknown", 0 },
          { { kind = "cut_after" }, "unknown", 1 },
          { { kind = "truncate", bytes = 5 }, "unknown", 1 },
          { { kind = "status", status = 503 }, "unknown", 0 },
          { { kind = "throttle" }, "rejected", 0 },
          { { kind = "error", code = "InternalError", effect = true }, "unknown", 1 },
        }
        for i, case in ipairs(cases) do
          served:admin("reset", {})
          served:fault(case[1])
          local track, _, err = client:CreateAuditTrack(signed.track())
          assert.is_nil(track)
          assert.same({ case[2], case[3] }, { err.outcome, #served:admin("state").tracks }, "case " .. i)
        end
      end)

      it("serves other requests while one is delayed", function()
        served = support.start(flags)
        served:fault{ kind = "delay", seconds = 5, action = "ListAudits" }
        local started = core.monotonic()
        local _, _, err = served:client{ timeout = 0.2, retries = 0 }:ListAudits{}
        assert.equal("timeout", err.kind)
        assert(served:client():InquireAuditCredit{})
        assert.is_true(core.monotonic() - started < 5)
        served:fault{ kind = "delay", seconds = 0.1 }
        started = core.monotonic()
        assert(served:client():ListAudits{})
        assert.is_true(core.monotonic() - started >= 0.1)
      end)
    end)
  end

  it("is controlled by another process", function()
    served = support.start{ "--seed", "7", "--now", "1551113065" }
    local state = served:admin("state")
    assert.same({ 7, 1551113065, true, 0, {} }, { state.seed, state.now, state.verify, state.events, state.tracks })
    assert.equal(1551113165, served:admin("clock", { advance = 100 }).now)
    assert.equal(1551113065, served:admin("clock", { now = 1551113065 }).now)
    local client = served:client{ clock = function() return 1551113065 end }
    assert.equal(1, #served:admin("events", { EventName = "Login" }).ids)
    assert.equal(3, served:admin("events", { events = { { EventName = "Login" }, { EventName = "Logout" } } }).count)
    local found = assert(client:DescribeEvents{ StartTime = 1551113000, EndTime = 1551113065,
      LookupAttributes = { { AttributeKey = "EventName", AttributeValue = "Login" } } }).Events
    assert.equal(2, #found)
    local entries = served:journal("DescribeEvents")
    assert.same({ 1, true, "DescribeEvents" }, { #entries, entries[1].signed, entries[1].action })
    assert.equal(0, #served:journal("CreateAuditTrack"))
    assert.equal(1, served:fault{ kind = "throttle", times = "always" })
    assert.equal(1, #served:admin("faults").faults)
    served:admin("reset", {})
    assert.same({}, served:admin("faults").faults)
    assert.equal(0, served:admin("state").events)
  end)

  it("reports what is wrong with an admin request", function()
    served = support.start()
    for path, value in pairs{ faults = { kind = "trottle" }, clock = { later = 1 }, events = { EventNam = "x" },
      nothing = {} } do
      local ok, message = pcall(served.admin, served, path, value)
      assert.is_false(ok)
      assert.truthy(tostring(message):find('{"error":', 1, true))
    end
    assert.is_false(pcall(served.admin, served, "stop"))
    assert(served:client():ListAudits{})
  end)

  it("says after it was closed that it has stopped", function()
    local server = require("cloudaudit.emulator").new{}:serve{}
    server:close()
    assert.is_false(server:step(0))
    server:run()
  end)

  it("closes the connection of a response that it cannot send", function()
    local emu, lines = emulator.new(), {}
    emu.handle = function()
      return { status = 200, headers = { ["X-Odd"] = "a\r\nb" }, body = "{}" }
    end
    local server = assert(emu:serve{ log = function(line) lines[#lines + 1] = line end })
    local transport = assert(curl.new())
    local transfer = assert(transport:start({ method = "POST", url = server.url, headers = {}, body = "{}" }, 5))
    while not transfer:done() do
      server:step(0)
      transport:step(0.01)
    end
    local _, _, info = transfer:result()
    assert.same({ kind = "transport", sent = true }, info)
    assert.truthy(lines[1]:find("could not be sent", 1, true))
    transfer:close()
    transport:close()
    server:close()
  end)

  it("returns RequestSizeLimitExceeded for a body above 10 MiB, as in the process", function()
    served = support.start()
    local body = '{"Name":"' .. ("x"):rep(10 * 1024 * 1024 + 100000) .. '"}'
    local transport = assert(curl.new())
    local transfer = assert(transport:start({ method = "POST", url = served.endpoint .. "/", body = body,
      headers = { ["Content-Type"] = "application/json", ["X-TC-Action"] = "CreateAuditTrack" } }, 20))
    while not transfer:done() do
      transport:step(1)
    end
    local response = assert(transfer:result())
    assert.equal("RequestSizeLimitExceeded", core.decode(response.body).Response.Error.Code)
    transfer:close()
    transport:close()
  end)

  -- One request with raw bytes by a shell; what was answered until the connection ended.
  local function raw(server, bytes)
    local path = os.tmpname()
    local file = assert(io.open(path, "wb"))
    file:write(bytes)
    file:close()
    local pipe = assert(io.popen(("LD_PRELOAD= exec bash -c 'exec 3<>/dev/tcp/127.0.0.1/%d; cat %s >&3; cat <&3'")
      :format(server.endpoint:match("%d+$"), path)))
    local answer = pipe:read("*a")
    pipe:close()
    os.remove(path)
    return answer
  end

  it("is not controlled by a web page of another name or origin", function()
    served = support.start()
    local function status(headers)
      return raw(served, "GET /_emulator/state HTTP/1.1\r\n" .. headers .. "Connection: close\r\n\r\n")
        :match("^HTTP/1.1 (%d+)")
    end
    for _, host in ipairs{ "127.0.0.1:8080", "localhost", "LOCALHOST:1", "cloudaudit.localhost:99", "[::1]:5" } do
      assert.equal("200", status("Host: " .. host .. "\r\n"), host)
    end
    for _, host in ipairs{ "evil.example", "127.0.0.1.evil.example:80", "localhost.evil.example", "10.0.0.1", "",
      "127.0.0.999" } do
      assert.equal("403", status("Host: " .. host .. "\r\n"), host)
    end
    assert.equal("200", status("Host: localhost\r\nOrigin: http://localhost:3000\r\n"))
    for _, origin in ipairs{ "http://evil.example", "null", "https://evil.example:443", "file://" } do
      assert.equal("403", status("Host: localhost\r\nOrigin: " .. origin .. "\r\n"), origin)
    end
  end)

  it("shows an action that is not UTF-8", function()
    served = support.start()
    raw(served, "POST / HTTP/1.1\r\nHost: x\r\nX-TC-Action: \255\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
    assert.equal(1, served:admin("state").counts["hex:ff"].requests)
    assert.equal("ff", served:admin("journal").entries[1].action_hex)
  end)

  it("closes connections that are idle, or do not finish their request", function()
    served = support.start{ "--idle-timeout", "1" }
    assert.equal("", raw(served, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf"))
    assert.equal("", raw(served, "GET /"))
    assert(served:client():ListAudits{})
  end)

  it("holds no more unfinished bodies than it has room for", function()
    served = support.start{ "--max-body", "1000000", "--idle-timeout", "2" }
    local script = ([[
      for i in $(seq 20); do
        (exec 3<>/dev/tcp/127.0.0.1/%d; { printf 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 999999\r\n\r\n'
          head -c 900000 /dev/zero; } >&3 2>/dev/null; sleep 1) &
      done; sleep 0.7; grep VmRSS /proc/%d/status; wait]]):format(served.endpoint:match("%d+$"), served.pid)
    local path = os.tmpname()
    local file = assert(io.open(path, "w"))
    file:write(script)
    file:close()
    local pipe = assert(io.popen("LD_PRELOAD= bash " .. path .. " 2>/dev/null"))
    local resident = tonumber(pipe:read("*a"):match("VmRSS:%s*(%d+)"))
    pipe:close()
    os.remove(path)
    if not (os.getenv("CLOUDAUDIT_BUILD") or ""):find("asan", 1, true) then
      assert.is_true(resident < 26000, resident .. " kB")
    end
    assert(served:client():ListAudits{})
  end)

  it("stops on request", function()
    served = support.start{ "--tls" }
    served:admin("stop", {})
    local output = served.output:read("*a")
    assert.equal("", output)
    assert.is_nil(io.open(served.ca_file, "r"))
  end)

  it("ends on SIGTERM and frees its port", function()
    served = support.start()
    local port = served.endpoint:match("%d+$")
    local first = served
    os.execute(("LD_PRELOAD= kill %d"):format(first.pid))
    assert.equal("", first.output:read("*a"))
    served = support.start{ "--port", port }
    first:stop()
    assert.equal("http://127.0.0.1:" .. port, served.endpoint)
    assert(served:client():ListAudits{})
  end)

  -- Process 1 ignores signals whose action is the default one.
  it("ends on SIGTERM as process 1 of a container, and removes its CA", function()
    local script = [[
      exec 2>&1
      sanitizers=$LD_PRELOAD
      unset LD_PRELOAD
      folder=$(mktemp -d)
      contained="unshare --user --map-root-user --pid --fork --kill-child"
      $contained true || { echo "no namespaces here"; exit; }
      $contained env LD_PRELOAD="$sanitizers" COMMAND --tls --ready-file "$folder/ready" >"$folder/said" 2>&1 &
      outer=$!
      for _ in $(seq 200); do [ ! -e "$folder/ready" ] || break; sleep 0.05; done
      [ -e "$folder/ready" ] || { cat "$folder/said"; exit 1; }
      . "$folder/ready"
      [ -s "$CLOUDAUDIT_CA_FILE" ] && kill -TERM $(cat /proc/$outer/task/$outer/children)
      wait $outer
      echo "status $?, $(ls "$CLOUDAUDIT_CA_FILE" 2>/dev/null | wc -l) files"
      rm -r "$folder"]]
    script = script:gsub("COMMAND", function()
      return support.command()
    end)
    local pipe = assert(io.popen(script))
    local output = pipe:read("*a")
    pipe:close()
    if output:find("no namespaces here", 1, true) then
      print("measured: process 1 of a container is left out: " .. output:match("^[^\n]*"))
    else
      assert.equal("status 143, 0 files\n", output)
    end
  end)

  it("listens on loopback unless allow_remote is set", function()
    local emu = emulator.new()
    local server, message = emu:serve{ address = "0.0.0.0" }
    assert.is_nil(server)
    assert.truthy(message:find("not a loopback address", 1, true))
    server = assert(emu:serve{ address = "0.0.0.0", allow_remote = true })
    server:close()
    server = assert(emu:serve{ address = "::1" })
    assert.equal(("http://[::1]:%d/"):format(server.port), server.url)
    server:close()
    server:close()
  end)

  it("refuses unknown options and invalid ports", function()
    local emu = emulator.new()
    assert.error_matches(function() emu:serve{ prot = 1 } end, "serve.prot: unknown option, did you mean port?", 1,
      true)
    assert.error_matches(function() emu:serve{ port = "1" } end, "serve.port: number expected, got string", 1, true)
    for _, port in ipairs{ -1, 65536, 1.5 } do
      local server, message = emu:serve{ port = port }
      assert.is_nil(server)
      assert.truthy(message:find("0 to 65535", 1, true))
    end
    local server, message = emu:serve{ tls = true, ca_file = "/nonexistent/ca" }
    assert.is_nil(server)
    assert.truthy(message:find("cannot write the CA", 1, true))
  end)

  it("reports that it was built without the HTTP server", function()
    local loaded, preload = package.loaded["cloudaudit.httpd"], package.preload["cloudaudit.httpd"]
    package.loaded["cloudaudit.httpd"] = nil
    package.preload["cloudaudit.httpd"] = function() error("none here", 0) end
    local server, message = emulator.new():serve()
    package.loaded["cloudaudit.httpd"], package.preload["cloudaudit.httpd"] = loaded, preload
    assert.is_nil(server)
    assert.truthy(message:find("libmicrohttpd", 1, true))
  end)

  it("leaves no file behind if it cannot listen", function()
    local emu = emulator.new()
    local first = assert(emu:serve{})
    local path = os.tmpname()
    assert.is_nil((emu:serve{ tls = true, ca_file = path, port = first.port }))
    assert.is_nil(io.open(path, "r"))
    first:close()
  end)

  it("leaves the CA that another server wrote in place of its own", function()
    local path = os.tmpname()
    local first = assert(emulator.new():serve{ tls = true, ca_file = path })
    local second = assert(emulator.new():serve{ tls = true, ca_file = path })
    first:close()
    assert.equal(second.ca, (core.read_file(path, 65536)))
    second:close()
    assert.is_nil(io.open(path, "r"))
  end)
end)
