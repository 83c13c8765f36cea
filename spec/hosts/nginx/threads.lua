-- One client for all requests, light threads and timers of a worker; run inside nginx against the served emulator.
local cloudaudit = require "cloudaudit"
local cosockets = require "cloudaudit.driver.nginx"
local misbehave = require "support.misbehave"
local semaphore = require "ngx.semaphore"
local shared = require "hosts.nginx.shared"
local site = require "hosts.nginx.site"
local wire = require "support.wire"

local given = site.settings

local function client_of(more)
  local options = { endpoint = given.endpoint, secret_id = given.secret_id, secret_key = given.secret_key, rate = 1000 }
  for name, value in pairs(more or {}) do
    options[name] = value
  end
  return assert(cloudaudit.new(options))
end

describe("a client inside nginx", function()
  it("serves many light threads at once", function()
    local client, threads, ids = client_of(), {}, {}
    for index = 1, 30 do
      threads[index] = ngx.thread.spawn(function()
        return assert(client:ListAudits())
      end)
    end
    for index = 1, 30 do
      local ok, response = ngx.thread.wait(threads[index])
      assert.is_true(ok)
      assert.is_nil(ids[response.RequestId])
      ids[response.RequestId] = true
    end
  end)

  it("serves timers", function()
    local client, done, result = client_of(), semaphore.new(), nil
    assert(ngx.timer.at(0, function()
      result = client:ListAudits()
      done:post()
    end))
    assert.is_true(done:wait(5))
    assert.truthy(result.RequestId)
  end)

  it("continues on another connection when a thread is killed during a call", function()
    local server = misbehave.start()
    local answer = misbehave.response(200, wire.success())
    local listener = server:listen{ { "request", { "send", answer:sub(1, 50) }, "stall" },
      { "request", { "send", answer }, "again" } }
    local client = client_of{ endpoint = (listener.url:gsub("/$", "")) }
    local thread = ngx.thread.spawn(function()
      return client:ListAudits()
    end)
    repeat
      ngx.sleep(0.001)
    until listener:journal().requests == 1
    assert.truthy(ngx.thread.kill(thread))
    for _ = 1, 3 do
      assert.truthy(client:ListAudits())
    end
    local journal = listener:journal()
    assert.equal(1, journal.connections[1].requests)
    assert.equal(3, journal.connections[2].requests)
    listener:close()
    server:stop()
  end)

  it("fails client.async with kind context and a hint", function()
    local _, _, err = client_of().async:ListAudits():await()
    assert.equal("context", err.kind)
    assert.truthy(err.hint)
  end)

  it("reports a missing shared dictionary", function()
    local _, message, err = client_of{ rate_dict = "no_such_dict" }:ListAudits()
    assert.equal("config", err.kind)
    assert.truthy(message:find("lua_shared_dict no_such_dict", 1, true))
    assert.truthy(err.hint:find("1m", 1, true))
  end)

  it("halves the shared rate when the service throttles", function()
    local answers = { wire.refusal("RequestLimitExceeded"), wire.success() }
    local server = misbehave.start()
    local listener = server:listen{ { "request", { "send", misbehave.response(200, answers[1]) }, "request",
      { "send", misbehave.response(200, answers[2]) }, "again" } }
    local url = listener.url:gsub("/$", "")
    assert.truthy(client_of{ endpoint = url, rate_dict = "audit_rate", rate = 10 }:ListAudits())
    assert.equal(5, ngx.shared.audit_rate:get(url:match("//(.*)$") .. " ListAudits allowed"))
    listener:close()
    server:stop()
  end)

  it("cannot be used in other phases", function()
    for _, phase in ipairs{ "init", "init_worker", "exit_worker", "set", "header_filter", "body_filter", "log",
      "balancer", "ssl_client_hello", "ssl_session_fetch", "ssl_session_store" } do
      local ok, _, info = cosockets.usable(phase)
      assert.is_nil(ok)
      assert.same({ "context", false }, { info.kind, info.sent })
      assert.truthy(info.hint:find("ngx.timer.at", 1, true))
    end
  end)
end)

describe("credentials inside nginx", function()
  before_each(function()
    shared.reset()
  end)

  it("are fetched once for all threads", function()
    local threads = {}
    for index = 1, 10 do
      threads[index] = ngx.thread.spawn(shared.call)
    end
    for index = 1, 10 do
      assert.same({ true, "ok" }, { ngx.thread.wait(threads[index]) })
    end
    assert.equal(1, shared.fetched)
  end)

  it("are fetched once for all requests", function()
    local places = {}
    for index = 1, 10 do
      places[index] = { "/shared" }
    end
    local answers = { ngx.location.capture_multi(places) }
    for index = 1, 10 do
      assert.equal("ok\n", answers[index].body)
    end
    assert.equal(1, shared.fetched)
  end)

  it("arrive although the thread that needed them first is killed", function()
    local first = ngx.thread.spawn(shared.call)
    assert.equal(0, shared.fetched)
    ngx.sleep(shared.SECONDS / 2)
    assert.truthy(ngx.thread.kill(first))
    local before = ngx.now()
    assert.equal("ok", shared.call())
    ngx.update_time()
    assert.is_true(ngx.now() - before < 2)
    assert.equal(1, shared.fetched)
  end)

  it("arrive although nginx drops the timer that was to fetch them", function()
    local gate, running = semaphore.new(), 0
    for _ = 1, 16 do
      assert(ngx.timer.at(0, function()
        running = running + 1
        gate:wait(10)
      end))
    end
    repeat
      ngx.sleep(0.001)
    until running == 16
    local threads = {}
    for index = 1, 10 do
      threads[index] = ngx.thread.spawn(shared.call)
    end
    for index = 1, 10 do
      assert.same({ true, "ok" }, { ngx.thread.wait(threads[index]) })
    end
    gate:post(16)
    assert.equal(1, shared.fetched)
  end)

  it("arrive although no timer is available", function()
    repeat
      local made = ngx.timer.at(0.5, function() end)
    until not made
    assert.equal("ok", shared.call())
    assert.equal(1, shared.fetched)
  end)

  it("that cannot be fetched fail all waiting calls", function()
    shared.broken = "no keys today"
    local threads = {}
    for index = 1, 5 do
      threads[index] = ngx.thread.spawn(shared.call)
    end
    for index = 1, 5 do
      local _, said = ngx.thread.wait(threads[index])
      assert.truthy(said:find("no keys today", 1, true), said)
    end
  end)
end)
