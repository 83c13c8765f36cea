local cloudaudit = require "cloudaudit"
local stories = require "cloudaudit.emulator.stories"

describe("cloudaudit.emulator.stories", function()
  it("has events that the emulator takes, each story within an hour", function()
    local emulator = cloudaudit.emulator.new{ record = false }
    for _, story in ipairs(stories.LIST) do
      assert.equal(story[2], stories.events(story[1]))
      for _, item in ipairs(story[2]) do
        assert.is_true(item.at < 3600 and (item.at >= 0 or item.at <= -86400), story[1])
        local event = {}
        for name, value in pairs(item) do
          event[name] = value
        end
        event.at, event.EventTime = nil, emulator:now() + item.at
        assert.is_string(emulator:add_event(event))
      end
    end
    assert.is_nil(stories.events("other"))
  end)

  it("makes events, several at a distance, and logins", function()
    local event = stories.event(5, "X", "cam", { Username = "ann" }, { A = 1 })
    assert.same({ 5, "X", "cam", "ann", '{"A":1}' }, { event.at, event.EventName, event.ResourceType, event.Username,
      event.RequestParameters })
    local list = stories.times(3, 10, 5, "X", "cam")
    assert.same({ 5, 15, 25 }, { list[1].at, list[2].at, list[3].at })
    assert.equal("192.0.2.1", stories.login(5, "ann", "192.0.2.1").SourceIPAddress)
  end)
end)
