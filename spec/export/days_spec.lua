local days = require "cloudaudit.export.days"
local events = require "cloudaudit.events.event"
local files = require "cloudaudit.export.files"
local folder = require "cloudaudit.export.folder"
local state = require "cloudaudit.export.state"
local temporary = require "support.folder"

local DAY = 86400

local function line(id, time)
  return ('{"id":"%s","time":%s,"result":"ok","user_type":"root"}\n'):format(id, time or "null")
end

describe("cloudaudit.export.days", function()
  local place

  before_each(function()
    place = temporary.new()
  end)

  after_each(function()
    place.remove()
  end)

  local function ids(query)
    query["until"] = query["until"] or 1e9
    local next_event, message = days.open(place.path, query)
    if not next_event then
      return nil, message
    end
    local list = {}
    while true do
      local event, problem = next_event()
      if not event then
        return table.concat(list, " "), problem
      end
      list[#list + 1] = event.id
    end
  end

  it("come in both orders, merged from parts, without hidden files", function()
    place.write("dt=1970-01-01/part-000001.jsonl", line("a", 1) .. line("c", 3))
    place.write("dt=1970-01-01/part-000002.jsonl", line("b", 2) .. line("c", 3) .. line("d", 4))
    place.write("dt=1970-01-01/.part-000003.jsonl.tmp", line("x", 4))
    place.write("dt=1970-01-01/_notes.jsonl", "notes")
    place.write("dt=1970-01-02/part-000002.jsonl", line("e", DAY))
    place.write("dt=__HIVE_DEFAULT_PARTITION__/part-000001.jsonl", line("z"))
    place.write("README.txt", "x")
    assert.equal("a b c d e z", ids{ oldest = true })
    assert.equal("e d c b a z", ids{})
    assert.equal("c d e", ids{ oldest = true, since = 3 })
    assert.equal("b a", ids{ ["until"] = 2, ends = true })
  end)

  it("of days outside of the range are not read", function()
    place.write("dt=1970-01-01/part-000001.jsonl", "broken\n")
    place.write("dt=1970-01-02/part-000001.jsonl", line("e", DAY))
    place.write("dt=1970-01-03/part-000001.jsonl", "broken\n")
    assert.equal("e", ids{ since = DAY, ["until"] = 2 * DAY - 1, ends = true })
    assert.same({ "", place.path .. "/dt=1970-01-01/part-000001.jsonl:1: a JSON object expected" },
      { ids{ oldest = true } })
  end)

  it("have committed parts that were not renamed yet", function()
    local sink = assert(folder.open(place.path))
    local held = state.new{ since = 0, filter = "", format = "jsonl", gzip = true, redacted = true }
    sink:begin(held, { limit = 1e6, line = function(event) return (line(event.id, event.time):gsub("\n", "")) end })
    local event = events.new{ id = "a", time = 5 }
    held:take(event, 1e9)
    sink:add(held, event)
    assert.is_true(sink:commit(held))
    local name = place.path .. "/dt=1970-01-01/"
    assert.is_true(files.luv().fs_rename(name .. "part-000001.jsonl.gz", name .. ".part-000001.jsonl.gz.tmp"))
    assert.equal("a", ids{})
    assert.equal("a", ids{ oldest = true })
    -- It gets its name between the look at the folder and its opening.
    local exists = files.exists
    files.exists = function(path)
      local found = exists(path)
      if path:find("%.tmp$") and found then
        assert(files.luv().fs_rename(name .. ".part-000001.jsonl.gz.tmp", name .. "part-000001.jsonl.gz"))
      end
      return found
    end
    local found = ids{}
    files.exists = exists
    assert.equal("a", found)
  end)

  it("say what is no export", function()
    assert.same({ nil, place.path .. ": it is not an export" }, { ids{} })
    place.write("_cloudaudit.json", "{")
    assert.same({ nil, place.path .. "/_cloudaudit.json: it is not JSON" }, { ids{} })
    place.write("_cloudaudit.json", state.new{ since = 0, filter = "", format = "ocsf", gzip = true, redacted = true }
      :encode())
    assert.truthy(select(2, ids{}):find(": it is OCSF", 1, true))
  end)
end)
