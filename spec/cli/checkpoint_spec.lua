local checkpoint = require "cloudaudit.cli.checkpoint"
local folder = require "support.folder"

local function tails(...)
  local list = {}
  for index, text in ipairs{ ... } do
    list[index] = { checkpoint = function()
      return text
    end }
  end
  return list
end

describe("cloudaudit.cli.checkpoint", function()
  local place, path

  before_each(function()
    place = folder.new()
    path = place.path .. "/tail.json"
  end)

  after_each(function()
    place:remove()
  end)

  it("keeps where each tail stands", function()
    local position = checkpoint.read(path)
    assert.is_nil(position.saved)
    position:begin(tails("a", "b"))
    position:save(tails("c", "d"))
    assert.same({ "c", "d" }, checkpoint.read(path).saved)
  end)

  it("keeps which events of a batch were delivered, until the batch is done", function()
    local position = checkpoint.read(path)
    position:begin(tails("a"))
    position:delivered({ id = "1" }, false)
    position:delivered({ id = "2" }, true)
    local again = checkpoint.read(path)
    assert.same({ "a" }, again.saved)
    assert.same({ true, true, false, false }, { again:has{ id = "1" }, again:has{ id = "2" }, again:has{ id = "3" },
      again:has{} })
    again:begin(tails("a"))
    again:save(tails("b"))
    assert.is_false(checkpoint.read(path):has{ id = "1" })
  end)

  it("leaves no other file, and replaces one that a killed run left", function()
    local left = assert(io.open(place.path .. "/.tail.json.tmp", "w"))
    left:write("half")
    left:close()
    local position = checkpoint.read(path)
    position:begin(tails("a"))
    position:save()
    local pipe = assert(io.popen("LD_PRELOAD= ls -A '" .. place.path .. "'"))
    assert.equal("tail.json\n", pipe:read("*a"))
    pipe:close()
  end)

  it("ends with status 2 when the path is not a regular file, and does not wait for a writer", function()
    os.execute("LD_PRELOAD= mkfifo " .. path)
    for name, what in pairs{ [path] = "not a regular file", [place.path] = "Is a directory" } do
      local done, problem = pcall(checkpoint.read, name)
      assert.is_false(done)
      assert.same({ 2, ("--checkpoint: %s: %s"):format(name, what) }, { problem.status, problem.message })
    end
  end)

  it("refuses another file with 2, and a place that cannot be written with 8", function()
    for _, text in ipairs{ "", "{", "[]", '{"version":1,"tails":[],"delivered":[]}', '{"version":2,"tails":["a"]}' } do
      local file = assert(io.open(path, "w"))
      file:write(text)
      file:close()
      local _, problem = pcall(checkpoint.read, path)
      assert.equal(2, problem.status, text)
    end
    local _, problem = pcall(checkpoint.read, place.path .. "/none/tail.json")
    assert.equal(8, problem.status)
  end)
end)
