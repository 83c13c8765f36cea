-- Several clients in one program, over TLS: awaiting steps all that a future depends on, and a response that lies in
-- the socket counts although nobody stepped until its deadline had passed.
local served = require "support.emulator"

describe("several clients in one program", function()
  local emulator, a, b
  local cloudaudit = require "cloudaudit"

  setup(function()
    emulator = served.start{ "--tls", "--rate", "0", "--quota", "100" }
  end)

  teardown(function()
    emulator:stop()
  end)

  before_each(function()
    emulator:admin("reset", {})
    a, b = emulator:client(), emulator:client{ timeout = 1 }
  end)

  after_each(function()
    a:close()
    b:close()
  end)

  local function create()
    return b.async:create_track{ name = "late", action = "all", storage = "cls://topic@ap-guangzhou/audit" }
  end

  it("get their responses in time while another call is slow", function()
    emulator:fault{ kind = "delay", action = "InquireAuditCredit", seconds = 1.5 }
    local list, message = cloudaudit.all{ a.async:quota(), create() }:await()
    assert(list, message)
    assert.equal("late", list[2].name)
    assert.equal(1, #emulator:journal("CreateAuditTrack"))
  end)

  it("are stepped by a task of another client", function()
    local future = a:task(function() return b.async:quota():await() end)
    assert.equal("number", type(future:await().remaining))
    local stepped = a:task(function() return b.async:quota():await() end)
    while a:step(1) > 0 do
      -- a steps b
    end
    assert.equal("number", type(stepped:result().remaining))
  end)

  it("get a response that arrived while nobody stepped, after the deadline too", function()
    emulator:fault{ kind = "delay", action = "CreateAuditTrack", seconds = 0.3 }
    emulator:fault{ kind = "delay", action = "InquireAuditCredit", seconds = 1.5 }
    local future = create()
    local steps = 0
    while #emulator:journal("CreateAuditTrack") == 0 do
      b:step(0.01)
      steps = steps + 1
      assert.is_true(steps < 500)
    end
    assert(a:quota()) -- blocks until the deadline of b's call has passed
    local track, message, err = future:await()
    assert(track, message)
    assert.equal("late", track.name)
    assert.is_nil(err)
    assert.equal(1, #emulator:journal("CreateAuditTrack"))
  end)

  it("end at their deadline without a response", function()
    emulator:fault{ kind = "delay", action = "CreateAuditTrack", seconds = 5 }
    local _, message, err = create():await()
    assert.same({ "timeout", "unknown" }, { err.kind, err.outcome }, message)
    assert.is_true(err.elapsed >= 0.99 and err.elapsed < 1.2)
  end)
end)
