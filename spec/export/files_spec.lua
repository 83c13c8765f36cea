local files = require "cloudaudit.export.files"
local folder = require "support.folder"

describe("cloudaudit.export.files", function()
  local place

  before_each(function()
    place = folder.new()
  end)

  after_each(function()
    place.remove()
  end)

  it("replaces a file as a whole", function()
    local path = place.path .. "/a.json"
    assert.is_true(files.replace(path, "one"))
    assert.is_true(files.replace(path, ("two"):rep(100000)))
    assert.equal(("two"):rep(100000), files.read(path))
    assert.same({ "a.json" }, files.list(place.path))
    assert.equal(place.path .. "/.a.json.tmp", files.beside(path))
    assert.equal(".a.tmp", files.beside("a"))
  end)

  it("replaces it although a killed process left its temporary file", function()
    place.write(".a.json.tmp", "half")
    assert.is_true(files.replace(place.path .. "/a.json", "one"))
    assert.same({ "a.json" }, files.list(place.path))
  end)

  it("keeps the old text, and no temporary file, when it cannot write", function()
    local path = place.path .. "/a.json"
    assert.is_true(files.replace(path, "one"))
    local luv = files.luv()
    local original = luv.fs_fsync
    luv.fs_fsync = function() return nil, "ENOSPC: no space left on device", "ENOSPC" end
    local done, message, replaced = files.replace(path, "two")
    luv.fs_fsync = original
    assert.same({ nil, "ENOSPC: no space left on device: " .. place.path .. "/.a.json.tmp", nil },
      { done, message, replaced })
    assert.equal("one", files.read(path))
    assert.same({ "a.json" }, files.list(place.path))
  end)

  it("says that a file was replaced when only its folder could not be synced", function()
    local luv = files.luv()
    local original, calls = luv.fs_fsync, 0
    luv.fs_fsync = function(fd)
      calls = calls + 1
      if calls == 2 then
        return nil, "EIO: i/o error", "EIO"
      end
      return original(fd)
    end
    local done, message, replaced = files.replace(place.path .. "/a", "two")
    luv.fs_fsync = original
    assert.same({ nil, "EIO: i/o error: " .. place.path, true }, { done, message, replaced })
    assert.equal("two", files.read(place.path .. "/a"))
  end)

  it("goes on after short writes", function()
    local luv = files.luv()
    local original = luv.fs_write
    luv.fs_write = function(fd, text, at)
      return original(fd, text:sub(1, 3), at)
    end
    assert.is_true(files.replace(place.path .. "/a", "0123456789"))
    luv.fs_write = original
    assert.equal("0123456789", files.read(place.path .. "/a"))
  end)

  it("names the file and the reason", function()
    local _, message, name = files.read(place.path .. "/none")
    assert.equal("ENOENT: no such file or directory: " .. place.path .. "/none", message)
    assert.equal("ENOENT", name)
    assert.truthy(select(2, files.create(place.path .. "/none/a")):find("^ENOENT: .*/none/a$"))
    assert.truthy(select(2, files.sync_folder(place.path .. "/none")):find("^ENOENT: .*/none$"))
    assert.truthy(select(2, files.list(place.path .. "/none")):find("^ENOENT: "))
    assert.truthy(select(2, files.make_folder(place.path .. "/none/a")):find("^ENOENT: "))
    place.write("a", "x")
    assert.equal("EEXIST", select(3, files.create(place.path .. "/a")))
  end)

  it("neither waits for a pipe nor reads a device", function()
    local path = place.path .. "/pipe"
    os.execute("LD_PRELOAD= mkfifo " .. path)
    for _, name in ipairs{ path, "/dev/zero" } do
      assert.same({ nil, "not a regular file: " .. name, "EINVAL" }, { files.read(name) })
    end
  end)

  it("makes folders once, and private files for their owner alone", function()
    assert.is_true(files.make_folder(place.path .. "/b"))
    assert.is_true(files.make_folder(place.path .. "/b"))
    local file = files.create(place.path .. "/b/c", true)
    assert.is_true(file:close())
    local mode = files.luv().fs_stat(place.path .. "/b/c").mode
    assert.equal(384, mode % 512)
    assert.is_true(files.exists(place.path .. "/b/c"))
    file = files.create(place.path .. "/b/d")
    file:write("x")
    file:discard()
    assert.is_false(files.exists(place.path .. "/b/d"))
  end)
end)
