-- The process around a client: forks, descriptors, signals, locales and name servers, each in a separate process.
local faults = require "faults.rig"
local text = require "faults.scripts.text"

local ANSWER = { "request", { "send", text.response(200, text.SUCCESS) }, "again" }
local LONGEST = 16 * 1024 * 1024 -- of a body
local ENDED = "\nend\nstatus 0\n$"

describe("a process", function()
  local rig

  setup(function()
    rig = faults.start()
  end)

  teardown(function()
    rig.stop()
  end)

  local function child(name, scheme, what, before)
    local service = rig.serve(scheme, ANSWER)
    local output = faults.child(name, { args = { service.url, rig.authority.ca_file, what }, before = before })
    assert.truthy(output:find(ENDED), output)
    return output, service:journal()
  end

  it("that forks after a call leaves each connection to the process that opened it", function()
    local FORKS = 20
    local output, journal = child("fork", "https", FORKS)
    assert.equal(1 + FORKS, #journal.connections)
    assert.equal(1 + 2 * FORKS, journal.connections[1].requests)
    for number, connection in ipairs(journal.connections) do
      -- A record encrypted with the key of another process would end the connection with a TLS error.
      assert.truthy(({ open = true, fin = true, rst = true, closed = true })[connection["end"]], connection["end"])
      assert.is_true(number == 1 or connection.requests == 3)
    end
    local seen = {}
    for delays in output:gmatch("delays ([^\n]+)") do
      assert.is_nil(seen[delays], "two children wait alike")
      seen[delays], seen[1] = true, (seen[1] or 0) + 1
    end
    assert.equal(FORKS, seen[1])
  end)

  it("has as many open descriptors after 10,000 calls as before", function()
    local output, journal = child("descriptors", "http", "constant")
    assert.truthy(output:find("more%s+0\n"), output)
    assert.equal(10001, journal.requests)
    assert.equal(1, #journal.connections)
  end)

  it("works with 2,000 descriptors open", function()
    assert.truthy(child("descriptors", "https", "many", "ulimit -n 4096;"):find("open%s+2000\n"))
  end)

  it("sends nothing without a free descriptor, and recovers once there is one", function()
    local output, journal = child("descriptors", "http", "none", "ulimit -n 40;")
    assert.truthy(output:find("failed%s+nil%s+connect%s+not_sent%s+%d+\n"), output)
    assert.truthy(output:find("then%s+created\n"), output)
    assert.equal(1, journal.requests)
  end)

  it("passes no socket on to a program that it starts", function()
    assert.truthy(child("descriptors", "https", "exec"):find("sockets%s+0\n"))
  end)

  it("survives SIGPIPE, and its signal dispositions are unchanged", function()
    -- Every second request finds the connection closed, in various ways.
    for _, scheme in ipairs{ "http", "https" } do
      local first = { "request", { "send", text.response(200, text.SUCCESS) }, "request", "rst" }
      local second = { "request", "rst" }
      local third = { { "read", 10 }, "cut" }
      local order = { tls = scheme == "https" and rig.certificate or nil, again = true }
      for number = 1, 60 do
        local script = ({ first, second, third })[number % 3 + 1]
        order[number] = { scheme == "https" and "tls" or { "wait", 0 }, (unpack or table.unpack)(script) }
      end
      local service = rig.server:listen(order)
      local output = faults.child("signals", { args = { service.url, rig.authority.ca_file } })
      assert.truthy(output:find(ENDED), output)
      local before, after, failures = output:match("^(.-)\n(.-)\nfailures%s+(%d+)\n")
      assert.equal(before, after)
      assert.is_true(tonumber(failures) >= 30, failures)
      local ignored = before:match("SigIgn:%s+%x*(%x)%x%x%x ") -- the lowest bit is SIGPIPE
      assert.is_true(tonumber(ignored, 16) % 2 == 0, before)
    end
  end)

  it("takes at most twice the memory of the longest allowed response", function()
    local chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    local worst = 0
    for _, steps in ipairs{
      { { "send", "HTTP/1.1 200 OK\r\n\r\n" }, { "flood", ("x"):rep(4096) } },
      { { "send", chunked }, { "flood", "1000\r\n" .. ("x"):rep(4096) .. "\r\n" } },
      { { "send", "HTTP/1.1 200 OK\r\n" }, { "flood", ("X-A: b\r\n"):rep(100) } },
      { { "flood", ("HTTP/1.1 100 Continue\r\n\r\n"):rep(100) } },
    } do
      local service = rig.server:listen{ { "request", steps[1], steps[2] }, again = true }
      local output = faults.child("peak", { args = { service.url } })
      local beyond = output:match("^beyond%s+(%d+)" .. ENDED)
      assert.truthy(beyond, output)
      worst = math.max(worst, tonumber(beyond))
      service:close()
    end
    assert.is_true(worst <= 2 * LONGEST + 256 * 1024, worst)
    faults.measured("endless responses took at most %.0f KiB", worst / 1024)
  end)

  describe("with a locale", function()
    -- A decimal comma, a decimal point of two bytes, and a Turkish I in UTF-8 and in an 8-bit character set.
    local LOCALES = { { "de_DE", "UTF-8" }, { "ps_AF", "UTF-8" }, { "tr_TR", "UTF-8" }, { "tr_TR", "ISO-8859-9" } }
    local folder, plain

    setup(function()
      folder = os.tmpname()
      os.remove(folder)
      os.execute("mkdir " .. folder)
      plain = faults.child("locale", { args = { "C" } })
    end)

    teardown(function()
      os.execute("rm -rf " .. folder)
    end)

    for _, locale in ipairs(LOCALES) do
      local name = locale[1] .. "." .. locale[2]
      it("sends, reads, signs and redacts the same bytes: " .. name, function()
        os.execute(("localedef -c -i %s -f %s %s/%s 2>%s/log"):format(locale[1], locale[2], folder, name, folder))
        assert.truthy(plain:find(ENDED), plain)
        assert.equal(plain, faults.child("locale", { args = { name }, before = "LOCPATH=" .. folder }))
      end)
    end
  end)

  it("ends calls by their deadline when name servers are silent", function()
    local service = rig.serve("http", ANSWER)
    local started = rig.driver.now()
    local output = faults.child("names", { preload = true, args = { service.url } })
    assert.truthy(output:find(ENDED), output)
    local worst, calls = 0, 0
    for kind, outcome, over in output:gmatch("call%s+(%S+)%s+(%S+)%s+(%S+)") do
      calls, worst = calls + 1, math.max(worst, tonumber(over))
      assert.same(calls < 7 and { "timeout", "not_sent" } or { "ok", "-" }, { kind, outcome })
    end
    for over in output:gmatch("close%s+ok%s+%-%s+(%S+)") do
      worst = math.max(worst, tonumber(over))
    end
    assert.equal(7, calls)
    assert.is_true(worst < faults.GRACE, worst)
    assert.is_true(rig.driver.now() - started < 5, "its exit waited for the name servers")
    faults.measured("with silent name servers, the latest call returned %.0f ms after its deadline",
      worst * 1000)
  end)
end)
