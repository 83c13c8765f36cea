-- Which records are finished, and which wait for which.
local records = require "cloudaudit.async.record"

local function task(fields)
  local made = { scheduler = {}, begun = true, thread = coroutine.create(function() coroutine.yield() end) }
  for name, value in pairs(fields or {}) do
    made[name] = value
  end
  return made
end

describe("a record", function()
  it("of a task is over when its coroutine is dead, whatever ended it", function()
    local dead = task{ thread = coroutine.create(function(value) error(value) end) }
    assert.is_false(records.is_over(dead))
    coroutine.resume(dead.thread, "x")
    assert.is_true(records.is_over(dead))
    assert.equal("misuse", select(3, records.values(dead)).kind)
    assert.is_false(records.is_over(task{ begun = false }))
  end)

  it("of several is over when all are, and keeps its values", function()
    local first, second = task(), task()
    local every = records.several{ first, records.several{ second } }
    assert.is_false(records.is_over(every))
    records.succeed(second, "b", "more")
    assert.is_false(records.is_over(every))
    records.succeed(first, "a")
    assert.is_true(records.is_over(every))
    local list = records.values(every)
    assert.same({ "a", { "b", n = 1 }, n = 2 }, list)
    assert.equal(list, records.values(every))
    assert.is_true(second.order < first.order and first.order < every.order)
  end)

  it("of a stopped task fails for that reason, whatever was raised", function()
    for _, raised in ipairs{ "text", {}, false } do
      local stopped = task{ stop = "cancelled" }
      records.fail(stopped, raised)
      local value, message, err = records.values(stopped)
      assert.same({ nil, "the task was cancelled", "cancelled" }, { value, message, err.kind })
    end
  end)

  it("of a stopped task has the failure of its call, rather one that may have left", function()
    local stopped = task{ stop = "closed" }
    local unsent = { kind = "closed", message = "unsent", outcome = "not_sent" }
    local unknown = { kind = "closed", message = "unknown", outcome = "unknown" }
    records.note_failure(stopped, { kind = "timeout", outcome = "unknown" })
    assert.is_nil(stopped.failure)
    for _, err in ipairs{ unsent, unknown, unsent } do
      records.note_failure(stopped, err)
    end
    records.fail(stopped, "raised")
    assert.same({ nil, "unknown", unknown }, { records.values(stopped) })
  end)

  it("depends on a task through awaited records and parts", function()
    local a, b, c = task(), task(), task()
    b.awaited = records.several{ c, records.several{ a } }
    assert.is_true(records.depends(a, a))
    assert.is_true(records.depends(b, a))
    assert.is_true(records.depends(records.several{ c, b }, a))
    assert.is_false(records.depends(c, a))
    records.succeed(a)
    assert.is_false(records.depends(b, a))
    -- Parts that are shared are looked at once.
    local shared = records.several{ c }
    for _ = 1, 60 do
      shared = records.several{ shared, shared }
    end
    assert.is_false(records.depends(shared, b))
    assert.equal(1, #records.add_schedulers({}, shared))
  end)
end)

describe("the schedulers of a record", function()
  it("are those of its parts, and those whose records their tasks await", function()
    local a, b, c = { tasks = {}, joined = true }, { tasks = {}, joined = true }, { tasks = {} }
    local of_c = task{ scheduler = c }
    b.tasks[1] = task{ scheduler = b, awaited = of_c }
    a.tasks[1] = task{ scheduler = a, awaited = records.several{ task{ scheduler = b } } }
    assert.same({ a, b, c }, { (table.unpack or unpack)(records.add_scheduler({}, a)) })
    assert.same({ c }, { (table.unpack or unpack)(records.add_schedulers({}, of_c)) })
    local every = records.several{ b.tasks[1], of_c, b.tasks[1] }
    assert.equal(2, #records.owners(every))
    assert.equal(0, #records.owners(records.several{ records.several{} }))
    for _ = 1, 50 do
      every = records.several{ every, every } -- each part is looked at once, not 2^50 times
    end
    assert.equal(2, #records.owners(every))
  end)
end)
