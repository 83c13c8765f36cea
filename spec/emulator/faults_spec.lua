local core = require "cloudaudit.core"
local emulator = require "cloudaudit.emulator"
local signed = require "support.signed"

describe("cloudaudit.emulator.faults", function()
  local emu

  before_each(function()
    emu = emulator.new{ now = signed.NOW }
  end)

  local function create(name)
    return signed.send(emu, "CreateAuditTrack", signed.track{ Name = name })
  end

  local function code_of(name)
    local response = create(name)
    return response.Error and response.Error.Code
  end

  it("returns an error, with or without an effect of the call", function()
    emu:fault{ kind = "error", code = "InternalError", message = "ordered" }
    local response = create("one")
    assert.same({ Code = "InternalError", Message = "ordered" }, response.Error)
    assert.equal(0, #emu:all_tracks())
    emu:fault{ kind = "error", code = "InternalError", effect = true }
    assert.equal("InternalError", code_of("one"))
    assert.equal(1, #emu:all_tracks())
    assert.is_nil(code_of("two"))
    emu:fault{ kind = "throttle" }
    assert.equal("RequestLimitExceeded", code_of("three"))
    emu:fault{ kind = "expired_token" }
    assert.equal("AuthFailure.TokenFailure", code_of("three"))
    assert.equal(2, #emu:all_tracks())
  end)

  it("returns the status of a gateway", function()
    emu:fault{ kind = "status" }
    local _, response = create("one")
    assert.same({ 502, "text/html" }, { response.status, response.headers["Content-Type"] })
    assert.truthy(response.body:find("<h1>502</h1>", 1, true))
    assert.equal(0, #emu:all_tracks())
    emu:fault{ kind = "status", status = 503, body = "busy", content_type = "text/plain", effect = true }
    _, response = create("one")
    assert.same({ 503, "busy", "text/plain" }, { response.status, response.body, response.headers["Content-Type"] })
    assert.equal(1, #emu:all_tracks())
  end)

  it("instructs the sender to close, truncate or delay", function()
    emu:fault{ kind = "cut_before" }
    local _, response = create("one")
    assert.is_true(response.cut)
    assert.equal(0, #emu:all_tracks())
    emu:fault{ kind = "cut_after" }
    _, response = create("one")
    assert.is_true(response.cut)
    assert.equal(1, #emu:all_tracks())
    emu:fault{ kind = "truncate", bytes = 10 }
    _, response = create("two")
    assert.equal(10, response.truncated)
    emu:fault{ kind = "truncate", bytes = 100000 }
    _, response = create("three")
    assert.equal(#response.body - 1, response.truncated)
    emu:fault{ kind = "delay", seconds = 3 }
    _, response = create("four")
    assert.equal(3, response.delay)
    assert.equal(4, #emu:all_tracks())
    local faults = {}
    for i, entry in ipairs(emu:journal()) do
      faults[i] = entry.fault
    end
    assert.same({ "cut_before", "cut_after", "truncate", "truncate", "delay" }, faults)
  end)

  it("skews the clock, visibly in the Date header", function()
    emu:fault{ kind = "skew", seconds = 301 }
    local value, response = create("one")
    assert.equal("AuthFailure.SignatureExpire", value.Error.Code)
    assert.equal("Mon, 25 Feb 2019 16:49:26 GMT", response.headers.Date)
    assert.is_nil(code_of("one"))
  end)

  it("strikes the given action, `times` requests after sparing `after`", function()
    emu:fault{ kind = "throttle", action = "CreateAuditTrack", after = 1, times = 2 }
    assert.is_nil(signed.code(emu, "ListAudits", {}))
    local codes = {}
    for i = 1, 4 do
      codes[i] = code_of("track-" .. i) or "ok"
    end
    assert.same({ "ok", "RequestLimitExceeded", "RequestLimitExceeded", "ok" }, codes)
    for _, times in ipairs{ "always", math.huge } do
      emu:fault{ kind = "throttle", times = times }
      for _ = 1, 5 do
        assert.equal("RequestLimitExceeded", code_of("x"))
      end
      emu:clear_faults()
    end
    assert.is_nil(code_of("last"))
  end)

  it("strikes with a probability, the same requests for the same seed", function()
    local function pattern(seed)
      local own = emulator.new{ now = signed.NOW, seed = seed, rate = 0 }
      own:fault{ kind = "throttle", probability = 0.5 }
      local out = {}
      for i = 1, 60 do
        out[i] = signed.code(own, "ListAudits", {}) and "x" or "."
      end
      return table.concat(out)
    end
    assert.equal(pattern(1), pattern(1))
    assert.not_equal(pattern(1), pattern(2))
    local _, struck = pattern(1):gsub("x", "")
    assert.is_true(struck > 15 and struck < 45)
  end)

  it("does not replace the error of an invalid request", function()
    emu:fault{ kind = "throttle" }
    local response = signed.send(emu, "CreateAuditTrack", signed.track(), { secret_key = "wrong" })
    assert.equal("AuthFailure.SignatureFailure", response.Error.Code)
  end)

  it("raises for an invalid fault at the caller's line", function()
    local cases = {
      [{ kind = "trottle" }] =
        'fault.kind: "cut_after", "cut_before", "delay", "error", "expired_token", "mutate", "response", '
        .. '"skew", "status", "throttle" or "truncate" expected, got "trottle"',
      [{ kind = "throttle", tims = 1 }] = "fault.tims: unknown field, did you mean times?",
      [{ kind = "throttle", times = true }] = 'fault.times: integer of 0 or more or "always" expected, got boolean',
      [{ kind = "throttle", seconds = 1 }] = "fault.seconds: not a field of the kind throttle",
      [{ kind = "delay" }] = "fault.seconds: missing, required for the kind delay",
      [{ kind = "error" }] = "fault.code: missing, required for the kind error",
      [{ kind = "cut_after", effect = false }] = "fault.effect: not a field of the kind cut_after",
      [{}] = "fault.kind: missing",
      [{ kind = "status", status = 101 }] = "fault.status: integer from 200 to 599 expected, got 101",
      [{ kind = "status", status = 502.5 }] = "fault.status: integer from 200 to 599 expected, got 502.5",
      [{ kind = "status", content_type = "a\r\nb: c" }] = 'fault.content_type: header value expected, got "a  b: c"',
      [{ kind = "truncate", bytes = -1 }] = "fault.bytes: integer of 0 or more expected, got -1",
      [{ kind = "delay", seconds = math.huge }] =
        "fault.seconds: number from -3155760000 to 3155760000 expected, got inf",
      [{ kind = "skew", seconds = 0 / 0 }] =
        "fault.seconds: number from -3155760000 to 3155760000 expected, got ",
      [{ kind = "error", code = "" }] = 'fault.code: error code expected, got ""',
      [{ kind = "throttle", times = -1 }] = 'fault.times: integer of 0 or more or "always" expected, got -1',
      [{ kind = "throttle", after = 0.5 }] = "fault.after: integer of 0 or more expected, got 0.5",
      [{ kind = "throttle", probability = 2 }] = "fault.probability: number from 0 to 1 expected, got 2",
      [{ kind = "throttle", action = "create_track" }] =
        'fault.action: unknown action "create_track", did you mean CreateAuditTrack?',
      [{ kind = "throttle", action = "DescribeEvent" }] =
        'fault.action: unknown action "DescribeEvent", did you mean DescribeEvents?',
      [{ kind = "throttle", action = "nothing at all" }] = 'fault.action: unknown action "nothing at all"; names',
      [{ kind = "response", headers = { ["a b"] = "c" } }] = "fault.headers: header names expected, got a b",
      [{ kind = "response", headers = { A = "c\r\nd: e" } }] = "fault.headers.A: header value expected",
      [{ kind = "response", headers = { A = 1 } }] = "fault.headers.A: header value expected",
      [{ kind = "mutate" }] = "fault.member: missing, required for the kind mutate",
      [{ kind = "mutate", member = "ListOver" }] = "exactly one of value, raw and absent expected",
      [{ kind = "mutate", member = "ListOver", value = 1, raw = "1" }] = "exactly one of value, raw and absent",
      [{ kind = "mutate", member = "Events[", value = 1 }] =
        'fault.member: a path such as "Events[2].Username" expected',
      [{ kind = "mutate", member = "Events", value = "\255" }] = "fault.value: a value that JSON has expected",
      [{ kind = "mutate", member = "Evnts[1]", value = 1, action = "DescribeEvents" }] =
        "fault.member: DescribeEvents has no member Evnts, did you mean Events?",
    }
    for fault, expected in pairs(cases) do
      local ok, message = pcall(function() emu:fault(fault) end)
      assert.is_false(ok)
      assert.truthy(message:find("faults_spec.lua:", 1, true), message)
      assert.truthy(message:find(expected, 1, true), message)
    end
    assert.is_nil(code_of("after"))
  end)

  describe("of the kind mutate", function()
    local function page(fault)
      emu = emulator.new{ now = signed.NOW, record = false }
      for i = 1, 3 do
        emu:add_event{ EventId = "e" .. i, EventTime = signed.NOW - i }
      end
      fault.kind, fault.action = "mutate", "DescribeEvents"
      emu:fault(fault)
      local _, response = signed.send(emu, "DescribeEvents", { StartTime = signed.NOW - 9, EndTime = signed.NOW })
      return response.body, core.decode(response.body)
    end

    it("puts a value or any bytes in the place of a member", function()
      assert.equal("x", select(2, page{ member = "Events[2].Username", value = "x" }).Response.Events[2].Username)
      assert.truthy(page{ member = "Events[2].Username", raw = '"a\255b"' }:find('"Username":"a\255b"', 1, true))
      assert.truthy(page{ member = "Events", raw = "[NaN,007]" }:find('"Events":[NaN,007]', 1, true))
      assert.truthy(page{ member = "RequestId", value = core.null }:find('"RequestId":null', 1, true))
      assert.same({}, select(2, page{ member = "Events", value = setmetatable({}, core.list) }).Response.Events)
    end)

    it("removes a member, adds one, and reaches into the record", function()
      for _, event in ipairs(select(2, page{ member = "Events[*].EventId", absent = true }).Response.Events) do
        assert.is_nil(event.EventId)
      end
      assert.equal("old", select(2, page{ member = "DeprecatedWarning", value = "old" }).Response.DeprecatedWarning)
      local _, value = page{ member = "Events[1].CloudAuditEvent.userIdentity.type", value = 5 }
      assert.equal(5, core.decode(value.Response.Events[1].CloudAuditEvent).userIdentity.type)
    end)

    it("waits for a response that has the member", function()
      emu:fault{ kind = "mutate", member = "Tracks[1].Name", value = 7 }
      local function list()
        return signed.send(emu, "DescribeAuditTracks", { PageNumber = 1, PageSize = 10 }).Tracks
      end
      assert.same({}, list())
      create("one")
      assert.equal(7, list()[1].Name)
      assert.equal("one", list()[1].Name)
      local struck = {}
      for _, entry in ipairs(emu:journal("DescribeAuditTracks")) do
        struck[#struck + 1] = entry.fault or "none"
      end
      assert.same({ "none", "mutate", "none" }, struck)
    end)
  end)

  it("replaces the parts of a response that are given, and the call takes effect", function()
    emu:fault{ kind = "response", headers = { ["content-type"] = "text/html", ["Content-Encoding"] = "Identity" } }
    local value, response = create("one")
    assert.same({ 1, 200, "text/html", "Identity" }, { value.TrackId, response.status,
      response.headers["content-type"], response.headers["Content-Encoding"] })
    assert.is_nil(response.headers["Content-Type"])
    emu:fault{ kind = "response", body = "{}", status = 201 }
    response = select(2, create("two"))
    assert.same({ 201, "{}", 2 }, { response.status, response.body, #emu:all_tracks() })
    emu:fault{ kind = "response", body = "<html>", effect = false }
    response = select(2, create("three"))
    assert.same({ 200, "<html>", 2 }, { response.status, response.body, #emu:all_tracks() })
  end)
end)
