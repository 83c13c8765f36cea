local plan = require "cloudaudit.cli.plan"

describe("cloudaudit.cli.plan", function()
  it("counts tracking sets, not rows", function()
    assert.equal(0, plan.count{})
    assert.equal(3, plan.count{ { name = "a", id = 1, field = "action" }, { name = "a", id = 1, field = "storage" },
      { name = "b" }, { name = "c", id = 3 } })
  end)

  it("has a sign for each kind of difference", function()
    local emulator = require("cloudaudit").emulator.new{ unique_names = false, quota = 9 }
    local client = emulator:client()
    local storage = "cos://logs@ap-guangzhou/pre"
    for _, name in ipairs{ "same", "other", "kind", "extra", "twice", "twice" } do
      assert(client:create_track{ name = name, action = "all", storage = storage })
    end
    local path = os.tmpname()
    os.rename(path, path .. ".json")
    path = path .. ".json"
    local file = assert(io.open(path, "w"))
    file:write((([[ [{"name":"same","action":"all","storage":"S"},{"name":"other","action":"write","storage":"S"},
      {"name":"kind","filters":[{"resource_type":"cam","action":"all"}],"storage":"S"},
      {"name":"twice","action":"all","storage":"S"},{"name":"new","action":"all","storage":"S"}] ]]):gsub('"S"',
      '"' .. storage .. '"')))
    file:close()
    local notes = {}
    local context = { values = { file = path }, client = function()
      return client
    end, note = function(_, text)
      notes[#notes + 1] = text
    end }
    local _, _, rows = plan.read(context, true)
    local signs = {}
    for _, row in ipairs(rows) do
      signs[#signs + 1] = row.sign .. row.name .. (row.field and " " .. row.field or "")
    end
    table.sort(signs)
    assert.same({ "!kind filters", "!twice name", "+new", "-extra", "~other action" }, signs)
    assert.same({}, notes)
    local _, report, fewer = plan.read(context, false)
    assert.equal(1, #notes)
    assert.truthy(notes[1]:find("in no spec of .*: extra %(%d+%)$"))
    assert.equal(4, #fewer)
    assert.equal(1, #report.extra)
    os.remove(path)
  end)
end)
