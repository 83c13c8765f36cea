local core = require "cloudaudit.core"
local emulator = require "cloudaudit.emulator"
local folder = require "support.folder"
local learned = require "cloudaudit.emulator.learned"

local function document(answers)
  local list = {}
  for id, answer in pairs(answers) do
    list[#list + 1] = { id = id, answer = answer }
  end
  return { format = 1, answers = list }
end

describe("cloudaudit.emulator.learned", function()
  it("turns answers into options, by rows and by families", function()
    assert.same({
      unique_names = false, list_lag = 3, compress = false, order = "oldest",
      refusals = { ["value.Name"] = "accepted", ["clock.skew"] = "Other.Code" },
      offline = { ListAudits = "InvalidAction" }, attribute_keys = { "RequestId" },
    }, (learned.options(document{
      ["names.unique"] = false, ["list.lag"] = 3, ["fill.compress"] = false, ["events.order"] = "oldest",
      ["refusal.value.Name"] = "accepted", ["refusal.clock.skew"] = "Other.Code",
      ["action.ListAudits"] = "InvalidAction", ["action.LookUpEvents"] = "offered",
      ["events.attribute_keys"] = { "RequestId" }, ["rate.retry_after"] = "none", ["login.mfa"] = "number",
    })))
  end)

  it("sets nothing for a question without an answer", function()
    assert.same({}, (learned.options{ format = 1, answers = { { id = "names.unique" },
      { id = "list.lag", answer = core.null } } }))
  end)

  it("refuses what is not such a file, or has an answer of the wrong type", function()
    for _, case in ipairs{
      { {}, "a file of `make live` in format 1 expected" },
      { { format = 2, answers = {} }, "a file of `make live` in format 1 expected" },
      { { format = 1, answers = { 1 } }, "answers[1]: an object with an id expected" },
      { document{ ["names.unique"] = "yes" }, "names.unique: answer of type boolean expected" },
      { document{ ["fill.compress"] = 3 }, "fill.compress: answer of type compress expected" },
      { document{ ["events.attribute_keys"] = { 1 } }, "events.attribute_keys: answer of type list expected" },
      { document{ ["refusal.value.Nmae"] = "accepted" }, "does not know the rule" },
      { document{ ["refusal.value.Name"] = 17 }, 'an error code or "accepted" expected' },
      { "/nonexistent/learned.json", "learned: /nonexistent/learned.json: " },
    } do
      local values, message, err = learned.read(case[1])
      assert.is_nil(values)
      assert.truthy(message:find(case[2], 1, true), message)
      assert.equal("config", err.kind)
      assert.equal("learned", err.field)
    end
  end)

  it("is an option of the emulator, as a path or a document; options that are given win", function()
    local place = folder.new()
    local path = place.write("learned.json", core.encode(document{ ["names.unique"] = false, ["rate.limit"] = 7 }))
    for _, source in ipairs{ path, document{ ["names.unique"] = false, ["rate.limit"] = 7 } } do
      local emu = assert(emulator.new{ learned = source, rate = 9 })
      assert.is_false(emu.options.unique_names)
      assert.equal(9, emu.options.rate)
      assert.equal(5, emu.options.quota)
    end
    place.write("broken.json", "{")
    local emu, message, err = emulator.new{ learned = place.path .. "/broken.json" }
    assert.is_nil(emu)
    assert.truthy(message:find("is not a JSON file", 1, true))
    assert.equal("config", err.kind)
    place.remove()
    assert.error_matches(function()
      emulator.new{ learned = document{ ["events.order"] = "random" } }
    end, 'learned.order: "newest" or "oldest" expected')
  end)

  it("has a row for every switch of a rule, and rows that name options", function()
    local options = emulator.new().options
    for _, row in ipairs(learned.ROWS) do
      local ok = pcall(emulator.new, { [row[2]] = {} })
      assert.is_boolean(ok)
      local _, message = pcall(emulator.new, { [row[2]] = function() end })
      assert.is_nil(tostring(message):find("unknown option", 1, true), row[2])
    end
    assert.is_table(options.refusals)
    assert.is_table(options.offline)
  end)
end)
