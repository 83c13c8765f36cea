local core = require "cloudaudit.core"
local learned = require "cloudaudit.emulator.learned"
local questions = require "live.questions"

local CLASSES = { number = true, boolean = true, code = true, word = true, list = true, any = true }

describe("live.questions", function()
  it("are complete rows with ids of their own", function()
    local seen, known = {}, core.actions()
    assert.is_true(#questions > 70)
    for _, row in ipairs(questions) do
      assert.is_nil(seen[row.id], row.id)
      seen[row.id] = true
      for _, name in ipairs{ "question", "why", "compares" } do
        assert.is_true(type(row[name]) == "string" and #row[name] > 5, row.id .. "." .. name)
      end
      assert.truthy(row.question:find("?", 1, true), row.id)
      assert.is_true(CLASSES[row.class] or false, row.id)
      assert.is_true(row.documented ~= nil, row.id)
      assert.is_function(row.run)
      for _, action in ipairs(row.actions) do
        assert.truthy(known[action] or action:find("^CloudauditLive"), action)
      end
    end
    for _, row in ipairs(learned.ROWS) do
      assert.is_true(seen[row[1]], row[1])
    end
  end)

  it("say which of them write", function()
    local writes = 0
    for _, row in ipairs(questions) do
      for _, action in ipairs(row.actions) do
        local writing = core.actions()[action] and core.actions()[action].writes
        assert.is_true(not writing or row.write == true or row.id == "international.missing", row.id)
      end
      writes = writes + (row.write and 1 or 0)
    end
    assert.is_true(writes > 20)
  end)
end)
