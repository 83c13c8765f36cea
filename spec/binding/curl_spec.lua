-- The C module cloudaudit.curl: transports and transfers are userdata, closed and collected in any order.
local core = require "cloudaudit.core"
local curl = require "cloudaudit.curl"
local driver_rig = require "support.driver_rig"
local misbehave = require "support.misbehave"

local OK = misbehave.response(200, "{}")

describe("cloudaudit.curl", function()
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

  it("runs many transfers at once, and closes them in any order", function()
    local listener = rig.listen{ { "request", { "send", OK }, "again" }, again = true }
    local transport = curl.new{}
    local transfers = {}
    for i = 1, 16 do
      transfers[i] = transport:start(rig.request(listener.url), 5)
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
    local listener = rig.listen{ { "request", "stall" } }
    local transport = curl.new{}
    local transfer = transport:start(rig.request(listener.url), 5)
    local started, slowest = core.monotonic(), 0
    while listener:journal().requests == 0 do
      local before = core.monotonic()
      assert.equal(1, transport:step(0))
      slowest = math.max(slowest, core.monotonic() - before)
    end
    assert.is_true(slowest < 0.1, "took " .. slowest)
    local fds, seconds = transport:fds()
    assert.is_true(#fds == 1 or #fds == 2) -- libcurl 8.20 and later watch one of their own as well
    assert.is_true(fds[1].fd > 2)
    assert.is_true(fds[1].read or fds[2].read)
    assert.is_true(seconds > 0 and seconds <= 5.1 - (core.monotonic() - started))
    transfer:close()
    assert.equal(0, transport:pending())
    assert.same({}, (transport:fds()))
    transport:close()
  end)

  it("sends each request to its own URL, regardless of earlier ones", function()
    local script = { { "request", { "send", OK }, "again" }, again = true }
    local first, second = rig.listen(script), rig.listen(script)
    local transport = curl.new{}
    local function ask(url)
      local transfer = transport:start(rig.request(url), 5)
      while not transfer:done() do transport:step(1) end
      assert.equal(200, (transfer:take()))
    end
    for _, url in ipairs{ first.url, second.url, second.url, first.url, second.url .. "path?query", first.url } do
      ask(url)
    end
    for _, no_url in ipairs{ "http://a b/", "/path" } do
      local none, _, info = transport:start(rig.request(no_url), 5, 1)
      assert.is_nil(none)
      assert.is_false(info.sent)
    end
    ask(first.url)
    transport:close()
    assert.same({ 4, 3 }, { first:journal().requests, second:journal().requests })
  end)

  it("allows a finalizer to make an exchange while another one's response is read", function()
    -- Making a Lua string of the head runs the collector before the body is read.
    local body, head = ("x"):rep(20000), { "X-Long: " .. ("y"):rep(50000) }
    local listener = rig.listen{ { "request", { "send", misbehave.response(200, body, head) }, "again" }, again = true }
    local transport, request = curl.new{}, rig.request(listener.url)
    local function ask()
      local status, _, found = transport:start(request, 5, 5)
      if type(status) == "userdata" then
        while not status:done() do transport:step(1) end
        status, _, found = status:take()
      end
      return status == 200 and found == body
    end
    local within, nested, wrong = false, 0, 0
    local function arm()
      local object = newproxy and newproxy(true) or setmetatable({}, {})
      getmetatable(object).__gc = function()
        if within then
          within, nested = false, nested + 1
          wrong = wrong + (ask() and 0 or 1)
        end
      end
      if not newproxy then setmetatable(object, getmetatable(object)) end
    end
    local function collector(name, value) -- Lua 5.5 has one word for both
      if pcall(collectgarbage, "param", name) then
        return collectgarbage("param", name, value)
      end
      return collectgarbage("set" .. name, value)
    end
    local pause, multiplier = collector("pause", 1), collector("stepmul", 1000)
    collectgarbage("restart") -- a pause takes effect in the next cycle
    local asked = 0
    while asked < 50 or nested == 0 and asked < 5000 do -- among the objects of other specs it takes longer
      arm()
      within, asked = true, asked + 1
      wrong = wrong + (ask() and 0 or 1)
      within = false
    end
    collector("pause", pause)
    collector("stepmul", multiplier)
    transport:close()
    assert.equal(0, wrong)
    assert.is_true(nested > 0)
    assert.equal(asked + nested, listener:journal().requests)
  end)

  it("ends a transfer whose transport is closed first", function()
    local listener = rig.listen{ { "request", "stall" } }
    local transport = curl.new{}
    local transfer = transport:start(rig.request(listener.url), 5)
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
    end, "transfer: closed")
    assert.equal(0, transport:step(0))
    assert.same({}, (transport:fds()))
    local none, _, why = transport:start(rig.request(listener.url), 5)
    assert.is_nil(none)
    assert.same({ kind = "closed", sent = false }, why)
  end)

  it("survives the collector in any order", function()
    local listener = rig.listen{ { "request", { "send", OK }, "again" }, again = true }
    for round = 1, 20 do
      local held = { transport = curl.new{} }
      for i = 1, 5 do
        held[i] = held.transport:start(rig.request(listener.url), 5)
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
    end, "connect_timeout: number above 0 expected")
    assert.has_error(function()
      transport:start({}, 1)
    end, "request.method: string expected")
    assert.has_error(function()
      transport:start({ method = "PUT", url = "http://127.0.0.1/", body = "", headers = {} }, 1)
    end, "request.method: POST or GET expected")
    assert.has_error(function()
      transport:start({ method = "POST", url = "http://127.0.0.1/", body = "", headers = { a = 1 } }, 1)
    end)
    local listener = rig.listen{ { "request", { "send", OK } } }
    local transfer = transport:start(rig.request(listener.url), 5)
    assert.has_error(function()
      transfer:result()
    end, "transfer: still under way")
    while not transfer:done() do
      transport:step(1)
    end
    assert.equal(200, transfer:result().status)
    transport:close()
  end)
end)
