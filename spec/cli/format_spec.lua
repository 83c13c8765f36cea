local core = require "cloudaudit.core"
local format = require "cloudaudit.cli.format"
local status = require "cloudaudit.cli.status"

local SHAPE = {
  members = { "id", "n", "detail" },
  columns = { { key = "id", name = "ID" }, { key = "n", name = "NUMBER", free = true,
    show = function(value) return "<" .. value .. ">" end }, { key = "detail", name = "DETAIL" } },
}
SHAPE.table_columns = { SHAPE.columns[1], SHAPE.columns[2] }
SHAPE.csv_columns = SHAPE.columns

local function writer(name, values)
  local out = { text = "", flushed = 0 }
  function out:write(...)
    self.text = self.text .. table.concat({ ... })
    return self
  end
  function out:flush()
    self.flushed = self.flushed + 1
  end
  local context = { format = name, values = values or {}, out = out, clear = function() end,
    is_terminal = function() return false end }
  return format.new(context, SHAPE), out
end

local function of(name, rows, values)
  local made, out = writer(name, values)
  for _, row in ipairs(rows) do
    made:add(row)
  end
  made:finish()
  return out.text
end

local ROWS = { { id = "a", n = 1, detail = { z = 1, b = "x", a = { 2, 3 } } }, { id = "b,\"c\"\n", n = core.null } }

describe("cloudaudit.cli.format", function()
  it("writes JSON lines with members in order and the record's sorted", function()
    assert.equal('{"id":"a","n":1,"detail":{"a":[2,3],"b":"x","z":1}}\n{"id":"b,\\"c\\"\\n","n":null,"detail":null}\n',
      of("jsonl", ROWS))
  end)

  it("writes a JSON array, closed by finish only", function()
    assert.equal('[\n{"id":"a","n":1,"detail":{"a":[2,3],"b":"x","z":1}},\n'
      .. '{"id":"b,\\"c\\"\\n","n":null,"detail":null}\n]\n', of("json", ROWS))
    assert.equal("[]\n", of("json", {}))
    local made, out = writer("json")
    made:add(ROWS[1])
    made:flush()
    assert.is_nil(out.text:find("]\n$"))
  end)

  it("writes CSV with a heading, also without rows", function()
    assert.equal('id,n,detail\na,1,"{""a"":[2,3],""b"":""x"",""z"":1}"\n"b,""c""\n",,\n', of("csv", ROWS))
    assert.equal("id,n,detail\n", of("csv", {}))
    assert.equal("n,id\n1,a\n", of("csv", { ROWS[1] }, { columns = { "number", "id" } }))
  end)

  it("writes tables with the default columns or the chosen ones", function()
    assert.equal("ID       NUMBER\na        <1>\nb,\"c\"\\n\n", of("table", ROWS))
    assert.equal("NUMBER\n<1>\n", of("table", { ROWS[1] }, { columns = { "n" } }))
    assert.equal("", of("table", {}))
  end)

  it("refuses unknown columns, and columns of JSON", function()
    for _, case in ipairs{ { "csv", "nm", "unknown column nm" },
      { "jsonl", "n", "for the formats table and csv only" } } do
      local done, problem = pcall(writer, case[1], { columns = { case[2] } })
      assert.is_false(done)
      assert.is_true(status.is_problem(problem), tostring(problem))
      assert.truthy(problem.message:find(case[3], 1, true))
    end
  end)

  it("escapes the control characters that JSON lets through", function()
    assert.equal('"\\u007f\\u009b\\u001b审\\u0080"', format.json("\127\194\155\27审\194\128"))
  end)

  it("encodes every value, with exact integers and lists that are empty", function()
    assert.equal("[]", format.json(setmetatable({}, core.list)))
    assert.equal("{}", format.json({}))
    -- A Lua without integers holds such a number as text.
    assert.equal(math.type and "9007199254740993" or '"9007199254740993"',
      format.json((core.decode("9007199254740993"))))
    assert.equal('"\\\\xff"', format.json("\255"))
    assert.equal("[null,true,1.5]", format.json{ core.null, true, 1.5 })
  end)

  it("hands on a page at a time", function()
    local made, out = writer("jsonl")
    for index = 1, 120 do
      made:add{ id = tostring(index) }
    end
    assert.equal(2, out.flushed)
    made:finish()
    assert.equal(3, out.flushed)
  end)
end)
