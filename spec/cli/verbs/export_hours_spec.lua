-- cloudaudit export in many runs, with a clock of its own: events that appear late are neither missing nor twice (18).
local cloudaudit = require "cloudaudit"
local export = require "cloudaudit.cli.verbs.export"
local exported = require "support.exported"
local folder = require "support.folder"

local HOUR = 3600
local START = 1769846400

describe("cloudaudit export, hour after hour,", function()
  local place, now, emulator

  before_each(function()
    place = folder.new()
    now = START
    emulator = cloudaudit.emulator.new{ now = function() return now end, record = false, rate = 0, seed = 7,
      delivery_lag = { 0, 880 }, short_pages = 1 / 4 }
  end)

  after_each(function()
    place.remove()
  end)

  -- `off`: by how many seconds this machine's clock is ahead of the service's.
  local function run(name, values, off)
    values.place, values.utc = place.path .. "/" .. name, true
    local context = { name = "export", values = values, now = now + (off or 0), notes = {} }
    function context.client()
      return emulator:client{ retries = 0 }
    end
    function context.is_terminal()
      return false
    end
    function context:note(text)
      self.notes[#self.notes + 1] = text
    end
    assert.equal(0, export.run(context))
    return context
  end

  -- Adds `count` events up to `now`, some of them in one second, some without an id of the service's.
  local added
  local function add(count)
    for _ = 1, count do
      added = added + 1
      emulator:add_event{ EventId = ("e%05d"):format(added), EventTime = now - (added * 7919) % HOUR, EventName = "N",
        CloudAuditEvent = ('{"n":%d}'):format(added) }
    end
  end

  for _, name in ipairs{ "folder", "audit.db" } do
    it("has every event once: " .. name, function()
      added = 0
      local values = { since = "1d", part_size = name == "folder" and 0.001 or nil }
      for hour = 1, 30 do
        now = now + HOUR + (hour * 37) % 600
        add(hour % 5 == 0 and 0 or 20)
        values.parallel = hour % 3 == 0 and 3 or nil
        run(name, values)
        values.since = nil
        if hour % 4 == 0 then
          run(name, values) -- twice at the same time
        end
      end
      now = now + HOUR
      run(name, values)
      local ids = exported.ids(place.path .. "/" .. name)
      assert.equal(added, #ids)
      for index, id in ipairs(ids) do
        assert.equal(("e%05d"):format(index), id)
      end
    end)
  end

  it("has events without an id once, also those without a time", function()
    local odd = { '{"n":1}', '{"n":2}', '{"n":3,"eventTime":"x"}' }
    for index, raw in ipairs(odd) do
      emulator:add_event{ EventTime = now - index * 60, CloudAuditEvent = raw }
    end
    now = now + 20 * 60
    local reading = require "cloudaudit.cli.reading"
    local original = reading.source
    function reading.source(...)
      local next_event = original(...)
      return function()
        local event, err = next_event()
        if event then
          event.id, event.time = nil, not event.raw:find("eventTime", 1, true) and event.time or nil
        end
        return event, err
      end
    end
    for _ = 1, 3 do
      run("folder", { since = "1d" })
      run("audit.db", { since = "1d" })
      now = now + 300
    end
    reading.source = original
    assert.equal(3, #exported.rows(place.path .. "/folder"))
    assert.equal(3, #exported.rows(place.path .. "/audit.db"))
    local names = table.concat(exported.names(place.path .. "/folder"), " ")
    assert.truthy(names:find("./dt=__HIVE_DEFAULT_PARTITION__/part-000001.jsonl.gz", 1, true), names)
  end)

  it("goes by the service's clock", function()
    for index, off in ipairs{ 7200, -7200 } do
      added = 0
      local name = "folder" .. index
      run(name, { since = tostring(now - 86400) }, off)
      local held = require("cloudaudit.export.folder").read(place.path .. "/" .. name)
      assert.equal(now - 900, held.position)
      now = now + 1200
      emulator:add_event{ EventId = "late" .. index, EventTime = now - 1000 }
      run(name, {}, off)
      assert.same({ "late" .. index }, { exported.ids(place.path .. "/" .. name)[index] })
    end
  end)

  it("does nothing up to a second that it has passed", function()
    run("folder", { since = "1d" })
    local context = run("folder", { ["until"] = "12h" })
    assert.same({ "nothing to do: the export is complete up to --until" }, context.notes)
  end)
end)
