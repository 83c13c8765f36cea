-- cloudaudit.loop.luv in a loop made of tables, for cases that a real loop does not produce at will.
local luv = require "cloudaudit.loop.luv"

describe("cloudaudit.loop.luv in a loop made of tables", function()
  local uv, client, handles, now

  -- A handle whose calls are counted; `closed` of one that was closed twice would be 2.
  local function handle(kind, fd)
    local made = { kind = kind, fd = fd, closed = 0, starts = 0, referenced = true }
    function made.start(self, ...)
      assert(self.closed == 0)
      self.starts, self.active, self.arguments = self.starts + 1, true, { ... }
    end
    function made.stop(self)
      self.active = false
    end
    function made.close(self)
      self.closed, self.active = self.closed + 1, false
    end
    function made.ref(self)
      self.referenced = true
    end
    function made.unref(self)
      self.referenced = false
    end
    handles[#handles + 1] = made
    handles[kind] = made
    return made
  end

  before_each(function()
    handles, now = {}, 1000
    uv = {
      new_timer = function()
        return handle("timer")
      end,
      new_prepare = function()
        return handle("prepare")
      end,
      new_poll = function(fd)
        if fd == 13 then
          return nil, "EPERM: operation not permitted", "EPERM"
        end
        return handle("poll", fd)
      end,
      now = function()
        return now
      end,
    }
    client = { count = 0, list = {}, due = nil, steps = 0 }
    function client.pending()
      return client.count
    end
    function client.fds()
      return client.list, client.due
    end
    function client.step()
      client.steps = client.steps + 1
    end
  end)

  -- One round of the loop up to where it would wait.
  local function prepare()
    handles.prepare.arguments[1]()
  end

  it("has no poll and no active timer while nothing is pending", function()
    local loop = luv.attach(client, uv)
    assert.is_true(handles.prepare.referenced)
    prepare()
    assert.is_false(handles.prepare.referenced)
    assert.is_nil(handles.poll)
    assert.is_falsy(handles.timer.active)
    loop:close()
    loop:close()
    assert.same({ 1, 1 }, { handles.timer.closed, handles.prepare.closed })
    assert.equal(2, #handles)
  end)

  it("closes every handle once when polls are active", function()
    local loop = luv.attach(client, uv)
    client.count, client.list, client.due = 1, { { fd = 7, read = true }, { fd = 8, read = true, write = true } }, 1
    prepare()
    assert.equal(4, #handles)
    loop:close()
    for _, each in ipairs(handles) do
      assert.equal(1, each.closed, each.kind)
    end
  end)

  it("polls what the client asks for, and nothing else", function()
    luv.attach(client, uv)
    client.count, client.list, client.due = 1, { { fd = 7, read = true, write = false } }, 2.0004
    prepare()
    local poll = handles.poll
    assert.same({ 7, "r", 1, 2001 }, { poll.fd, poll.arguments[1], poll.starts, handles.timer.arguments[1] })
    prepare()
    assert.equal(1, poll.starts)
    client.list = { { fd = 7, read = true, write = true } }
    prepare()
    assert.same({ 2, "rw" }, { poll.starts, poll.arguments[1] })
    client.list = { { fd = 9, read = false, write = true } }
    prepare()
    assert.equal(1, poll.closed)
    assert.same({ 9, "w" }, { handles.poll.fd, handles.poll.arguments[1] })
  end)

  it("starts polls anew after a step, since a number may belong to another socket", function()
    luv.attach(client, uv)
    client.count, client.list = 1, { { fd = 7, read = true } }
    prepare()
    handles.poll.arguments[2](nil, "r")
    assert.equal(1, client.steps)
    assert.is_false(handles.poll.active)
    prepare()
    assert.same({ 2, 0, true }, { handles.poll.starts, handles.poll.closed, handles.poll.active })
  end)

  it("does not put a deadline off when the loop looks again, but takes an earlier one", function()
    luv.attach(client, uv)
    client.count, client.list, client.due = 1, { { fd = 7, read = true } }, 0.5
    prepare()
    now = now + 300
    prepare()
    assert.same({ 1, 500 }, { handles.timer.starts, handles.timer.arguments[1] })
    client.due = 0.1
    prepare()
    assert.same({ 2, 100 }, { handles.timer.starts, handles.timer.arguments[1] })
  end)

  it("steps on a timer when a descriptor cannot be polled or there is none", function()
    luv.attach(client, uv)
    client.count, client.list, client.due = 1, { { fd = 13, read = true } }, 5
    prepare()
    assert.equal(20, handles.timer.arguments[1])
    handles.timer.arguments[3]()
    client.list, client.due = {}, nil
    prepare()
    assert.equal(20, handles.timer.arguments[1])
    client.due = 0
    handles.timer.arguments[3]()
    prepare()
    assert.equal(0, handles.timer.arguments[1])
  end)

  it("makes no step after close, even one that was on its way", function()
    local queued = {}
    local loop = luv.attach(client, uv, function(fn)
      return function()
        queued[#queued + 1] = fn
      end
    end)
    client.count, client.list = 1, { { fd = 7, read = true } }
    prepare()
    local event = handles.poll.arguments[2]
    event()
    event()
    assert.equal(1, #queued)
    loop:close()
    queued[1]()
    event()
    assert.same({ 0, 1 }, { client.steps, #queued })
  end)

  it("goes on after an error that a step raises", function()
    luv.attach(client, uv)
    client.count, client.list = 1, { { fd = 7, read = true } }
    local step = client.step
    function client.step()
      error("of a callback")
    end
    prepare()
    assert.is_false(pcall(handles.poll.arguments[2]))
    client.step = step
    prepare()
    handles.poll.arguments[2]()
    assert.equal(1, client.steps)
  end)
end)
