local cloudaudit = require "cloudaudit"
local core = require "cloudaudit.core"
local audit_log = require "support.audit_log"
local export_line = require "cloudaudit.cli.export_line"
local record = require "cloudaudit.export.record"
local rows = require "cloudaudit.events.row"

-- Events of every kind: those of a log, of a scenario, without a record, with a broken one.
local function all_events()
  local emulator = cloudaudit.emulator.new{ now = 1769846400, record = false, rate = 0 }
  for index = 1, 40 do
    emulator:add_event(audit_log.event(index, 1769846400 - index))
  end
  assert(emulator:scenario("workday"))
  for index, raw in ipairs{ "", "null", "{", '{"a":1}', "[]", '{"userIdentity":{"sessionContext":"{\\"mfa\\":1}"}}' } do
    emulator:add_event{ EventTime = 1769800000 + index, CloudAuditEvent = raw, ErrorCode = index % 2 * 4 }
  end
  local list = {}
  for event in emulator:client():events{ since = "-80d" } do
    list[#list + 1] = event
  end
  assert.is_true(#list > 150)
  return list
end

describe("cloudaudit.export.record", function()
  it("gives the event of an exported line back, with the same row and record", function()
    local line = export_line.of("jsonl")
    for _, event in ipairs(all_events()) do
      local again = assert(record.event(core.decode(line(event))))
      assert.same(event:row(), again:row())
      assert.equal(event.raw, again.raw)
      assert.same(event.detail, again.detail)
    end
  end)

  it("takes the record from the line, also where this Lua reads its numbers as text", function()
    local line = '{"id":"a","result":"ok","user_type":"user","user":'
      .. '",\\"detail\\":5}","detail":{"n":9007199254740993}} \r'
    assert.equal('{"n":9007199254740993}', record.event(core.decode(line), line).raw)
  end)

  it("gives the row back from the decoded record, and from the row alone", function()
    for _, event in ipairs(all_events()) do
      local row = event:row()
      assert.same(row, assert(record.event(row)):row())
      local with = core.decode(core.encode(row))
      with.detail = event.detail
      assert.same(row, assert(record.event(with)):row())
    end
  end)

  it("takes a row with any of its values, or none", function()
    for _, user_type in ipairs{ "root", "user", "role", "unknown" } do
      for _, result in ipairs{ "ok", "denied", "failed", "unknown" } do
        local row = { user_type = user_type, result = result, time = 7, time_iso = "1970-01-01T00:00:07Z",
          via = "miniprogram", action = "write", mfa = true, sensitive = false, principal_id = "1", user_agent = "x" }
        row.error_code = (result == "denied" or result == "failed") and "SomeCode" or nil
        if result == "unknown" then -- there was no record then
          row = { user_type = "unknown", result = "unknown", time = 7, time_iso = "1970-01-01T00:00:07Z" }
        end
        for _, name in ipairs(rows.MEMBERS) do
          if row[name] == nil then
            row[name] = core.null
          end
        end
        assert.same(row, assert(record.event(row)):row())
      end
    end
  end)

  it("says what is not a row", function()
    assert.same({ nil, "a JSON object expected" }, { record.event(nil) })
    assert.same({ nil, "a JSON object expected" }, { record.event("x") })
    assert.same({ nil, "it is not a row of this command" }, { record.event{ time = 1 } })
    assert.truthy(select(2, record.event{ class_uid = 6003 }):find("it is OCSF", 1, true))
    assert.same({ nil, "time: epoch seconds expected" }, { record.event{ user_type = "", result = "", time = "1" } })
    assert.same({ nil, "raw: text expected" }, { record.event{ user_type = "", result = "", raw = 1 } })
  end)
end)
