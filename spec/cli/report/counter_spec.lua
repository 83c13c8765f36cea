local counter = require "cloudaudit.cli.report.counter"

local function keys(rows)
  local list = {}
  for index, entry in ipairs(rows) do
    list[index] = tostring(entry.key) .. "=" .. entry.count
  end
  return table.concat(list, " ")
end

describe("cloudaudit.cli.report.counter", function()
  it("counts values, the most frequent first, then the newest", function()
    local counts = counter.new()
    for time, key in ipairs{ "a", "b", "a", false, "c", "c", "d" } do
      counts:add(key, time).seen = time
    end
    local top = counts:top(3)
    assert.equal("c=2 a=2 d=1", keys(top.rows))
    assert.same({ 5, true, { values = 2, count = 2 } }, { top.values, top.exact, top.others })
    assert.same({ 6, 3 }, { top.rows[1].seen, top.rows[2].last })
    assert.equal("c=2 a=2 d=1 false=1 b=1", keys(counts:top(9).rows))
    assert.same({ values = 0, count = 0 }, counts:top(9).others)
  end)

  it("orders equal ones by value, whatever the order of reading", function()
    local forth, back = counter.new(), counter.new()
    for index = 1, 20 do
      forth:add("k" .. index, 5)
      back:add("k" .. 21 - index, 5)
    end
    assert.equal(keys(forth:top(20).rows), keys(back:top(20).rows))
  end)

  it("keeps frequent values of any number of values, in bounded memory", function()
    local counts, total = counter.new(10), 0
    for index = 1, 5000 do
      counts:add("rare" .. index, index)
      total = total + 1
      if index % 5 == 0 then
        counts:add("often", index)
        total = total + 1
      end
      assert.is_true(counts.size <= 20)
    end
    local top = counts:top(1)
    assert.equal("often=1000", keys(top.rows))
    assert.is_false(top.exact)
    assert.equal(total, top.rows[1].count + top.others.count)
  end)

  it("counts a value that comes back from the beginning, and none is lost", function()
    local counts = counter.new(2)
    for _, key in ipairs{ "a", "a", "b", "b", "c", "d", "e", "c" } do
      counts:add(key, 0)
    end
    local top = counts:top(10)
    local sum = top.others.count
    for _, entry in ipairs(top.rows) do
      sum = sum + entry.count
    end
    assert.equal(8, sum)
    assert.equal("a=2 b=2 c=1 e=1", keys(top.rows))
  end)
end)
