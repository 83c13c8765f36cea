local folder = require "support.folder"
local reader = require "cloudaudit.export.reader"

local ROWS = { '{"id":"b","time":2,"result":"ok","user_type":"root"}',
  '{"id":"a","time":1,"result":"ok","user_type":"root"}' }
local TEXT = table.concat(ROWS, "\n") .. "\n"

describe("cloudaudit.export.reader", function()
  local place

  before_each(function()
    place = folder.new()
  end)

  after_each(function()
    place.remove()
  end)

  local function ids(path)
    local next_event, message = reader.open(path, { ["until"] = 9, oldest = true })
    if not next_event then
      return nil, message
    end
    local list = {}
    for event in next_event do
      list[#list + 1] = event.id
    end
    return table.concat(list, " ")
  end

  it("tells by its contents what a path is", function()
    assert.equal("a b", ids(place.write("x.jsonl", TEXT)))
    local gz = place.write("y.jsonl", TEXT) .. ".gz"
    os.execute("env -u LD_PRELOAD gzip " .. place.path .. "/y.jsonl")
    assert.equal("a b", ids(gz))
    place.write("archive/dt=1970-01-01/part-000001.jsonl", ROWS[2] .. "\n" .. ROWS[1] .. "\n")
    assert.equal("a b", ids(place.path .. "/archive"))
    os.execute(("env -u LD_PRELOAD sqlite3 %s/z.db \"create table events(id, time, result, user_type); "
      .. "insert into events values ('b', 2, 'ok', 'root'), ('a', 1, 'ok', 'root')\""):format(place.path))
    assert.equal("a b", ids(place.path .. "/z.db"))
  end)

  it("reads standard input, and leaves it open", function()
    local stdin, file = io.stdin, assert(io.open(place.write("x.jsonl", TEXT), "rb"))
    rawset(io, "stdin", file)
    local found = ids("-")
    rawset(io, "stdin", stdin)
    assert.equal("a b", found)
    assert.equal("file", io.type(file))
    file:close()
  end)

  it("passes over empty lines, and counts them", function()
    assert.equal("a b", ids(place.write("x.jsonl", "\n" .. ROWS[1] .. "\r\n \r\n" .. ROWS[2] .. "\n\n")))
    local next_event = reader.open(place.write("y.jsonl", ROWS[1] .. "\n\nx\n"), { ["until"] = 9, oldest = true })
    assert.truthy(select(2, next_event()):find("y.jsonl:3: ", 1, true))
  end)

  it("reads a pipe, which can be opened once", function()
    for _, text in ipairs{ TEXT, ROWS[2], "" } do
      local path = place.write("x.jsonl", text)
      local pipe = place.path .. "/pipe"
      os.execute(("export LD_PRELOAD=; rm -f %s; mkfifo %s; cat %s >%s 2>/dev/null &"):format(pipe, pipe, path, pipe))
      assert.equal(text == TEXT and "a b" or text == "" and "" or "a", ids(pipe))
    end
  end)

  it("says what cannot be read", function()
    assert.truthy(select(2, ids(place.path .. "/none")):find("No such file", 1, true))
    os.execute(("env -u LD_PRELOAD sqlite3 %s/z.db 'create table x(y)'"):format(place.path))
    assert.same({ nil, place.path .. "/z.db: it is not an export" }, { ids(place.path .. "/z.db") })
    assert.same({ nil, place.path .. ": it is not an export" }, { ids(place.path) })
  end)
end)
