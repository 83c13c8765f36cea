-- A client that is closed during its own call, as a finalizer may do, at every instruction of the call. That must never
-- raise, and the outcome must be correct.
local cloudaudit = require "cloudaudit"
local misbehave = require "support.misbehave"

local BODY = '{"Response":{"RequestId":"r-1"}}'

-- LuaJIT tells no hook of what it has compiled.
local compiler = rawget(_G, "jit")

describe("a client that is closed during its own call", function()
  local server, listener, sent, may_be_sent, raised

  setup(function()
    server = misbehave.start()
    if compiler then compiler.off() end
  end)

  teardown(function()
    server:stop()
    if compiler then compiler.on() end
  end)

  before_each(function()
    listener = server:listen{ { "request", { "send", misbehave.response(200, BODY) }, "again" }, again = true }
    sent, may_be_sent, raised = 0, 0, {}
  end)

  after_each(function()
    listener:close()
  end)

  local function new()
    return cloudaudit.new{ endpoint = listener.url:gsub("/$", ""), insecure_http = true,
      secret_id = "AKIDEXAMPLEEXAMPLE00", secret_key = "EXAMPLEKEY" }
  end

  -- Whether the call lasted for so many instructions.
  local function close_after(client, instructions)
    local reached = false
    debug.sethook(function()
      debug.sethook()
      reached = true
      client:close()
    end, "", instructions)
    local ok, response, _, err = pcall(client.call, client, "ListAudits", {})
    debug.sethook()
    if not ok then
      raised[#raised + 1] = instructions .. ": " .. tostring(response)
    elseif response then
      sent = sent + 1
    elseif err.outcome == "unknown" then
      may_be_sent = may_be_sent + 1
    else
      assert.equal("closed", err.kind)
    end
    client:close()
    return reached
  end

  local function hold(before)
    assert.same({}, raised)
    local requests = listener:journal().requests - before
    assert.is_true(sent <= requests and requests <= sent + may_be_sent)
  end

  it("for the first time", function()
    local at = 1
    while close_after(new(), at) do at = at + 3 end
    assert.is_true(at > 300)
    hold(0)
  end)

  it("when everything is open", function()
    local at, warmed = 0, 0
    repeat
      local client = new()
      assert(client:call("ListAudits", {}))
      at, warmed = at + 1, warmed + 1
    until not close_after(client, at)
    assert.is_true(at > 100)
    hold(warmed)
  end)
end)
