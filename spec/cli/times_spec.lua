local own_process = require "support.own_process"
local status = require "cloudaudit.cli.status"
local times = require "cloudaudit.cli.times"

local NOW = 1769846400 -- 2026-01-31T08:00:00Z

-- In a process of its own, since a zone is read once.
local function in_zone(zone, expression)
  local text = own_process.run(([[local times = require "cloudaudit.cli.times"
    local function read(text, utc) return times.read("--since", text, %d, utc) end
    print(%s)]]):format(NOW, expression), "TZ=" .. zone)
  return (text:gsub("%s+$", ""))
end

describe("cloudaudit.cli.times", function()
  it("reads ages, epoch seconds and ISO 8601", function()
    local cases = { ["2h"] = -7200, ["-2h"] = -7200, ["7d"] = -7 * 86400, ["1d12h"] = -129600, now = 0,
      ["1769846401"] = 1, ["2026-01-31T08:00:05Z"] = 5, ["2026-01-31T16:00:00+08:00"] = 0 }
    for text, offset in pairs(cases) do
      assert.equal(NOW + offset, times.read("--since", text, NOW), text)
    end
  end)

  it("reads dates without a zone in the local one, or as UTC", function()
    assert.equal("1769788800", in_zone("Asia/Shanghai", 'read("2026-01-31")'))
    assert.equal("1769817600", in_zone("Asia/Shanghai", 'read("2026-01-31", true)'))
    assert.equal("1769846400", in_zone("Asia/Shanghai", 'read("2026-01-31T16:00:00")'))
    assert.equal("1769846400", in_zone("Asia/Shanghai", 'read("2026-01-31T16:00")'))
    assert.equal("1769788800 1769702400", in_zone("Asia/Shanghai", 'read("today") .. " " .. read("yesterday")'))
    assert.equal("1769817600", in_zone("Asia/Shanghai", 'read("today", true)'))
  end)

  it("reads midnight on days when the clock changes", function()
    -- 2026-03-29 in Berlin begins in UTC+1 and ends in UTC+2.
    assert.equal("1774738800 1774821600", in_zone("Europe/Berlin", 'read("2026-03-29") .. " " .. read("2026-03-30")'))
  end)

  it("shows local times with their offset, or UTC", function()
    assert.equal("2026-01-31T08:00:00Z", times.show(NOW, true))
    assert.equal("2026-01-31T16:00:00+08:00", in_zone("Asia/Shanghai", "times.show(1769846400)"))
    assert.equal("2026-01-31T03:30:00-04:30", in_zone("'<-0430>4:30'", "times.show(1769846400)"))
    assert.equal("2026-01-01T01:00:00+02:00", in_zone("'<+02>-2'", "times.show(1767222000)"))
  end)

  it("says what would be right", function()
    for _, text in ipairs{ "soon", "2 h", "2026-13-01", "2026-02-30", "-", "" } do
      local done, problem = pcall(times.read, "--since", text, NOW)
      assert.is_false(done)
      assert.is_true(status.is_problem(problem), tostring(problem))
      assert.truthy(problem.message:find("^%-%-since: 2h or %-2h"), problem.message)
    end
  end)
end)
