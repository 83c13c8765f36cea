-- All questions to the emulator in this process, in two personalities, and a round trip.
local core = require "cloudaudit.core"
local cloudaudit = require "cloudaudit"
local learn = require "live.learn"
local personalities = require "live.support.personalities"
local questions = require "live.questions"
local report = require "live.report"

local STORAGE = { StorageType = "cos", StorageRegion = "ap-guangzhou", StorageName = "audit-logs",
  StoragePrefix = "audit" }

local function run_of(options, more)
  local emulator = assert(cloudaudit.emulator.new(options))
  for index = 1, 120 do
    emulator:add_event{ EventTime = emulator:now() - 100 * index,
      EventName = index % 2 == 0 and "RunInstances" or "StopInstances" }
  end
  local state = os.tmpname()
  os.remove(state)
  local settings = { client = emulator:client(), driver = emulator:driver(), write = true, storage = STORAGE,
    state = state, settle = 3, time = function() return emulator:now() end,
    problem = function(row, message) error(row.id .. ": " .. tostring(message), 0) end }
  for name, value in pairs(more or {}) do
    settings[name] = value
  end
  return learn.new(settings), emulator, state
end

local function answers_of(document)
  local answers = {}
  for _, entry in ipairs(document.answers) do
    answers[entry.id] = entry.answer
  end
  return answers
end

describe("live.learn", function()
  it("finds today's reading where the service is so", function()
    local run, emulator = run_of()
    local document = learn.ask(run)
    local open = {}
    for _, entry in ipairs(document.answers) do
      if entry.unanswered then
        open[#open + 1] = entry.id
      else
        assert.is_true(entry.as_documented, entry.id)
      end
    end
    assert.same({ "international.fields", "international.missing", "login.mfa" }, open)
    assert.equal(#questions, #document.answers)
    learn.clean(run)
    assert.same({}, emulator:all_tracks())
  end)

  it("finds every difference, and the same again in an emulator that learned them", function()
    local run, emulator = run_of{ learned = personalities.document() }
    local first = learn.ask(run)
    local answers = answers_of(first)
    for id, expected in pairs(personalities.DIFFERING) do
      assert.same(expected, answers[id], id)
    end
    learn.clean(run)
    assert.same({}, emulator:all_tracks())
    local decoded = assert(core.decode(report.json(first)))
    local again = answers_of(learn.ask((run_of{ learned = decoded })))
    for id, answer in pairs(answers) do
      assert.same(answer, again[id], id)
    end
  end)

  it("differs from today's reading in every switch of the file", function()
    local learned = require "cloudaudit.emulator.learned"
    local documented = {}
    for _, row in ipairs(questions) do
      documented[row.id] = row.documented
    end
    for _, row in ipairs(learned.ROWS) do
      local other = personalities.DIFFERING[row[1]]
      assert.is_true(other ~= nil, row[1])
      assert.are_not.same(documented[row[1]], other, row[1])
      assert.is_true(documented[row[1]] ~= nil, row[1] .. " is not a question")
    end
  end)

  it("asks only what is wanted, and no write without permission", function()
    local run, emulator = run_of(nil, { only = "http.date, names", write = false })
    local document = learn.ask(run)
    assert.equal(2, #document.answers)
    assert.is_true(document.answers[1].answer)
    assert.equal("asked with LIVE_WRITE=1 only", document.answers[2].unanswered)
    assert.equal(0, emulator:count("CreateAuditTrack"))
  end)

  it("goes on after an experiment that fails, and stops at a Ctrl-C", function()
    local failed = {}
    local run = run_of(nil, { only = "http", problem = function(row) failed[#failed + 1] = row.id end })
    function run.x.wire.read()
      error("boom", 0)
    end
    local document, stopped = learn.ask(run)
    assert.is_nil(stopped)
    assert.equal(5, #document.answers)
    assert.equal("the experiment failed", document.answers[1].unanswered)
    assert.is_true(#failed >= 4)
    function run.x.wire.read()
      error("interrupted!", 0)
    end
    document, stopped = learn.ask(run)
    assert.is_true(learn.is_interrupt(stopped))
    assert.equal(0, #document.answers)
  end)
end)

describe("the canaries", function()
  local KEY, TOKEN = "Qz7kXWx9Vk4kXJq2Zx8", "Rw3tLp8Yd5tLMv6Hn1"

  it("appear in no byte of the output", function()
    local names = { "Zanzibar Okonkwo", "okonkwo@example.com", "203.0.113.77", "qcs::cam::uin/700001234567:uin/7" }
    local id = "AKIDjv93kfZzQm41nB7xCanary0011223344"
    local emulator = cloudaudit.emulator.new{ secrets = { [id] = KEY }, tokens = { [id] = TOKEN }, app_id = 1309998887,
      account_id = 700001234567 }
    for index = 1, 60 do
      emulator:add_event{ EventTime = emulator:now() - 60 * index, Username = names[1], SourceIPAddress = names[3],
        SecretId = id, ResourceName = names[4], EventName = index % 2 == 0 and names[2] or "ConsoleLogin",
        SessionContext = core.encode{ mfa = names[1], token = TOKEN, ["Okonkwo"] = KEY },
        UserAgent = names[2], EventId = "Okonkwo" .. index, RequestID = "700001234567-" .. index }
    end
    -- A message and a code can hold what the caller sent.
    emulator:fault{ kind = "error", code = "InvalidParameter." .. "Okonkwo", action = "DescribeAuditTrack",
      message = "uin 700001234567 Okonkwo " .. KEY .. " " .. TOKEN .. " " .. id, times = "always" }
    emulator:fault{ kind = "error", code = "Okonkwo", action = "LookUpEvents", times = "always",
      message = "Okonkwo may not " .. KEY }
    local said = {}
    local state = os.tmpname()
    os.remove(state)
    local run = learn.new{ client = emulator:client{ secret_id = id, secret_key = KEY, token = TOKEN },
      driver = emulator:driver(), write = true, storage = STORAGE, state = state, settle = 1,
      time = function() return emulator:now() end, progress = function(row) said[#said + 1] = row.id end }
    local document = learn.ask(run)
    learn.clean(run)
    assert.is_true(#document.answers == #questions)
    local output = report.json(document) .. report.page(document) .. table.concat(said, "\n")
    for _, canary in ipairs{ KEY, TOKEN, id, "Zanzibar", "Okonkwo", "okonkwo", "203.0.113", "700001234567",
      "1309998887", "audit-logs" } do
      for at = 1, math.max(1, #canary - 7) do
        local window = canary:sub(at, at + 7)
        assert.is_nil(output:find(window, 1, true), window)
      end
    end
    -- The codes were met, and hidden; a file with them can be read.
    assert.truthy(output:find("a code that no document names: (hidden)", 1, true))
    assert.truthy(output:find("a code that no document names: InvalidParameter.Hidden", 1, true))
    assert(cloudaudit.emulator.new{ learned = core.decode(report.json(document)) })
  end)
end)
