-- client:reconcile: the outcome of a create, by its intent.
local cloudaudit = require "cloudaudit"
local core = require "cloudaudit.core"
local lost_creates = require "support.lost_creates"

local SPEC, SEVERAL, other = lost_creates.SPEC, lost_creates.SEVERAL, lost_creates.other
local new, creates, lose = lost_creates.new, lost_creates.creates, lost_creates.lose

describe("reconcile", function()
  local function lost(emulator, client, kind, spec)
    lose(emulator, spec or SPEC, { kind = kind })
    local track, _, err = client:create_track(spec or SPEC)
    assert.is_nil(track)
    assert.equal("unknown", err.outcome)
    return err.intent
  end

  it("takes an intent that another process read as JSON", function()
    local emulator, client = new()
    local intent = lost(emulator, client, "cut_after")
    assert.same({ "action", "body", "timestamp" }, (function()
      local names = {}
      for name in pairs(intent) do
        names[#names + 1] = name
      end
      table.sort(names)
      return names
    end)())
    local saved = core.encode(intent)
    for _, secret in ipairs{ "AKID", "Authorization", "Signature", (select(2, emulator:credential())) } do
      assert.is_nil(saved:find(secret, 1, true))
    end
    local outcome, track = emulator:client():reconcile(core.decode(saved))
    assert.equal("created", outcome)
    assert.equal(1, track.id)
    assert.is_true(track.adopted)
    assert.equal("likely", track.created_by_us)
    assert.equal(1, creates(emulator))
  end)

  it("returns absent only after the signature has expired", function()
    local emulator, client = new()
    local intent = lost(emulator, client, "cut_before")
    assert.equal("unknown", (client:reconcile(intent, { wait = 1 })))
    emulator:set_now(intent.timestamp + 304)
    local outcome, detail = client:reconcile(intent, { wait = 0.5 })
    assert.equal("unknown", outcome)
    assert.is_true(detail.retry_after > 0 and detail.retry_after <= 2)
    emulator:advance(detail.retry_after)
    outcome, detail = client:reconcile(intent, { wait = 0.5 })
    assert.equal("absent", outcome)
    assert.same({}, detail)
    assert.equal(1, creates(emulator))
  end)

  it("waits until the signature has expired if wait allows", function()
    local emulator, client = new()
    local intent = lost(emulator, client, "cut_before")
    local before = emulator:now()
    assert.equal("absent", (client:reconcile(intent, { wait = 400 })))
    assert.is_true(emulator:now() - before < 312)
  end)

  it("uses the service's clock, and allows for an error of this clock", function()
    local emulator = cloudaudit.emulator.new{ now = 1767225600 }
    local driver, dated = emulator:driver(), false
    local exchange = driver.exchange
    function driver.exchange(request, timeout)
      local response, message, info = exchange(request, timeout)
      if response and not dated then
        response.headers.date = nil
      end
      return response, message, info
    end
    -- Four minutes ahead of the service, which still accepts its signatures.
    local client = emulator:client{ driver = driver, clock = function() return emulator:now() + 240 end }
    local intent = lost(emulator, client, "cut_before")
    emulator:advance(400)
    assert.equal("unknown", (client:reconcile(intent, { wait = 0.1 })))
    emulator:advance(300)
    assert.equal("absent", (client:reconcile(intent, { wait = 0.1 })))
    dated = true
    intent = lost(emulator, client, "cut_before")
    emulator:advance(290) -- 530 s by its own clock
    assert.equal("unknown", (client:reconcile(intent, { wait = 0.1 })))
    emulator:advance(260)
    assert.equal("absent", (client:reconcile(intent, { wait = 0.1 })))
    -- The Date of a cached response does not count.
    intent = lost(emulator, client, "cut_before")
    emulator:advance(560)
    function driver.exchange(request, timeout)
      local response, message, info = exchange(request, timeout)
      response.headers.age = "600"
      return response, message, info
    end
    assert.equal("unknown", (client:reconcile(intent, { wait = 0.1 })))
  end)

  it("returns conflict and duplicate", function()
    local emulator, client = new{ unique_names = false }
    local intent = lost(emulator, client, "cut_before")
    assert(client:create_track(other()))
    local outcome, detail = client:reconcile(intent)
    assert.equal("conflict", outcome)
    assert.equal(1, detail.track.id)
    assert.equal("action: write wanted, read found", tostring(detail.differences[1]))
    assert(client:create_track(SPEC))
    outcome, detail = client:reconcile(intent)
    assert.equal("duplicate", outcome)
    assert.same({ ids = { 1, 2 } }, detail)
  end)

  it("handles the other kind", function()
    local emulator, client = new()
    local intent = lost(emulator, client, "cut_after", SEVERAL)
    assert.equal("CreateEventsAuditTrack", intent.action)
    assert.equal("created", (client:reconcile(intent)))
    assert(client:delete_track(1))
    assert(client:create_track(SPEC))
    assert.equal("conflict", (client:reconcile(intent)))
  end)

  it("does not claim a track that is older than the request", function()
    local emulator, client = new()
    assert(client:create_track(SPEC))
    emulator:advance(20)
    local request = client:prepare("CreateAuditTrack", { Name = "audit", ActionType = "Write", ResourceType = "*",
      Status = 1, EventNames = { "*" }, Storage = cloudaudit.storage.parse(SPEC.storage) })
    local outcome, track = client:reconcile(request)
    assert.equal("created", outcome)
    assert.equal("no", track.created_by_us)
  end)

  it("claims no track whose time of creation cannot be read", function()
    local emulator = cloudaudit.emulator.new()
    local driver = emulator:driver()
    local exchange = driver.exchange
    function driver.exchange(request, timeout)
      local response, message, info = exchange(request, timeout)
      if response then
        response.body = response.body:gsub('"CreateTime":"[^"]*"', '"CreateTime":"a moment ago"')
      end
      return response, message, info
    end
    local client = emulator:client{ driver = driver }
    local outcome, track = client:reconcile(lost(emulator, client, "cut_after"))
    assert.equal("created", outcome)
    assert.is_nil(track.created_at)
    assert.equal("a moment ago", track.created_at_text)
    assert.equal("no", track.created_by_us)
  end)

  it("has an intent only for creates with an unknown outcome", function()
    local emulator, client = new()
    assert(client:create_track(SPEC))
    local _, _, err = client:create_track(SPEC)
    assert.equal("rejected", err.outcome)
    assert.is_nil(err.intent)
    emulator:fault{ kind = "cut_after", action = "DeleteAuditTrack" }
    _, _, err = client:delete_track(1)
    assert.equal("unknown", err.outcome)
    assert.is_nil(err.intent)
    emulator:fault{ kind = "cut_after", action = "CreateAuditTrack" }
    _, _, err = client:CreateAuditTrack{ Name = "audit", ActionType = "Write", ResourceType = "*", Status = 1,
      EventNames = { "*" }, Storage = cloudaudit.storage.parse(SPEC.storage) }
    assert.equal("created", (client:reconcile(err.intent)))
  end)

  it("rejects a value that is not an intent", function()
    local _, client = new()
    local good = { action = "CreateAuditTrack", body = "{}", timestamp = 1767225600 }
    local function bad(name, value)
      local intent = {}
      for key, item in pairs(good) do
        intent[key] = item
      end
      intent[name] = value
      return intent
    end
    for pattern, arguments in pairs{
      ["reconcile: intent expected %(err%.intent of a create%), got string"] = { "x" },
      ["reconcile%.intent%.body: string expected, got table"] = { bad("body", {}) },
      ['reconcile%.intent%.action: "CreateAuditTrack" or "CreateEventsAuditTrack" expected, got "DeleteAuditTrack"'] =
        { bad("action", "DeleteAuditTrack") },
      ["reconcile%.intent%.timestamp: integer of 0 or more expected, got string"] = { bad("timestamp", "1") },
      ["reconcile%.wiat: unknown option, did you mean wait%?"] = { good, { wiat = 1 } },
    } do
      assert.error_matches(function() client:reconcile(arguments[1], arguments[2]) end, pattern)
    end
    for _, body in ipairs{ "", "{", "[]", "{}", '{"Name":1}', '{"Name":"audit"}', '{"Name":"audit","Storage":5}',
      '{"Name":"audit","Storage":{},"EventNames":"x"}' } do
      local outcome, _, err = client:reconcile(bad("body", body))
      assert.is_nil(outcome)
      assert.equal("validation", err.kind)
      assert.equal("intent.body", err.field)
    end
  end)

  it("fails as its calls do", function()
    local emulator, client = new()
    local intent = lost(emulator, client, "cut_after")
    emulator:fault{ kind = "error", code = "UnauthorizedOperation" }
    local outcome, _, err = client:reconcile(intent)
    assert.is_nil(outcome)
    assert.equal("permission", err.kind)
  end)
end)
