-- ensure_track when the response to a create is lost, as a future, and with concurrent creates.
local cloudaudit = require "cloudaudit"
local lost = require "support.lost_creates"

local SPEC, SEVERAL, other = lost.SPEC, lost.SEVERAL, lost.other
local new, creates, lose = lost.new, lost.creates, lost.lose

-- Faults of a create: whether it takes effect, and the fault.
local LOST = {
  { true, { kind = "cut_after" } }, { false, { kind = "cut_before" } }, { true, { kind = "delay", seconds = 30 } },
  { true, { kind = "truncate" } }, { true, { kind = "status", status = 502, effect = true } },
  { false, { kind = "status", status = 504 } }, { true, { kind = "error", code = "InternalError", effect = true } },
  { false, { kind = "error", code = "FailedOperation" } },
}

describe("ensure_track after a lost response", function()
  it("reports the actual outcome at every point, and sends one create", function()
    for _, options in ipairs{ {}, { unique_names = false }, { list_lag = 3 } } do
      for _, spec in ipairs{ SPEC, SEVERAL } do
        for _, case in ipairs(LOST) do
          local emulator, client = new(options)
          lose(emulator, spec, case[2])
          local track, what, err = client:ensure_track(spec)
          if case[1] then
            assert.equal("created", what, case[2].kind)
            assert.is_true(track.adopted)
            assert.equal("likely", track.created_by_us)
            assert.equal(1, track.id)
            assert.equal("unchanged", select(2, client:ensure_track(spec)))
          else
            assert.is_nil(track, case[2].kind)
            assert.equal("unknown", err.outcome)
            assert.is_false(err.retryable)
            assert.is_true(err.retry_after > 280 and err.retry_after < 310)
            assert.truthy(err.hint:find("reconcile", 1, true))
          end
          assert.equal(1, creates(emulator), case[2].kind)
          assert.equal(case[1] and 1 or 0, #emulator:all_tracks())
        end
      end
    end
  end)

  it("looks again when a look fails or the list lags behind", function()
    local emulator, client = new{ list_lag = 6 }
    emulator:fault{ kind = "cut_after", action = "CreateAuditTrack" }
    emulator:fault{ kind = "cut_before", action = "DescribeAuditTracks", after = 1, times = 2 }
    emulator:fault{ kind = "throttle", action = "DescribeAuditTrack" }
    local before = emulator:now()
    assert.equal("created", select(2, client:ensure_track(SPEC)))
    assert.is_true(emulator:now() - before < 16)
    assert.equal(1, creates(emulator))
  end)

  it("looks soon at first, then with backoff", function()
    local looks = {}
    local emulator = cloudaudit.emulator.new()
    local client = emulator:client{ random = function() return 0.5 end }
    emulator:fault{ kind = "cut_before", action = "CreateAuditTrack" }
    local started = emulator:now()
    assert.is_nil((client:ensure_track(SPEC, { wait = 20 })))
    for index, entry in ipairs(emulator:journal("DescribeAuditTracks")) do
      looks[index] = entry.time - started
    end
    table.remove(looks, 1) -- before the create
    local expected = { 0, 0.5, 1.5, 3.5, 7.5, 15.5, 20 }
    assert.equal(#expected, #looks)
    for index, moment in ipairs(expected) do
      assert.is_true(math.abs(looks[index] - moment) < 0.4, looks[index])
    end
  end)

  it("respects wait", function()
    for _, wait in ipairs{ 0.01, 1, 4, 40 } do
      local emulator, client = new()
      emulator:fault{ kind = "cut_before", action = "CreateAuditTrack" }
      local before = emulator:now()
      local _, _, err = client:ensure_track(SPEC, { wait = wait })
      assert.equal("unknown", err.outcome)
      local took = emulator:now() - before
      assert.is_true(took >= wait and took < wait + 0.2, took)
    end
  end)

  it("does not adopt a track with other settings", function()
    for _, more in ipairs{ { action = "read" }, { all_members = true, action = "write" },
      { enabled = false, action = "write" } } do
      local emulator, stranger = new{ unique_names = false }
      emulator:fault{ kind = "cut_before", action = "CreateAuditTrack" }
      local driver = emulator:driver()
      local exchange = driver.exchange
      function driver.exchange(request, timeout)
        local response, message, info = exchange(request, timeout)
        if request.action == "CreateAuditTrack" then
          assert(stranger:create_track(other(more)))
        end
        return response, message, info
      end
      local track, message, err = emulator:client{ driver = driver }:ensure_track(SPEC)
      assert.is_nil(track)
      assert.equal("conflict", err.kind)
      assert.equal("unknown", err.outcome)
      assert.is_true(#err.differences > 0)
      assert.truthy(message:find("the outcome of the create is unknown", 1, true))
      assert.equal(2, creates(emulator)) -- one of them is not ours
      assert.equal(0, emulator:count("ModifyAuditTrack"))
    end
  end)

  it("creates again only when asked to, and only when the lost request can no longer take effect", function()
    local emulator, client = new()
    emulator:fault{ kind = "cut_before", action = "CreateAuditTrack" }
    local before = emulator:now()
    local track, what = assert(client:ensure_track(SPEC, { on_unknown = "resend" }))
    assert.equal("created", what)
    assert.is_nil(track.adopted)
    local journal = emulator:journal("CreateAuditTrack")
    assert.equal(2, #journal)
    assert.is_true(journal[2].time - before > 305)
    assert.is_true(journal[2].time - before < 330)
    assert.equal(journal[1].body, journal[2].body)
    assert.equal(1, #emulator:all_tracks())
  end)

  it("creates again once, however often responses are lost", function()
    local emulator, client = new()
    emulator:fault{ kind = "cut_before", action = "CreateAuditTrack", times = "always" }
    local track, _, err = client:ensure_track(SPEC, { on_unknown = "resend" })
    assert.is_nil(track)
    assert.equal(2, creates(emulator))
    assert.equal("rejected", err.outcome) -- it waited for the second one too
    assert.is_true(err.retryable)
    assert.is_nil(err.intent)
  end)

  it("adopts the track when resend is allowed and the create took effect", function()
    local emulator, client = new{ list_lag = 100 }
    emulator:fault{ kind = "cut_after", action = "CreateAuditTrack" }
    local track, what = assert(client:ensure_track(SPEC, { on_unknown = "resend" }))
    assert.equal("created", what)
    assert.is_true(track.adopted)
    assert.equal(1, creates(emulator))
  end)

  it("returns the first failure when it cannot look", function()
    local emulator, client = new()
    emulator:fault{ kind = "cut_after", action = "CreateAuditTrack" }
    emulator:fault{ kind = "error", code = "UnauthorizedOperation", action = "DescribeAuditTracks", after = 1,
      times = "always" }
    local track, _, err = client:ensure_track(SPEC)
    assert.is_nil(track)
    assert.equal("CreateAuditTrack", err.action)
    assert.equal("unknown", err.outcome)
    assert.truthy(err.intent)
    assert.truthy(err.hint:find("looking for the track failed too", 1, true))
  end)

  it("succeeds when only the listing after the create fails", function()
    local emulator, client = new()
    emulator:fault{ kind = "error", code = "InternalError", action = "DescribeAuditTracks", after = 1,
      times = "always" }
    assert.equal("created", select(2, client:ensure_track(SPEC)))
    assert.equal(1, creates(emulator))
  end)

  it("finds out whether a change took effect", function()
    for kind, done in pairs{ cut_after = true, cut_before = false } do
      local emulator, client = new()
      assert(client:create_track(other()))
      emulator:fault{ kind = kind, action = "ModifyAuditTrack" }
      local started = emulator:now()
      local track, what, err = client:ensure_track(SPEC)
      if done then
        assert.is_true(emulator:now() - started < 1) -- it is seen at the first look
        assert.equal("updated", what)
        assert.equal("write", track.action)
      else
        assert.is_nil(track)
        assert.equal("unknown", err.outcome)
        assert.equal("action", err.differences[1].field)
        assert.equal("updated", select(2, client:ensure_track(SPEC)))
      end
      assert.equal(done and 1 or 2, emulator:count("ModifyAuditTrack"))
    end
  end)
end)

describe("ensure_track as a future", function()
  it("looks for a lost track as the synchronous method does", function()
    local emulator, client = new{ list_lag = 3 }
    emulator:fault{ kind = "cut_after", action = "CreateAuditTrack" }
    local future = client.async:ensure_track(SPEC)
    local track, what, differences = future:await()
    assert.equal("created", what)
    assert.is_true(track.adopted)
    assert.same({}, differences)
    assert.equal("unchanged", select(2, client.async:ensure_track(SPEC):await()))
    assert.equal(1, creates(emulator))
  end)

  it("has an intent when it is cancelled in flight", function()
    local emulator, client = new()
    emulator:fault{ kind = "delay", seconds = 5, action = "CreateAuditTrack" }
    local future = client.async:create_track(SPEC)
    while #emulator:journal("CreateAuditTrack") == 0 do
      client:step(0)
    end
    future:cancel()
    local track, _, err = future:result()
    assert.is_nil(track)
    assert.equal("cancelled", err.kind)
    assert.equal("unknown", err.outcome)
    assert.equal("created", (client:reconcile(err.intent)))
  end)
end)

describe("ensure_track with concurrent creates", function()
  it("finds the track that took the name", function()
    local emulator, client = new{ list_lag = 4 }
    assert(emulator:client():create_track(SPEC))
    local track, what = assert(client:ensure_track(SPEC)) -- the list does not show it yet
    assert.equal("unchanged", what)
    assert.equal(1, track.id)
    emulator, client = new{ list_lag = 4 }
    assert(emulator:client():create_track(other()))
    assert.equal("updated", select(2, client:ensure_track(SPEC)))
    assert.equal(1, #emulator:all_tracks())
  end)

  it("reports the name as taken when the list does not show its track", function()
    local emulator, client = new{ list_lag = 60 }
    assert(emulator:client():create_track(SPEC))
    local track, _, err = client:ensure_track(SPEC)
    assert.is_nil(track)
    assert.equal("conflict", err.kind)
    assert.is_true(err:is("InvalidParameterValue.AliasAlreadyExists"))
    assert.equal("rejected", err.outcome)
  end)

  it("reports the duplicate that it created itself", function()
    local emulator = cloudaudit.emulator.new{ unique_names = false }
    local driver, stranger = emulator:driver(), emulator:client()
    local exchange = driver.exchange
    function driver.exchange(request, timeout)
      if request.action == "CreateAuditTrack" then
        assert(stranger:create_track(SPEC))
      end
      return exchange(request, timeout)
    end
    local track, _, err = emulator:client{ driver = driver }:ensure_track(SPEC)
    assert.is_nil(track)
    assert.equal("conflict", err.kind)
    assert.equal("created", err.outcome)
    assert.same({ 1, 2 }, err.ids)
    assert.truthy(err.hint:find("delete all but one", 1, true))
  end)
end)

describe("a create that is answered without an id", function()
  it("is looked for and adopted, and sent once", function()
    for _, id in ipairs{ "null", '""', "{}", "0" } do
      local emulator = cloudaudit.emulator.new{ record = false }
      local inner, count = emulator:driver(), 0
      local driver = {}
      for name, value in pairs(inner) do
        driver[name] = value
      end
      function driver.exchange(request, timeout)
        local response, message, info = inner.exchange(request, timeout)
        if request.headers["X-TC-Action"]:find("^Create") then
          count = count + 1
          response.body = response.body:gsub('"TrackId":%d+', '"TrackId":' .. id)
        end
        return response, message, info
      end
      local client = emulator:client{ driver = driver }
      local track, what = assert(client:ensure_track(SPEC))
      assert.equal("created", what)
      assert.is_true(track.adopted)
      assert.equal(1, count)
      assert.equal("unchanged", select(2, client:ensure_track(SPEC)))
    end
  end)
end)
