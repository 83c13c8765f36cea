local core = require "cloudaudit.core"
local files = require "cloudaudit.export.files"
local folder = require "support.folder"
local lock = require "cloudaudit.export.lock"

-- The lock of a process that has ended.
local function dead_owner(name)
  local pipe = io.popen("env -u LD_PRELOAD sh -c 'echo $$'")
  local pid = tonumber(pipe:read("*l"))
  pipe:close()
  return core.encode{ pid = pid, started = "1", host = files.luv().os_gethostname(), name = pid .. "-" .. (name or 1) },
    pid
end

describe("cloudaudit.export.lock", function()
  local place, path

  before_each(function()
    place = folder.new()
    path = place.path .. "/_cloudaudit.lock"
  end)

  after_each(function()
    place.remove()
  end)

  it("has one owner at a time, and says who", function()
    local held = lock.acquire(path)
    assert.is_true(held:is_held())
    local second, message, busy = lock.acquire(path)
    assert.is_nil(second)
    assert.equal(("%s: held by process %d on %s"):format(path, files.luv().os_getpid(), files.luv().os_gethostname()),
      message)
    assert.is_true(busy)
    held:release()
    assert.same({}, files.list(place.path))
    lock.acquire(path):release()
  end)

  it("is taken over from a process that has ended", function()
    place.write("_cloudaudit.lock", (dead_owner()))
    local held = lock.acquire(path)
    assert.is_true(held:is_held())
    assert.same({ "_cloudaudit.lock" }, files.list(place.path))
  end)

  it("is taken over when its process id belongs to another process now", function()
    place.write("_cloudaudit.lock", core.encode{ pid = files.luv().os_getpid(), started = "1",
      host = files.luv().os_gethostname(), name = "1-1" })
    assert.is_true(lock.acquire(path):is_held())
  end)

  it("is taken over although others died while they did", function()
    local first, pid = dead_owner()
    place.write("_cloudaudit.lock", first)
    local second, other = dead_owner(2)
    place.write(("_cloudaudit.lock.%d-1"):format(pid), second)
    place.write(("_cloudaudit.lock.%d-1.%d-2"):format(pid, other), (dead_owner(3)))
    assert.is_true(lock.acquire(path):is_held())
    assert.same({ "_cloudaudit.lock" }, files.list(place.path))
  end)

  it("is not taken over by two: the second finds that it is not the same any more", function()
    local dead = dead_owner()
    place.write("_cloudaudit.lock", dead)
    -- While this process acquires the right to take over, another one takes over.
    local luv = files.luv()
    local original, winner = luv.fs_link, nil
    luv.fs_link = function(from, to)
      if to ~= path and not winner then
        winner = core.encode{ pid = luv.os_getpid(), host = luv.os_gethostname(), name = "7-7" }
        place.write("_cloudaudit.lock", winner)
      end
      return original(from, to)
    end
    local held, message, busy = lock.acquire(path)
    luv.fs_link = original
    assert.same({ nil, path .. ": another process has just taken it", true }, { held, message, busy })
    assert.equal(winner, files.read(path))
    assert.same({ "_cloudaudit.lock" }, files.list(place.path))
  end)

  it("of another host, or without an owner, is for people", function()
    place.write("_cloudaudit.lock", core.encode{ pid = 1, host = "elsewhere", name = "1-1" })
    assert.equal(path .. ": held by process 1 on elsewhere; remove it if no export is running there",
      (select(2, lock.acquire(path))))
    for _, text in ipairs{ "", "{", "{}", '{"pid":"1","host":"a","name":"1"}', '{"pid":1,"host":"a","name":"../1"}' } do
      place.write("_cloudaudit.lock", text)
      assert.equal(path .. ": its owner cannot be told; remove it if no export is running",
        (select(2, lock.acquire(path))))
    end
  end)

  it("needs no links", function()
    local luv = files.luv()
    local original = luv.fs_link
    luv.fs_link = function()
      return nil, "EPERM: operation not permitted", "EPERM"
    end
    local held = lock.acquire(path)
    local second = lock.acquire(path)
    luv.fs_link = original
    assert.is_true(held:is_held())
    assert.is_nil(second)
    assert.same({ "_cloudaudit.lock" }, files.list(place.path))
  end)

  it("says why it cannot be written", function()
    local held, message = lock.acquire(place.path .. "/none/lock")
    assert.is_nil(held)
    assert.truthy(message:find("^ENOENT: no such file or directory: .*/none/lock"), message)
  end)

  it("is not released by one who has lost it, and what the dead left is swept", function()
    local held = lock.acquire(path)
    local _, pid = dead_owner()
    place.write(("_cloudaudit.lock.%d-1.tmp"):format(pid), "x")
    place.write(("_cloudaudit.lock.%d-1.tmp"):format(files.luv().os_getpid()), "x")
    lock.sweep(path)
    assert.equal(2, #files.list(place.path))
    place.write("_cloudaudit.lock", "other")
    assert.is_false(held:is_held())
    held:release()
    assert.equal("other", files.read(path))
  end)
end)
