-- The program behind `make live` against the served emulator in different personalities: the answers are the
-- personality's, and every tracking set is gone afterwards.
local folder = require "support.folder"
local personalities = require "live.support.personalities"
local program = require "live.support.program"
local questions = require "live.questions"

describe("make live", function()
  local place, emulator
  before_each(function() place = folder.new() end)
  after_each(function()
    if emulator then
      emulator:stop()
      emulator = nil
    end
    place.remove()
  end)

  -- Every create of the journal, by its prefix.
  local function created()
    local count = 0
    for _, action in ipairs{ "CreateAuditTrack", "CreateEventsAuditTrack" } do
      for _, entry in ipairs(emulator:journal(action)) do
        local name = entry.params and entry.params.Name
        assert.truthy(name == nil or name == "foreign" or name:find("^cloudaudit%-live%-%x+%-"), name)
        assert.is_true(name == "foreign" or entry.params == nil or entry.params.Status ~= 1)
        count = count + (entry.effect == "created" and name ~= "foreign" and 1 or 0)
      end
    end
    return count
  end

  local function deleted()
    local count = 0
    for _, entry in ipairs(emulator:journal("DeleteAuditTrack")) do
      count = count + (entry.effect == "deleted" and 1 or 0)
    end
    return count
  end

  it("finds every answer as documented where the service is so", function()
    emulator = program.serve(nil, place)
    local foreign = emulator:client():create_track{ name = "foreign", action = "all",
      storage = "cos://audit-logs@ap-guangzhou/cloudaudit" }
    local text, status = program.run(emulator, place, { LIVE_INTL = emulator.endpoint })
    assert.equal(0, status, text)
    local answers, document = program.answers(place)
    assert.equal(#questions, #document.answers)
    for _, row in ipairs(questions) do
      assert.same(row.documented, answers[row.id], row.id)
    end
    assert.is_true(created() > 10)
    assert.equal(created(), deleted())
    local state = emulator:admin("state").tracks
    assert.equal(1, #state)
    assert.equal(foreign.id, tonumber(state[1].id))
    assert.is_nil(program.read(place.path .. "/learned.json.state"))
    assert.truthy(program.read(place.path .. "/learned.md"):find("| Are names of tracking sets unique? | true | true |",
      1, true))
  end)

  it("finds every answer of a service that differs in every switch, and a round trip is equal", function()
    emulator = program.serve(personalities.document(), place)
    local text, status = program.run(emulator, place)
    assert.equal(0, status, text)
    local answers, first = program.answers(place)
    for id, expected in pairs(personalities.DIFFERING) do
      assert.same(expected, answers[id], id)
    end
    assert.same({ 0, 0 }, { program.tracks(emulator) })
    assert.equal(created(), deleted())
    emulator:stop()
    emulator = program.serve(first, place)
    text, status = program.run(emulator, place)
    assert.equal(0, status, text)
    local again = program.answers(place)
    for id, answer in pairs(answers) do
      assert.same(answer, again[id], id)
    end
  end)

  it("removes everything where answers are lost, requests throttled and pages of a gateway come", function()
    emulator = program.serve({ format = 1, answers = { { id = "list.lag", answer = 1 } } }, place)
    for _, fault in ipairs(personalities.MISBEHAVING) do
      emulator:fault(fault)
    end
    local text, status = program.run(emulator, place, { LIVE_ONLY = "names,fill,modify,refusal" })
    assert.equal(0, status, text)
    assert.same({ 0, 0 }, { program.tracks(emulator) })
    assert.is_true(created() > 5)
    assert.equal(created(), deleted())
    -- What it says is right; what it could not find out it does not say.
    local answers, open = program.answers(place), 0
    for _, row in ipairs(questions) do
      local answer = answers[row.id]
      if type(answer) == "table" and answer.unanswered then
        open = open + 1
      elseif answer ~= nil then
        assert.same(row.documented, answer, row.id)
      end
    end
    assert.is_true(open < 30)
  end)

  it("creates nothing with a key that may only read, and says why", function()
    emulator = program.serve(nil, place)
    for _, action in ipairs{ "CreateAuditTrack", "CreateEventsAuditTrack", "ModifyAuditTrack", "DeleteAuditTrack" } do
      emulator:fault{ kind = "error", code = "AuthFailure.UnauthorizedOperation", action = action, times = "always" }
    end
    local text, status = program.run(emulator, place, { LIVE_ONLY = "names,list,refusal.value,events.order" })
    assert.equal(0, status, text)
    local answers = program.answers(place)
    assert.equal("newest", answers["events.order"])
    assert.equal("the create was refused: AuthFailure.UnauthorizedOperation", answers["names.unique"].unanswered)
    assert.equal("the create was refused: AuthFailure.UnauthorizedOperation",
      answers["refusal.value.Name"].unanswered)
    assert.equal("InvalidParameterValue", answers["refusal.value.PageNumber"])
    assert.equal(0, created())
    assert.is_nil(program.read(place.path .. "/learned.json.state"))
  end)

  it("writes nothing without LIVE_WRITE, and sends nothing in a dry run", function()
    emulator = program.serve(nil, place)
    local text, status = program.run(emulator, place, { LIVE_WRITE = false,
      LIVE_ONLY = "names,refusal.region,http.date" })
    assert.equal(0, status, text)
    for _, entry in ipairs(emulator:journal()) do
      assert.is_nil(entry.effect)
      assert.truthy(entry.action == "DescribeAuditTracks", entry.action)
    end
    local before = #emulator:journal()
    text, status = program.run(emulator, place, { LIVE_DRY = "1", LIVE_OUT = place.path .. "/dry.json" })
    assert.equal(0, status, text)
    assert.equal(before, #emulator:journal())
    assert.is_nil(program.read(place.path .. "/dry.json"))
    assert.is_true(select(2, text:gsub("\nPOST cloudaudit%.tencentcloudapi%.com ", "")) > 150)
    for _, action in ipairs{ "CreateAuditTrack", "ModifyAuditTrack", "DeleteAuditTrack", "DescribeEvents",
      "LookUpEvents", "ListAudits" } do
      assert.truthy(text:find("%.com " .. action .. "\n"), action)
    end
  end)

  it("names a setting that is wrong", function()
    emulator = program.serve(nil, place)
    for _, case in ipairs{
      { { LIVE_STORAGE = false }, "LIVE_WRITE needs LIVE_STORAGE" }, { { LIVE_STORAGE = "x" }, "LIVE_STORAGE: " },
      { { LIVE_PATIENCE = "long" }, "LIVE_PATIENCE: a number of seconds expected" },
    } do
      local text, status = program.run(emulator, place, case[1])
      assert.equal(2, status, text)
      assert.truthy(text:find(case[2], 1, true), text)
    end
    assert.equal(0, #emulator:journal())
  end)
end)
