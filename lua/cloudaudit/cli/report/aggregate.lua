-- What a report says about events, computed while they are read, in any order and in bounded memory.
local counter = require "cloudaudit.cli.report.counter"
local null = require("cloudaudit").null
local timescale = require "cloudaudit.cli.report.timescale"

local aggregate = {}

aggregate.WRITES = 500
local TOP, TOP_DENIED = 10, 50

-- A value of a record can have a mebibyte.
local MOST_BYTES = 200

local WRITE_FIELDS = { "name", "product", "user", "source_ip", "resource", "region", "result", "error_code" }

local Aggregate = {}
Aggregate.__index = Aggregate

local function bin()
  return { all = 0, failed = 0, denied = 0 }
end

--- Makes one for events from `since` to `to` (epoch seconds). offset(seconds): seconds east of UTC at a time.
-- `oldest`: of events of one second the later one is newer; otherwise the earlier one.
function aggregate.new(since, to, offset, oldest)
  local self = setmetatable({ since = since, to = to, offset = offset, scale = timescale.new(since, to, offset),
    totals = { all = 0, write = 0, read = 0, ok = 0, failed = 0, denied = 0, unknown = 0, sensitive = 0, untimed = 0 },
    bins = {}, hours = {}, writes = {}, users = counter.new(), products = counter.new(), addresses = counter.new(),
    refusals = counter.new(), step = oldest and -1 or 1 }, Aggregate)
  for index = 1, self.scale.count do
    self.bins[index] = bin()
  end
  for index = 1, 24 do
    self.hours[index] = bin()
  end
  return self
end

-- A text, cut where no character is parted; nil for null.
local function short(value)
  if value == null then
    return nil
  end
  value = tostring(value)
  if #value <= MOST_BYTES then
    return value
  end
  local at = MOST_BYTES
  while at > MOST_BYTES - 3 and value:byte(at + 1) >= 128 and value:byte(at + 1) < 192 do
    at = at - 1
  end
  return value:sub(1, at) .. "…"
end

local function count_in(slot, result)
  if slot then
    slot.all = slot.all + 1
    if result == "failed" or result == "denied" then
      slot[result] = slot[result] + 1
    end
  end
end

local function newer(a, b)
  if a.time ~= b.time then
    return a.time > b.time
  end
  return a.order < b.order
end

-- Keeps the newest: twice as many are collected before the older half goes, so that a write costs the same however many
-- there are.
local function keep_newest(list, most)
  table.sort(list, newer)
  for index = #list, most + 1, -1 do
    list[index] = nil
  end
end

local function add_write(self, row, time)
  local write = { time = time, order = self.step * self.totals.write, time_iso = row.time_iso }
  for _, field in ipairs(WRITE_FIELDS) do
    write[field] = short(row[field])
  end
  local list = self.writes
  list[#list + 1] = write
  if #list >= 2 * aggregate.WRITES then
    keep_newest(list, aggregate.WRITES)
  end
end

local SEPARATOR = "\0"

local function add_refusal(self, row, time)
  local name, user, address = short(row.name), short(row.user), short(row.source_ip)
  local code = short(row.error_code)
  local key = table.concat({ name or "", user or "", address or "", code or "" }, SEPARATOR)
  local entry = self.refusals:add(key, time)
  entry.name, entry.user, entry.source_ip, entry.error_code = name, user, address, code
end

-- Counts a value; false stands for one that is not recorded.
local function count_value(self, dimension, value, row, time)
  local entry = self[dimension]:add(short(value) or false, time)
  entry.refused = (entry.refused or 0) + (row.result == "denied" and 1 or 0)
end

--- Adds an event as a row; see event:row().
function Aggregate:add(row)
  local totals, time = self.totals, row.time
  totals.all = totals.all + 1
  totals[row.result] = totals[row.result] + 1
  totals.sensitive = totals.sensitive + (row.sensitive == true and 1 or 0)
  if row.action ~= null then
    totals[row.action] = totals[row.action] + 1
  end
  if time == null then
    totals.untimed, time = totals.untimed + 1, 0
  else
    count_in(self.bins[self.scale:index(time)], row.result)
    count_in(self.hours[math.floor((time + self.offset(time)) / 3600) % 24 + 1], row.result)
    self.oldest = math.min(self.oldest or time, time)
  end
  count_value(self, "users", row.user, row, time)
  count_value(self, "products", row.product, row, time)
  count_value(self, "addresses", row.source_ip, row, time)
  if row.result == "denied" then
    add_refusal(self, row, time)
  end
  if row.action == "write" then
    add_write(self, row, time)
  end
end

--- What was found: {since, to, oldest, totals, scale, bins, hours, users, products, addresses, refusals, writes}.
-- `bins` are those of the scale, `hours` the 24 of the day; each has all, failed, denied. The four counts are as
-- Counter:top gives them; a key false is a value that is not recorded. `writes` are the newest, newest first.
function Aggregate:result()
  keep_newest(self.writes, aggregate.WRITES)
  return { since = self.since, to = self.to, oldest = self.oldest, totals = self.totals, scale = self.scale,
    bins = self.bins, hours = self.hours, users = self.users:top(TOP), products = self.products:top(TOP),
    addresses = self.addresses:top(TOP), refusals = self.refusals:top(TOP_DENIED), writes = self.writes }
end

return aggregate
