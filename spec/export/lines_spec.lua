local folder = require "support.folder"
local gzip = require "cloudaudit.export.gzip"
local lines = require "cloudaudit.export.lines"

describe("cloudaudit.export.lines", function()
  local place

  before_each(function()
    place = folder.new()
  end)

  after_each(function()
    place.remove()
  end)

  local function packed(text)
    local pack = gzip.pack()
    return pack(text) .. pack()
  end

  local function read(text)
    local source = assert(lines.open(place.write("a", text)))
    local list = {}
    while true do
      local line, message = source:next()
      if not line then
        return list, message, source
      end
      list[#list + 1] = line
    end
  end

  it("are the same compressed or not, however long", function()
    local list = {}
    for index = 1, 3000 do
      list[index] = ("%d"):format(index):rep(index % 700 == 0 and 60000 or index % 90)
    end
    local text = table.concat(list, "\n") .. "\n"
    assert.same(list, (read(text)))
    assert.same(list, (read(packed(text:sub(1, 100001)) .. packed(text:sub(100002)))))
  end)

  it("of an empty file are none, and the last one needs no end", function()
    assert.same({}, (read("")))
    assert.same({}, (read(packed(""))))
    assert.same({ "a", "", "b" }, (read("a\n\nb")))
    assert.same({ ("x"):rep(65536) }, (read(("x"):rep(65536))))
    assert.same({ ("x"):rep(65536), "y" }, (read(("x"):rep(65536) .. "\ny\n")))
  end)

  it("of a file that has no lines end with a message, not with all of it in memory", function()
    local zeros = ("\0"):rep(17 * 1024 * 1024)
    for _, bytes in ipairs{ zeros, packed(zeros) } do
      local list, message = read(bytes)
      assert.same({}, list)
      assert.equal("it has a line of more than 16 MiB", message)
    end
  end)

  it("of a file that is cut off or damaged end with a message", function()
    local random = {}
    for index = 1, 30000 do
      random[index] = ("%d"):format((index * 7919) % 65521)
    end
    local bytes = packed(table.concat(random, "\n") .. "\n")
    local list, message = read(bytes:sub(1, -20))
    assert.is_true(#list > 0)
    assert.equal("it is cut off", message)
    assert.equal("it is damaged", select(2, read(bytes .. "junk")))
  end)

  it("close a small file after its only block", function()
    local source = assert(lines.open(place.write("a", "one\ntwo\n")))
    assert.is_nil(source.file)
    assert.equal("one", source:next())
    source = assert(lines.open(place.write("b", ("x\n"):rep(40000))))
    assert.truthy(source.file)
    source:close()
    assert.is_nil(source.file)
  end)

  it("of a stream that is not ours leave it open", function()
    local file = io.open(place.write("a", "one\n"), "rb")
    local source = lines.new(file, true)
    assert.equal("one", source:next())
    assert.is_nil(source:next())
    assert.equal("file", io.type(file))
    file:close()
  end)

  it("say what cannot be opened, and what is missing", function()
    assert.truthy(select(2, lines.open(place.path .. "/none")):find("No such file", 1, true))
    local there = gzip.is_there
    gzip.is_there = function() return false end
    local path = place.write("a.gz", packed("x"))
    local source, message, module = lines.open(path)
    gzip.is_there = there
    assert.same({ nil, path .. ": it is compressed", "zlib" }, { source, message, module })
  end)
end)
