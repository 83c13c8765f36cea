local aggregate = require "cloudaudit.cli.report.aggregate"
local null = require("cloudaudit").null

local NOON = 1769860800 -- 2026-01-31T12:00:00Z
local HOUR = 3600

local FIELDS = { "id", "time_iso", "name", "product", "action", "user", "source_ip", "region", "resource", "error_code",
  "sensitive" }

-- A row with the members of `given`; the others are null.
local function row(given)
  local out = { time = NOON, result = "ok" }
  for _, name in ipairs(FIELDS) do
    out[name] = null
  end
  for name, value in pairs(given) do
    out[name] = value
  end
  return out
end

local function sum_of(rows, offset, oldest)
  local sum = aggregate.new(NOON - 24 * HOUR, NOON, function()
    return offset or 0
  end, oldest)
  for _, given in ipairs(rows) do
    sum:add(row(given))
  end
  return sum:result()
end

local function entry(top, index)
  local found = top.rows[index]
  return { found.key, found.count, found.refused }
end

describe("cloudaudit.cli.report.aggregate", function()
  it("counts by action and result", function()
    local totals = sum_of{ { action = "write" }, { action = "read", result = "failed" },
      { action = "write", result = "denied", sensitive = true }, { result = "unknown", sensitive = false } }.totals
    assert.same({ all = 4, write = 2, read = 1, ok = 1, failed = 1, denied = 1, unknown = 1, sensitive = 1,
      untimed = 0 }, totals)
  end)

  it("counts by bar and by hour of the day, in the zone", function()
    local found = sum_of({ { time = NOON }, { time = NOON - 1, result = "denied" }, { time = NOON - 60,
      result = "failed" }, { time = NOON - 24 * HOUR } }, 8 * HOUR)
    assert.same({ 25, "hour" }, { #found.bins, found.scale.name })
    assert.same({ { all = 1, failed = 0, denied = 0 }, { all = 2, failed = 1, denied = 1 },
      { all = 1, failed = 0, denied = 0 } }, { found.bins[25], found.bins[24], found.bins[1] })
    assert.same({ 2, 2 }, { found.hours[21].all, found.hours[20].all })
    assert.equal(NOON - 24 * HOUR, found.oldest)
  end)

  it("leaves events without a time out of the charts, and those outside of the range out of the bars", function()
    local found = sum_of{ { time = null, action = "write" }, { time = NOON + 2 * HOUR } }
    assert.same({ 2, 1 }, { found.totals.all, found.totals.untimed })
    local all = 0
    for _, bin in ipairs(found.bins) do
      all = all + bin.all
    end
    assert.equal(0, all)
    assert.equal(1, #found.writes)
  end)

  it("counts users, products and addresses, and what is not recorded", function()
    local found = sum_of{ { user = "ann", product = "cvm", source_ip = "10.0.0.1" }, { user = "ann",
      product = "cvm", result = "denied" }, { product = "cos" } }
    assert.same({ { "ann", 2, 1 }, { false, 1, 0 } }, { entry(found.users, 1), entry(found.users, 2) })
    assert.same({ { "cvm", 2, 1 }, { "cos", 1, 0 } }, { entry(found.products, 1), entry(found.products, 2) })
    assert.same({ { false, 2, 1 }, { "10.0.0.1", 1, 0 } }, { entry(found.addresses, 1), entry(found.addresses, 2) })
  end)

  it("puts the same denied calls together", function()
    local function denied(time, code)
      return { time = time, name = "DeleteBucket", user = "eve", source_ip = "198.51.100.9", error_code = code,
        result = "denied" }
    end
    local found = sum_of{ denied(NOON - 5, "AuthFailure"), denied(NOON - 1, "AuthFailure"), denied(NOON, "4"),
      { result = "failed", error_code = "x" }, { result = "denied" } }
    assert.equal(3, #found.refusals.rows)
    local first = found.refusals.rows[1]
    assert.same({ "DeleteBucket", "eve", "198.51.100.9", "AuthFailure", 2, NOON - 1 }, { first.name, first.user,
      first.source_ip, first.error_code, first.count, first.last })
  end)

  it("keeps the newest writes, in whatever order they come", function()
    for _, step in ipairs{ 1, -1, 7 } do
      local rows = {}
      for index = 1, 1733 do
        rows[index] = { time = NOON - 5000 + index * step % 1733, action = "write", resource = "r" .. index }
      end
      local found = sum_of(rows)
      assert.equal(1733, found.totals.write)
      assert.equal(500, #found.writes)
      for index, write in ipairs(found.writes) do
        assert.equal(NOON - 5000 + 1733 - index, write.time)
      end
    end
  end)

  it("keeps equal times in the order of reading", function()
    local rows = {}
    for index = 1, 1200 do
      rows[index] = { action = "write", resource = "r" .. index }
    end
    local found = sum_of(rows)
    assert.same({ "r1", "r500" }, { found.writes[1].resource, found.writes[500].resource })
    local writes = sum_of(rows, 0, true).writes
    assert.same({ "r1200", "r701" }, { writes[1].resource, writes[500].resource })
  end)

  it("cuts long texts, between characters", function()
    local found = sum_of{ { user = ("审"):rep(400), action = "write", resource = ("x"):rep(1048576),
      name = ("\128"):rep(300) } }
    assert.equal(("审"):rep(66) .. "…", found.users.rows[1].key)
    assert.equal(("x"):rep(200) .. "…", found.writes[1].resource)
    assert.equal(("\128"):rep(197) .. "…", found.writes[1].name)
    assert.equal(("y"):rep(200), sum_of{ { user = ("y"):rep(200) } }.users.rows[1].key)
  end)

  it("does not grow with the number of events", function()
    local sum = aggregate.new(NOON - 24 * HOUR, NOON, function()
      return 0
    end)
    local function fill(from, to)
      for index = from, to do
        sum:add(row{ time = NOON - index % 80000, action = "write", user = "u" .. index, source_ip = "a" .. index,
          result = "denied", name = "n" .. index })
      end
      collectgarbage()
      collectgarbage()
      return collectgarbage("count")
    end
    local before = fill(1, 12000)
    assert.is_true(fill(12001, 36000) < 1.2 * before)
    assert.equal(36000, sum:result().totals.all)
  end)
end)
