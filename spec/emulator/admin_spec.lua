local admin = require "cloudaudit.emulator.admin"
local core = require "cloudaudit.core"
local emulator = require "cloudaudit.emulator"
local signed = require "support.signed"

describe("cloudaudit.emulator.admin", function()
  local server

  before_each(function()
    local emu = emulator.new{ now = signed.NOW }
    server = { emulator = emu, connections = function() return 3 end, stop = function(self) self.stopped = true end }
  end)

  local function call(method, path, options)
    options = options or {}
    local response = admin.handle(server, {
      method = method, path = "/_emulator/" .. path, query = options.query or "", body = options.body or "",
      headers = { ["content-type"] = options.content_type or "application/json" },
    }, options.from ~= "far")
    return response.status, core.decode(response.body)
  end

  it("accepts loopback peers only", function()
    for _, path in ipairs{ "state", "journal", "stop", "none" } do
      assert.equal(403, (call("POST", path, { from = "far" })))
    end
    assert.is_nil(server.stopped)
  end)

  it("cannot be controlled by a web page in a browser", function()
    for _, content_type in ipairs{ "text/plain", "application/x-www-form-urlencoded", "" } do
      assert.equal(400, (call("POST", "stop", { content_type = content_type })))
      assert.equal(400, (call("POST", "faults", { content_type = content_type, body = '{"kind":"throttle"}' })))
    end
    assert.equal(405, (call("GET", "stop")))
    assert.equal(405, (call("GET", "reset")))
    assert.is_nil(server.stopped)
    assert.equal(200, (call("POST", "stop")))
    assert.is_true(server.stopped)
  end)

  it("never reveals a secret key", function()
    signed.send(server.emulator, "CreateAuditTrack", signed.track())
    local _, key = server.emulator:credential()
    for _, path in ipairs{ "state", "journal", "faults", "clock", "events" } do
      local response = admin.handle(server, { method = "GET", path = "/_emulator/" .. path, query = "", body = "",
        headers = {} }, true)
      assert.equal(200, response.status)
      assert.is_nil(response.body:find(key, 1, true))
    end
  end)

  it("shows a body that is not text in hexadecimal", function()
    signed.send(server.emulator, "ListAudits", nil, { body = "\255\0" })
    local _, journal = call("GET", "journal")
    assert.is_nil(journal.entries[1].body)
    assert.equal("ff00", journal.entries[1].body_hex)
  end)

  it("shows an action that is not text in hexadecimal", function()
    signed.send(server.emulator, "\255\1", {})
    local status, state = call("GET", "state")
    assert.equal(200, status)
    assert.equal(1, state.counts["hex:ff01"].requests)
    local _, journal = call("GET", "journal")
    assert.equal("ff01", journal.entries[1].action_hex)
  end)

  it("takes and shows the bytes of a fault in hexadecimal", function()
    local status = call("POST", "faults", { body =
      '{"kind":"mutate","action":"InquireAuditCredit","member":"AuditAmount","raw_hex":"22ff22"}' })
    assert.equal(200, status)
    local _, value = call("GET", "faults")
    assert.same({ "22ff22", "AuditAmount" }, { value.faults[1].raw_hex, value.faults[1].member })
    assert.is_nil(value.faults[1].steps or value.faults[1].change)
    local _, response = signed.send(server.emulator, "InquireAuditCredit", {})
    assert.truthy(response.body:find('"AuditAmount":"\255"', 1, true))
    assert.equal(400, (call("POST", "faults", { body = '{"kind":"mutate","member":"a","raw_hex":"2"}' })))
    assert.equal(400, (call("POST", "faults", { body = '{"kind":"throttle","action":"create_track"}' })))
  end)

  it("refuses the journal of an action that does not exist", function()
    assert.equal(400, (call("GET", "journal", { query = "action=create_track" })))
    assert.equal(200, (call("GET", "journal", { query = "action=CreateAuditTrack" })))
  end)

  it("removes faults", function()
    call("POST", "faults", { body = '{"kind":"throttle"}' })
    local _, value = call("DELETE", "faults")
    assert.same({}, value.faults)
  end)

  it("refuses unknown endpoints and invalid bodies", function()
    assert.equal(404, (call("GET", "none")))
    assert.equal(404, (call("GET", "state/more")))
    assert.equal(400, (call("POST", "clock", { body = "[" })))
    assert.equal(400, (call("POST", "clock", { body = "5" })))
  end)

  it("refuses an invalid time and an invalid list of events", function()
    for _, body in ipairs{ '{"now":1e300}', '{"now":-1}', '{"advance":-1e12}', '{"now":"soon"}', "{}" } do
      local status, value = call("POST", "clock", { body = body })
      assert.same({ 400, "string" }, { status, type(value.error) }, body)
    end
    assert.equal(signed.NOW, server.emulator:now())
    assert.equal(400, (call("POST", "events", { body = '{"events":5}' })))
  end)
end)
