-- Many calls over TLS to a served emulator, driven by step: correct responses, shared connections, and correct outcomes
-- for calls that are cancelled, late or closed.
local core = require "cloudaudit.core"
local served = require "support.emulator"

local MOST = 16 -- connections per client

describe("client.async over TLS", function()
  local emulator, client

  setup(function()
    emulator = served.start{ "--tls", "--rate", "0", "--quota", "1000" }
  end)

  teardown(function()
    emulator:stop()
  end)

  before_each(function()
    emulator:admin("reset", {})
    client = emulator:client{ rate = 1000 }
  end)

  after_each(function()
    client:close()
  end)

  local function drain()
    while client:step(1) > 0 do
      -- each step waits
    end
  end

  local function create(name)
    return client.async:create_track{ name = name, action = "all", storage = "cls://topic@ap-guangzhou/audit" }
  end

  local function connections()
    return emulator:admin("state").connections
  end

  it("makes 200 calls, 16 in flight, each with its own response, over 16 connections", function()
    local before = connections()
    local started, in_flight, most, wrong = 0, 0, 0, {}
    local function start()
      started, in_flight = started + 1, in_flight + 1
      most = math.max(most, in_flight)
      local name = ("track-%03d"):format(started)
      create(name):on_done(function(track, message)
        in_flight = in_flight - 1
        if not track or track.name ~= name then
          wrong[#wrong + 1] = message or track.name
        end
        if started < 200 then
          start()
        end
      end)
    end
    for _ = 1, 16 do
      start()
    end
    drain()
    assert.same({}, wrong)
    assert.same({ 200, 0, 16 }, { started, in_flight, most })
    local names = {}
    for _, entry in ipairs(emulator:journal("CreateAuditTrack")) do
      local name = core.decode(entry.body).Name
      assert.is_nil(names[name])
      names[name] = true
    end
    assert.equal(200, #emulator:admin("state").tracks)
    assert.is_true(connections() - before <= MOST, "connections: " .. connections() - before)
  end)

  it("makes 200 calls started at once over 16 connections", function()
    local before, futures = connections(), {}
    for index = 1, 200 do
      futures[index] = client.async:get_track(index)
    end
    drain()
    for index = 1, 200 do
      assert.equal("not_found", select(3, futures[index]:result()).kind)
    end
    assert.equal(200, #emulator:journal("DescribeAuditTrack"))
    assert.is_true(connections() - before <= MOST)
  end)

  it("can be mixed with blocking calls of the same client", function()
    local future = create("beside")
    assert.equal(1, client.async:quota() and client:create_track{ name = "blocking", action = "all",
      storage = "cls://topic@ap-guangzhou/audit" }.id and 1)
    assert.equal("beside", future:await().name)
    assert.equal(2, #emulator:admin("state").tracks)
  end)

  it("cancels calls in progress (unknown) and calls that wait for a connection (not_sent)", function()
    emulator:fault{ kind = "delay", action = "CreateAuditTrack", seconds = 0.5, times = 1000 }
    local futures = {}
    for index = 1, MOST + 4 do
      futures[index] = create("track-" .. index)
    end
    repeat
      client:step(0.05)
    until #emulator:journal("CreateAuditTrack") == MOST
    local outcomes = { unknown = 0, not_sent = 0 }
    for index, future in ipairs(futures) do
      if index ~= 1 and index ~= MOST + 4 then
        future:cancel()
        local _, _, err = future:result()
        assert.equal("cancelled", err.kind)
        outcomes[err.outcome] = outcomes[err.outcome] + 1
      end
    end
    assert.same({ unknown = MOST - 1, not_sent = 3 }, outcomes)
    drain()
    assert(futures[1]:result())
    assert(futures[MOST + 4]:result())
    assert.equal(MOST + 1, #emulator:journal("CreateAuditTrack"))
  end)

  it("enforces the deadline of each call", function()
    local quick = emulator:client{ timeout = 0.3, retries = 0 }
    emulator:fault{ kind = "delay", action = "CreateAuditTrack", seconds = 5 }
    emulator:fault{ kind = "throttle", action = "InquireAuditCredit", times = 1000 }
    local before = core.monotonic()
    local late = quick.async:create_track{ name = "late", action = "all", storage = "cls://topic@ap-guangzhou/audit" }
    local refused = quick.async:quota()
    while quick:step(10) > 0 do
      -- the deadline ends it
    end
    local elapsed = core.monotonic() - before
    local _, _, err = late:result()
    assert.same({ "timeout", "unknown" }, { err.kind, err.outcome })
    assert.equal("throttled", select(3, refused:result()).kind)
    assert.is_true(elapsed > 0.25 and elapsed < 2, elapsed)
    quick:close()
  end)

  it("waits no longer in a step than its argument, and not at all with 0", function()
    emulator:fault{ kind = "delay", action = "InquireAuditCredit", seconds = 1 }
    local future = client.async:quota()
    local before = core.monotonic()
    local steps = 0
    while core.monotonic() - before < 0.3 do
      client:step(0)
      steps = steps + 1
    end
    assert.is_true(steps > 100, steps)
    before = core.monotonic()
    client:step(0.1)
    assert.is_true(core.monotonic() - before < 0.3)
    local list, due = client:fds()
    assert.is_true(#list == 1 or #list == 2) -- libcurl 8.20 and later watch one of their own as well
    assert.is_true(list[1].fd > 2 and (list[1].read or list[2].read))
    assert.is_true(due > 0 and due < 20)
    assert(future:await())
    assert.same({}, (client:fds()))
  end)

  it("waits for a retry without busy-waiting", function()
    emulator:fault{ kind = "throttle", action = "InquireAuditCredit" }
    local future = client.async:quota()
    local steps = 0
    while not future:done() do
      client:step(10)
      steps = steps + 1
    end
    assert(future:result())
    assert.is_true(steps < 50, steps)
    assert.equal(2, #emulator:journal("InquireAuditCredit"))
  end)

  it("ends calls in progress when the client is closed, at once and with the correct outcome", function()
    emulator:fault{ kind = "delay", action = "CreateAuditTrack", seconds = 5 }
    local sent, ends = create("sent"), {}
    repeat
      client:step(0.05)
    until #emulator:journal("CreateAuditTrack") == 1
    local unsent = create("unsent")
    for _, future in ipairs{ sent, unsent } do
      future:on_done(function(_, _, err) ends[#ends + 1] = err.kind .. " " .. err.outcome end)
    end
    local before = core.monotonic()
    client:close()
    repeat -- on a busy machine a step may leave a callback to the next
      assert.is_true(core.monotonic() - before < 1)
    until client:step(10) == 0
    assert.same({ "closed unknown", "closed not_sent" }, ends)
    assert.equal(1, #emulator:journal("CreateAuditTrack"))
  end)

  it("is collected when client and futures are dropped during a call", function()
    emulator:fault{ kind = "delay", seconds = 5, times = 1000 }
    local alive = setmetatable({}, { __mode = "k" })
    local function drop()
      local dropped = emulator:client()
      alive[dropped], alive[dropped.async:quota()] = true, true
      dropped:step(0)
    end
    for _ = 1, 5 do
      drop()
    end
    collectgarbage()
    collectgarbage()
    assert.is_nil(next(alive))
  end)
end)
