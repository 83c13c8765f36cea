local files = require "cloudaudit.export.files"
local folder = require "support.folder"
local parts = require "cloudaudit.export.parts"

local DAY = 86400

describe("cloudaudit.export.parts", function()
  local place

  before_each(function()
    place = folder.new()
  end)

  after_each(function()
    place.remove()
  end)

  local function tree()
    local list = {}
    for _, day in ipairs(files.list(place.path)) do
      for _, name in ipairs(files.list(place.path .. "/" .. day)) do
        list[#list + 1] = day .. "/" .. name
      end
    end
    return list
  end

  it("are named by day, and hidden until they have their names", function()
    assert.equal("dt=2026-01-31", parts.folder_of(1769817600))
    assert.equal("dt=2026-01-31", parts.folder_of(1769817600 + DAY - 1))
    assert.equal("dt=__HIVE_DEFAULT_PARTITION__", parts.folder_of(nil))
    assert.equal("dt=2026-01-31/.part-000017.jsonl.gz.tmp", parts.temporary("dt=2026-01-31/part-000017.jsonl.gz"))
  end)

  it("hold the lines of their day", function()
    local made = parts.new{ root = place.path, number = 3 }
    for index, line in ipairs{ "a", "b", "c" } do
      assert.is_true(made:add(index < 3 and 5 or DAY, line))
    end
    made:add(nil, "timeless")
    assert.same({ "dt=1970-01-01/part-000003.jsonl", "dt=1970-01-02/part-000003.jsonl",
      "dt=__HIVE_DEFAULT_PARTITION__/part-000003.jsonl" }, made:close())
    assert.same({ "dt=1970-01-01/.part-000003.jsonl.tmp", "dt=1970-01-02/.part-000003.jsonl.tmp",
      "dt=__HIVE_DEFAULT_PARTITION__/.part-000003.jsonl.tmp" }, tree())
    assert.equal("a\nb\n", files.read(place.path .. "/dt=1970-01-01/.part-000003.jsonl.tmp"))
  end)

  it("are full by their bytes as written, or by many days", function()
    local made = parts.new{ root = place.path, number = 1, gzip = true }
    assert.is_false(made:is_full(1000))
    local random = 7
    while not made:is_full(20000) do
      local digits = {}
      for index = 1, 200 do
        random = (random * 16807) % 2147483647
        digits[index] = ("%010.0f"):format(random)
      end
      assert.is_true(made:add(1, table.concat(digits)))
    end
    assert.is_true(made.size >= 20000)
    made:discard()
    assert.same({}, tree())
    made = parts.new{ root = place.path, number = 1 }
    for day = 1, 99 do
      made:add(day * DAY, "x")
      assert.is_false(made:is_full(1000))
    end
    made:add(100 * DAY, "x")
    assert.is_true(made:is_full(1000))
  end)

  it("take events in the order of their times only", function()
    local made = parts.new{ root = place.path, number = 1 }
    assert.is_true(made:fits(5))
    made:add(5, "a")
    made:add(nil, "none")
    assert.same({ true, false, true, true }, { made:fits(5), made:fits(4), made:fits(DAY), made:fits(nil) })
    made:add(DAY, "b")
    assert.same({ false, true, true }, { made:fits(5), made:fits(DAY), made:fits(nil) })
    made:add(nil, "none")
    assert.equal(3, #made:close())
    assert.equal("none\nnone\n", files.read(place.path .. "/dt=__HIVE_DEFAULT_PARTITION__/.part-000001.jsonl.tmp"))
  end)

  it("that cannot be written say why", function()
    local made = parts.new{ root = place.path .. "/none", number = 1 }
    local done, message = made:add(1, "x")
    assert.is_nil(done)
    assert.truthy(message:find("^ENOENT: "), message)
    made = parts.new{ root = place.path, number = 1 }
    made:add(1, "x")
    local luv = files.luv()
    local original = luv.fs_fsync
    luv.fs_fsync = function() return nil, "EIO: i/o error", "EIO" end
    done, message = made:close()
    luv.fs_fsync = original
    assert.is_nil(done)
    assert.equal("EIO: i/o error: " .. place.path .. "/dt=1970-01-01/.part-000001.jsonl.tmp", message)
    made:discard()
    assert.same({}, tree())
  end)

  it("say why on the way too, when there is enough to write", function()
    local luv = files.luv()
    local original = luv.fs_write
    luv.fs_write = function()
      return nil, "ENOSPC: no space left on device", "ENOSPC"
    end
    local made = parts.new{ root = place.path, number = 1 }
    local done, message = made:add(5, ("x"):rep(65536))
    luv.fs_write = original
    assert.is_nil(done)
    assert.truthy(message and message:find("^ENOSPC: no space left on device: "), message)
  end)

  it("are for their owner alone when they hold secrets", function()
    local made = parts.new{ root = place.path, number = 1, private = true }
    made:add(1, "x")
    local name = parts.temporary(made:close()[1])
    assert.equal(384, files.luv().fs_stat(place.path .. "/" .. name).mode % 512)
  end)
end)
