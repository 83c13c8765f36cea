-- The program behind `make live` is killed at random moments, or interrupted: another run leaves no tracking set of it,
-- and never touches another one. CLOUDAUDIT_KILLS is the number of kills.
local folder = require "support.folder"
local ledgers = require "live.ledger"
local program = require "live.support.program"

local KILLS = tonumber(os.getenv("CLOUDAUDIT_KILLS")) or 10
local ONLY = { LIVE_ONLY = "names,fill,refusal.track,refusal.value", LIVE_SETTLE = "1" }
local CLEAN = { LIVE_ONLY = "none", LIVE_SETTLE = "1" } -- no question: the run only cleans up

describe("make live, stopped at any moment,", function()
  local place, emulator
  before_each(function() place = folder.new() end)
  after_each(function()
    emulator:stop()
    place.remove()
  end)

  local function foreign()
    return assert(emulator:client():create_track{ name = "cloudaudit-live-of-somebody-else", action = "all",
      storage = "cos://audit-logs@ap-guangzhou/cloudaudit", enabled = false })
  end

  it("by SIGKILL, is cleaned up by the next run", function()
    emulator = program.serve({ format = 1, answers = { { id = "list.lag", answer = 0 } } }, place)
    -- So that a kill meets a create whose answer has not arrived.
    emulator:fault{ kind = "delay", seconds = 0.1, action = "CreateAuditTrack", times = "always" }
    foreign()
    local seed, left = 20190319, 0
    for index = 1, KILLS do
      seed = (seed * 16807) % 2147483647
      local text, status = program.kill(emulator, place, 0.03 + seed / 2147483647 * 1.2, "KILL", ONLY)
      assert.equal(137, status, index .. ": " .. text)
      left = left + (program.tracks(emulator) > 1 and 1 or 0)
      -- Every fifth time the next run is one that only cleans up; otherwise it is killed as well.
      if index % 5 == 0 then
        text, status = program.run(emulator, place, CLEAN)
        assert.equal(0, status, text)
        assert.same({ 1, 1 }, { program.tracks(emulator) })
        assert.is_nil(ledgers.state(place.path .. "/learned.json.state"))
      end
    end
    assert.is_true(left > KILLS / 10, "the kills came too early or too late: " .. left)
    assert.equal("cloudaudit-live-of-somebody-else", emulator:admin("state").tracks[1].Name)
  end)

  it("by Ctrl-C, cleans up itself and writes what it knows", function()
    emulator = program.serve(nil, place)
    foreign()
    local interrupted = 0
    for index = 1, 6 do
      local text, status = program.kill(emulator, place, 0.3 + index * 0.15, "INT", ONLY)
      if status == 130 then
        interrupted = interrupted + 1
        assert.truthy(text:find("live: interrupted", 1, true), text)
        assert.same({ 1, 1 }, { program.tracks(emulator) }, text)
        assert.is_nil(program.read(place.path .. "/learned.json.state"))
        assert.is_table((program.answers(place)))
      end
    end
    assert.is_true(interrupted >= 3)
  end)
end)
