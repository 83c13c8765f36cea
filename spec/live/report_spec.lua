local core = require "cloudaudit.core"
local folder = require "support.folder"
local report = require "live.report"

local ROW = { id = "list.lag", question = "How long?", why = "because", class = "number", documented = 0 }

describe("live.report", function()
  it("makes an entry of an answer, and of none", function()
    local entry = report.entry(ROW, { answer = 3,
      evidence = { { "created", "number", 3 }, { "by", "word", "alice", {} } } })
    assert.equal(3, entry.answer)
    assert.is_false(entry.as_documented)
    assert.same({ "created: 3", "by: (hidden)" }, { entry.evidence[1], entry.evidence[2] })
    assert.is_true(report.entry(ROW, { answer = 0 }).as_documented)
    entry = report.entry(ROW, { reason = "no answer came" })
    assert.equal("no answer came", entry.unanswered)
    assert.is_nil(entry.answer)
    assert.equal("no answer", report.entry(ROW, { answer = "alice" }).unanswered)
    local list = { id = "x", class = "list", words = { "a", "b" }, documented = { "a" } }
    assert.is_true(report.entry(list, { answer = { "a" } }).as_documented)
    assert.is_false(report.entry(list, { answer = { "a", "b" } }).as_documented)
    assert.is_false(report.entry(list, { answer = {} }).as_documented)
  end)

  it("writes JSON that can be read, and a page", function()
    local document = report.document{ report.entry(ROW, { answer = 3 }), report.entry(ROW, { reason = "late" }) }
    local decoded = assert(core.decode(report.json(document)))
    assert.equal(1, decoded.format)
    assert.equal(3, decoded.answers[1].answer)
    assert.is_nil(decoded.answers[2].answer)
    local page = report.page(document)
    assert.truthy(page:find("| How long? | 3 **differs** | 0 |", 1, true))
    assert.truthy(page:find("| How long? | late |", 1, true))
    assert.truthy(core.decode(report.json(report.document{})))
  end)

  it("writes a file whole, or says why not", function()
    local place = folder.new()
    assert(report.write(place.path .. "/a", "text"))
    assert.equal("text", io.open(place.path .. "/a"):read("*a"))
    local ok, message = report.write(place.path .. "/no/a", "text")
    assert.is_nil(ok)
    assert.is_string(message)
    place.remove()
  end)
end)
