-- Plays events of lua/cloudaudit/emulator/stories.lua into an emulator of its own, and checks them.
local cloudaudit = require "cloudaudit"

local stories = {}

-- Fifty minutes after a full hour: a story fits into the hour, and nothing crosses it by chance.
stories.NOW = 1767225600 + 50 * 60
stories.HOUR = 1767225600

--- An emulator with the events of lists, each {at, …fields}; nothing else is in it.
function stories.emulator(...)
  local emulator = cloudaudit.emulator.new{ now = stories.NOW, record = false, rate = 0 }
  for _, list in ipairs{ ... } do
    for _, item in ipairs(list) do
      local event = {}
      for name, value in pairs(item) do
        event[name] = value
      end
      event.at, event.EventTime = nil, stories.HOUR + item.at
      emulator:add_event(event)
    end
  end
  return emulator
end

--- The findings of one rule over the events of lists.
function stories.findings(id, ...)
  local report = assert(cloudaudit.check(stories.emulator(...):client(), { checks = { id }, baseline = "30d" }))
  assert(#report.unknown == 0, report.unknown[1] and report.unknown[1].detail)
  return report.findings
end

return stories
