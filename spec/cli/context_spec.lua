local context = require "cloudaudit.cli.context"
local status = require "cloudaudit.cli.status"

local VERB = { formats = { "table", "jsonl", "json" } }

local function new(values, terminals, verb)
  local err = { text = "" }
  function err.write(self, ...)
    self.text = self.text .. table.concat({ ... })
  end
  return context.new("verb", verb or VERB, values, { err = err, terminals = terminals or { false, false } }), err
end

describe("cloudaudit.cli.context", function()
  it("chooses a table on a terminal and JSON lines elsewhere, unless told otherwise", function()
    assert.same({ "table", "jsonl", "json" }, { new({}, { true, false }).format, new({}).format,
      new({ output = "json" }, { true, true }).format })
    assert.is_nil(new({}, nil, {}).format)
  end)

  it("refuses a format that the verb does not have", function()
    local done, problem = pcall(new, { output = "csv" })
    assert.is_false(done)
    assert.is_true(status.is_problem(problem))
    assert.equal('--output: table, jsonl, json expected, got "csv"', problem.message)
  end)

  it("refuses a format and columns for a verb that prints no rows", function()
    for name, values in pairs{ output = { output = "json" }, columns = { columns = { "id" } } } do
      local done, problem = pcall(new, values, nil, {})
      assert.is_false(done)
      assert.equal(("--%s: cloudaudit verb prints no rows"):format(name), problem.message)
    end
  end)

  it("writes notes to standard error, none with -q, and clears the line of progress before", function()
    local made, err = new{}
    local cleared = 0
    made.progress = { clear = function() cleared = cleared + 1 end }
    made:note("note: x")
    assert.same({ "note: x\n", 1 }, { err.text, cleared })
    made, err = new{ quiet = true }
    made:note("note: x")
    assert.equal("", err.text)
    made, err = new{}
    made:note("a\27b\nc")
    assert.equal("a\\x1bb\nc\n", err.text)
  end)
end)
