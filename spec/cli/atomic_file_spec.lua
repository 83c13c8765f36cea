local atomic_file = require "cloudaudit.cli.atomic_file"
local folder = require "support.folder"
local luv = require "luv"

local function read(path)
  local file = io.open(path, "rb")
  local text = file and file:read("*a")
  if file then
    file:close()
  end
  return text
end

-- luv with some functions replaced.
local function failing(replaced)
  return setmetatable(replaced, { __index = luv })
end

describe("cloudaudit.cli.atomic_file", function()
  local place, path

  before_each(function()
    place = folder.new()
    path = place.path .. "/page.html"
  end)

  after_each(function()
    place:remove()
  end)

  local function names()
    local pipe = assert(io.popen("LD_PRELOAD= ls -A '" .. place.path .. "'"))
    local text = pipe:read("*a")
    pipe:close()
    return text
  end

  for name, module in pairs{ ["with luv"] = luv, ["without luv"] = false } do
    module = module or nil

    it("replaces a file and leaves no other, " .. name, function()
      place.write("page.html", "old")
      place.write(".page.html.tmp", "left by a killed run")
      assert.is_true(atomic_file.check(module, path))
      assert.equal("old", read(path))
      assert.is_true(atomic_file.write(module, path, "new\0text"))
      assert.equal("new\0text", read(path))
      assert.equal("page.html\n", names())
      assert.is_true(atomic_file.write(module, path, ""))
      assert.equal("", read(path))
    end)

    it("neither follows a link beside the name nor waits for a pipe, " .. name, function()
      local victim = place.write("victim", "kept")
      for _, make in ipairs{ "ln -s " .. victim, "mkfifo" } do
        for _, other in ipairs{ ".page.html.tmp", (".page.html.%d.tmp"):format(luv.os_getpid()) } do
          os.execute(("LD_PRELOAD= %s '%s/%s'"):format(make, place.path, other))
        end
        assert.is_true(atomic_file.write(module, path, "text"))
        assert.same({ "text", "kept" }, { read(path), read(victim) })
        os.execute(("LD_PRELOAD=; rm -f '%s/'.page*"):format(place.path))
      end
    end)

    it("says why it cannot write, " .. name, function()
      for _, fn in pairs(atomic_file) do
        local done, message = fn(module, place.path .. "/none/page.html", "text")
        assert.is_nil(done)
        assert.truthy(message:lower():find("no such file", 1, true), message)
      end
    end)

    it("leaves what was there when the rename fails, " .. name, function()
      place.write("page.html/inside", "old")
      local done, message = atomic_file.write(module, path, "new")
      assert.is_nil(done)
      assert.is_string(message)
      assert.equal("page.html\n", names())
    end)
  end

  it("leaves the file that another process is writing", function()
    local function as(pid)
      return failing{ os_getpid = function() return pid end }
    end
    local other, met = as(1), false -- a process that is there
    other.fs_fsync = function(fd)
      if not met then
        met = true
        assert.is_true(atomic_file.check(luv, path))
        assert.is_true(atomic_file.write(luv, path, "one"))
      end
      return luv.fs_fsync(fd)
    end
    assert.is_true(atomic_file.write(other, path, "two"))
    assert.equal("two", read(path))
    place.write(".page.html.2147483646.tmp", "left by a killed run")
    assert.is_true(atomic_file.check(luv, path))
    assert.equal("page.html\n", names())
  end)

  it("makes a file that only its owner can read", function()
    local function mode()
      return luv.fs_stat(path).mode % 512
    end
    assert.is_true(atomic_file.write(luv, path, "text", true))
    assert.equal(384, mode())
    assert.is_true(atomic_file.write(luv, path, "text"))
    assert.is_true(mode() > 384)
  end)

  it("goes on after a part was written", function()
    local module = failing{ fs_write = function(fd, text, at)
      return luv.fs_write(fd, text:sub(1, 7), at)
    end }
    assert.is_true(atomic_file.write(module, path, ("0123456789"):rep(5)))
    assert.equal(("0123456789"):rep(5), read(path))
  end)

  it("leaves the old file when any step fails", function()
    place.write("page.html", "old")
    local function fail()
      return nil, "ENOSPC: no space left on device", "ENOSPC"
    end
    local writes = 0
    local modules = { failing{ fs_open = fail }, failing{ fs_write = fail }, failing{ fs_fsync = fail },
      failing{ fs_close = function(fd)
        luv.fs_close(fd)
        return fail()
      end }, failing{ fs_write = function(fd, text, at) -- a disk that gets full on the way
        writes = writes + 1
        if writes > 1 then
          return fail()
        end
        return luv.fs_write(fd, text:sub(1, 2), at)
      end } }
    for _, module in ipairs(modules) do
      local done, message = atomic_file.write(module, path, "new text")
      assert.same({ nil, "ENOSPC: no space left on device" }, { done, message })
      assert.equal("old", read(path))
      assert.equal("page.html\n", names())
    end
  end)

  it("reports a folder that cannot be written to the disk, but not one that cannot be asked to", function()
    local syncs
    local function module(message, name)
      syncs = 0
      return failing{ fs_fsync = function(fd)
        syncs = syncs + 1
        if syncs == 2 then
          return nil, message, name
        end
        return luv.fs_fsync(fd)
      end }
    end
    assert.same({ nil, "EIO: i/o error" }, { atomic_file.write(module("EIO: i/o error", "EIO"), path, "text") })
    assert.is_true(atomic_file.write(module("EINVAL: invalid argument", "EINVAL"), path, "text"))
    assert.equal(2, syncs)
    assert.is_true(atomic_file.write(failing{ fs_open = function(name, flags, mode)
      if flags == "r" then
        return nil, "EACCES: permission denied", "EACCES"
      end
      return luv.fs_open(name, flags, mode)
    end }, path, "text"))
  end)
end)
