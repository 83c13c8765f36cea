local httpd = require "cloudaudit.httpd"
local own_process = require "support.own_process"

describe("cloudaudit.httpd.process", function()
  it("replaces a file as a whole, and not what a link points to", function()
    local process = httpd.process
    local path, target = os.tmpname(), os.tmpname()
    local function read(name)
      local file = assert(io.open(name, "rb"))
      local text = file:read("*a")
      file:close()
      return text
    end
    assert(process.write_file(path, "one\0two"))
    assert.equal("one\0two", read(path))
    os.execute(("LD_PRELOAD= ln -sf %s %s"):format(target, path))
    assert(process.write_file(path, "three"))
    assert.same({ "three", "" }, { read(path), read(target) })
    local done, message = process.write_file("/nowhere/x", "")
    assert.same({ nil, "/nowhere/x: No such file or directory" }, { done, message })
    assert.is_nil((process.write_file("/" .. ("x"):rep(5000), "")))
    assert.is_nil((process.write_file(os.getenv("PWD") or ".", "")))
    -- As root a rename would succeed there.
    os.remove(path)
    os.execute(("LD_PRELOAD= mkfifo %s; LD_PRELOAD= ln -sf %s %s"):format(path, path, target))
    for _, name in ipairs{ path, target } do
      assert.same({ nil, name .. ": not a regular file" }, { process.write_file(name, "") })
    end
    local temporary = assert(process.temporary_file("text"))
    assert.equal("text", read(temporary))
    for _, name in ipairs{ path, target, temporary } do
      os.remove(name)
    end
  end)

  it("wakes a server by a signal, and ends the process by it afterwards", function()
    local output = own_process.run([[
      local httpd = require "cloudaudit.httpd"
      local server = httpd.new{}
      server:wake_by(assert(httpd.process.catch_signals()))
      os.execute("LD_PRELOAD= sh -c 'sleep 0.2; kill -TERM " .. httpd.process.pid() .. "' &")
      while not server:woken() do
        server:step(30) -- a signal may end a step before the descriptor is looked at
      end
      print(server:woken())
      server:close()
      io.stdout:flush()
      httpd.process.end_by_signal()
      print("still here")
    ]])
    assert.equal("true\n", (output:gsub("Terminated.*", "")))
  end)
end)
