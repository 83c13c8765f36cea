local events = require "cloudaudit.events.event"
local source = require "cloudaudit.export.source"

-- A source of events {id, time}… that ends with a message, if there is one.
local function of(list, message)
  local at = 0
  return function()
    at = at + 1
    local item = list[at]
    if item then
      return events.new{ id = item[1], time = item[2] }
    end
    return nil, message
  end
end

local function ids(next_event)
  local list = {}
  while true do
    local event, message = next_event()
    if not event then
      return table.concat(list, " "), message
    end
    list[#list + 1] = event.id
  end
end

describe("cloudaudit.export.source", function()
  it("reads rows of lines, and names the line that is none", function()
    local text = { '{"id":"a","result":"ok","user_type":"root"}', '{"id":"b","result":"ok","user_type":"root"}', "{" }
    local at = 0
    local list = {}
    function list.next()
      at = at + 1
      return text[at]
    end
    local found, message = ids(source.of_lines("x.jsonl", list))
    assert.same({ "a b", "x.jsonl:3: a JSON object expected" }, { found, message })
    function list.next()
      return nil, "it is cut off"
    end
    assert.same({ "", "x.jsonl: it is cut off" }, { ids(source.of_lines("x.jsonl", list)) })
  end)

  it("gives what a query wants; an event without a time is in no range", function()
    local list = { { "a", 1 }, { "b", 2 }, { "none" }, { "c", 3 }, { "d", 4 } }
    local function given(query)
      return (ids(source.wanted(of(list), query)))
    end
    assert.equal("a b none c d", given{ ["until"] = 9 })
    assert.equal("b c", given{ since = 2, ["until"] = 3, ends = true })
    assert.equal("a b c", given{ ["until"] = 3, ends = true })
    assert.equal("c d", given{ since = 2, ["until"] = 9, wanted = function(event) return event.id > "b" end })
    assert.same({ "a b none c d", "broken" }, { ids(source.wanted(of(list, "broken"), { ["until"] = 9 })) })
  end)

  it("sorts, each identity once, those without a time last", function()
    local list = { { "c", 3 }, { "z" }, { "a", 1 }, { "b", 3 }, { "c", 3 }, { "y" } }
    assert.equal("a b c y z", (ids(source.sorted(of(list), { oldest = true }))))
    assert.equal("c b a z y", (ids(source.sorted(of(list), { oldest = false }))))
    assert.same({ "", "broken" }, { ids(source.sorted(of(list, "broken"), { oldest = true })) })
  end)

  it("merges sorted sources, each identity once", function()
    local function head(list, message)
      return { next = of(list, message), place = "part" }
    end
    assert.equal("a b c d e f", (ids(source.merge{ head{ { "a", 1 }, { "c", 2 }, { "f", 9 } }, head{},
      head{ { "b", 2 }, { "c", 2 }, { "d", 3 }, { "e", 3 } } })))
    assert.equal("", (ids(source.merge{})))
    assert.same({ nil, "broken" }, { source.merge{ head({}, "broken") } })
    assert.same({ "a b", "broken" }, { ids(source.merge{ head({ { "a", 1 }, { "c", 3 } }, "broken"),
      head{ { "b", 2 } } }) })
    assert.same({ "", "part: its lines are not sorted by time, as those of an export are" },
      { ids(source.merge{ head{ { "a", 2 }, { "b", 1 } } }) })
  end)
end)
