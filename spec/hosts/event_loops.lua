-- The examples in their hosts, against a served emulator over TLS with slow responses: their output, and
-- that their loops keep running meanwhile. Run by event_loops.sh.
local core = require "cloudaudit.core"
local curl = require "cloudaudit.curl"
local free_ports = require "support.free_ports"
local served = require "support.emulator"

-- Delay in seconds of the response that a host must not wait for.
local DELAY = 0.5

describe("an example", function()
  local emulator

  before_each(function()
    emulator = served.start{ "--tls" }
  end)

  after_each(function()
    emulator:stop()
  end)

  -- Starts a command on a build with the emulator's environment; `before` is shell code in front of it.
  local function start(build, command, before)
    local environment = ("CLOUDAUDIT_ENDPOINT='%s' CLOUDAUDIT_CA_FILE='%s'"):format(emulator.endpoint, emulator.ca_file)
      .. (" TENCENTCLOUD_SECRET_ID='%s' TENCENTCLOUD_SECRET_KEY='%s'"):format(emulator.secret_id, emulator.secret_key)
    return assert(io.popen(("%s exec env -u DISPLAY %s spec/with %s %s </dev/null 2>&1"):format(before or "",
      environment, build, command)))
  end

  -- The output of a command, which must end with status 0.
  local function output(build, command)
    local pipe = start(build, command)
    local text = pipe:read("*a")
    assert(pipe:close(), text)
    return text
  end

  -- The Lua that HAProxy was built with: 5.3 in Debian 12, 5.4 in Debian 13.
  local function lua_of_haproxy()
    local pipe = assert(io.popen("haproxy -vv 2>&1"))
    local text = pipe:read("*a")
    pipe:close()
    return assert(text:match("Built with Lua version : Lua (5%.%d)"), text)
  end

  local function has(text, line)
    assert.truthy(("\n" .. text):find("\n" .. line .. "\n", 1, true), ("no line %q in:\n%s"):format(line, text))
  end

  local function create(name)
    local client = emulator:client()
    assert(client:create_track{ name = name, action = "write", storage = "cls://topic@ap-guangzhou/audit" })
    client:close()
  end

  it("for luv runs calls in a libuv loop", function()
    for _, build in ipairs{ "5.4", "luajit" } do
      emulator:admin("reset", {})
      emulator:fault{ kind = "throttle", action = "DescribeAuditTrack" }
      local text = output(build, "timeout 20 lua" .. (build == "5.4" and "5.4" or "jit") .. " examples/luv.lua")
      local ids = 0
      for _ in text:gmatch("[rwa]%l+\t%d\n") do
        ids = ids + 1
      end
      assert.equal(3, ids, text)
      has(text, "424242 failed: DescribeAuditTrack: The tracking set does not exist. (ResourceNotFound.AuditNotExist)"
        .. " (rejected)")
      assert.equal(3, #emulator:admin("state").tracks)
      assert.equal(2, #emulator:journal("DescribeAuditTrack"))
    end
  end)

  it("for LÖVE draws frames during a TLS handshake and slow calls", function()
    create("game")
    emulator:fault{ kind = "delay", action = "DescribeEvents", seconds = DELAY }
    local text = output("luajit", "timeout 20 love examples/love --headless")
    has(text, "track 1 is there")
    has(text, "event CreateAuditTrack")
    local frames, longest, cpu = text:match("(%d+) frames, the longest step ([%d.]+) ms, ([%d.]+) ms of CPU")
    assert(frames, text)
    print(("LÖVE: %s frames in the %g s of the slowest call, the longest step %s ms, %s ms of CPU"):format(frames,
      DELAY, longest, cpu))
    -- At 60 frames a second a frame has 16 ms. CPU time is compared: a busy machine lengthens only wall time.
    assert.is_true(tonumber(frames) > 20)
    assert.is_true(tonumber(cpu) < 16)
  end)

  it("for LÖVE may call the library from finalizers that run last", function()
    local folder = os.tmpname()
    os.remove(folder)
    assert.is_truthy(os.execute(("mkdir %s && cp examples/love/conf.lua %s && sed '$a love.event.quit()' "
      .. "spec/support/late_finalizer.lua >%s/main.lua"):format(folder, folder, folder)))
    local text = output("luajit", "timeout 20 love " .. folder .. " --headless")
    os.execute("rm -r " .. folder)
    assert.truthy(text:find("sign true\ncurl true\nhttpd true\nend\n$"), text)
  end)

  it("for Neovim lists recent events while the user types", function()
    create("editor")
    emulator:fault{ kind = "delay", action = "DescribeEvents", seconds = DELAY }
    local text = output("luajit", "timeout 20 nvim --headless -u NONE -i NONE -n -c 'luafile spec/hosts/neovim.lua'")
    has(text, "typed while the call was under way: hello")
    assert.truthy(text:find("%d+Z CreateAuditTrack "), text)
    local gap = tonumber(text:match("the longest pause of the editor: (%d+) ms"))
    assert(gap, text)
    print(("Neovim: the longest pause of the editor while a call took %g s: %d ms"):format(DELAY, gap))
    assert.is_true(gap < DELAY * 1000 / 2)
    emulator:fault{ kind = "error", action = "DescribeEvents", code = "UnauthorizedOperation", times = 10 }
    text = output("luajit", "timeout 20 nvim --headless -u NONE -i NONE -n -c 'luafile spec/hosts/neovim.lua'")
    assert.truthy(text:find("cloudaudit: .*UnauthorizedOperation"), text)
  end)

  it("for HAProxy serves pages while its task makes calls", function()
    create("gateway")
    emulator:fault{ kind = "delay", action = "DescribeAuditTracks", seconds = DELAY }
    local port = free_ports(1)[1]
    local pipe = start(lua_of_haproxy(), "timeout 20 haproxy -f examples/haproxy/haproxy.cfg -db",
      ("echo $$; export PORT=%d;"):format(port))
    local pid = assert(pipe:read("*l"))
    finally(function()
      os.execute("kill " .. pid)
      pipe:close()
    end)
    local transport = assert(curl.new{})
    local function page()
      local transfer = assert(transport:start({ method = "GET", url = "http://127.0.0.1:" .. port .. "/", headers = {},
        body = "" }, 5))
      local before = core.monotonic()
      while not transfer:done() do
        transport:step(5)
      end
      local response = transfer:result()
      transfer:close()
      return response and response.body, core.monotonic() - before
    end
    local seen, slowest, ends = {}, 0, core.monotonic() + 10
    repeat
      local body, took = page()
      if body then
        seen[body], slowest = (seen[body] or 0) + 1, math.max(slowest, took)
      end
      curl.sleep(0.02)
    until seen["1 gateway on\n"] or core.monotonic() > ends
    assert.is_true((seen["nothing read yet\n"] or 0) > 3)
    assert.equal(1, seen["1 gateway on\n"])
    print(("HAProxy: the slowest of its pages while a call took %g s: %.0f ms"):format(DELAY, slowest * 1000))
    assert.is_true(slowest < DELAY / 2)
  end)
end)
