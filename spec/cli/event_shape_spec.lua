local events = require "support.events"
local format = require "cloudaudit.cli.format"
local rows = require "cloudaudit.events.row"
local shape = require "cloudaudit.cli.event_shape"

local function context(name)
  return { format = name, values = { utc = true }, is_terminal = function() return false end }
end

local function titles(columns)
  local names = {}
  for index, column in ipairs(columns) do
    names[index] = column.name
  end
  return table.concat(names, " ")
end

describe("cloudaudit.cli.event_shape", function()
  it("has a column for each member of the row, and the record", function()
    assert.equal(#rows.MEMBERS + 1, #shape.COLUMNS)
    assert.equal("detail", shape.MEMBERS[#shape.MEMBERS])
    for _, name in ipairs(rows.MEMBERS) do
      assert.equal(name, shape.BY_KEY[name].key)
    end
  end)

  it("leaves out the column of the subject", function()
    assert.equal("TIME EVENT USER SOURCE RESOURCE RESULT", titles(shape.of(context("table")).table_columns))
    assert.equal("TIME EVENT USER RESOURCE RESULT", titles(shape.of(context("table"), "source_ip").table_columns))
  end)

  it("cuts neither times nor names nor ids, and colors what failed", function()
    for _, name in ipairs{ "id", "time", "name", "request_id" } do
      assert.is_false(shape.BY_KEY[name].free, name)
    end
    assert.same({ "red", "yellow" }, { shape.BY_KEY.result.color("denied"), shape.BY_KEY.result.color("failed") })
    assert.is_nil(shape.BY_KEY.result.color("ok"))
    assert.equal("2026-01-31T08:00:00Z", shape.BY_KEY.time.show(1769846400, nil, context("table")))
  end)

  it("adds the decoded record to the row", function()
    local row = shape.row(events.of{ EventId = "e", CloudAuditEvent = '{"a":"{\\"b\\":1}"}' })
    assert.same({ a = { b = 1 } }, row.detail)
    assert.equal("e", row.id)
  end)

  it("has the same as text, with and without secrets", function()
    local event = events.of{ EventId = "e", SecretId = "AKIDx", EventTime = "1769846400",
      CloudAuditEvent = '{"token":"canary","b":"{\\"Password\\":\\"canary\\",\\"a\\":1.5}"}' }
    for _, level in ipairs{ false, "secrets", "all" } do
      local row = shape.row(event, level or nil)
      assert.equal(format.object(row, shape.MEMBERS), shape.text(event, level or nil))
      assert.equal(level == false, row.detail.token == "canary")
      assert.equal(level == "all", row.access_key_id == "[redacted]")
    end
  end)
end)
