local cloudaudit = require "cloudaudit"
local core = require "cloudaudit.core"
local export_line = require "cloudaudit.cli.export_line"
local rows = require "cloudaudit.events.row"

describe("cloudaudit.cli.export_line", function()
  it("is the row and the record's text, every member in order", function()
    local emulator = cloudaudit.emulator.new{ now = 1769846400, record = false }
    emulator:add_event{ EventId = "a", EventTime = 1769840000, Username = "审计员" }
    local event = assert(emulator:client():lookup{ since = "-1d" }).events[1]
    local line = export_line.of("jsonl")(event)
    local names = {}
    for name in line:gmatch('[{,]"([a-z_]+)":') do
      names[#names + 1] = name
    end
    assert.equal(table.concat(rows.MEMBERS, " ") .. " raw", table.concat(names, " "))
    local row = core.decode(line)
    assert.same({ "a", 1769840000, "审计员", event.raw }, { row.id, row.time, row.user, row.raw })
    assert.truthy(line:find('"location":null', 1, true))
  end)
end)
