local cloudaudit = require "cloudaudit"
local core = require "cloudaudit.core"
local history = require "support.history"
local limits = require "cloudaudit.events.limits"
local windows = require "cloudaudit.events.windows"

local NOW, DAY = history.NOW, 86400

local function accepted(since, to, page_size)
  local emulator = cloudaudit.emulator.new{ now = NOW, record = false }
  local response, _, err = emulator:client{ validate = false }:DescribeEvents{ StartTime = since, EndTime = to,
    MaxResults = page_size }
  return response ~= nil, err
end

describe("the limits of the service", function()
  it("have the page size that the core validates", function()
    local function check(page_size)
      return core.check("DescribeEventsRequest", { StartTime = 1, EndTime = 2, MaxResults = page_size },
        "DescribeEvents", true)
    end
    assert.is_true(check(limits.PAGE_SIZE))
    local ok, fields = check(limits.PAGE_SIZE + 1)
    assert.is_false(ok or false)
    assert.equal("MaxResults", fields.field)
  end)

  it("have a page size, a window and a retention that the emulator enforces", function()
    assert.is_true(accepted(NOW - 60, NOW, limits.PAGE_SIZE))
    assert.is_false(accepted(NOW - 60, NOW, limits.PAGE_SIZE + 1))
    assert.is_true(accepted(NOW - limits.WINDOW - 1, NOW))
    assert.is_false(accepted(NOW - limits.WINDOW - DAY, NOW))
    assert.is_true(accepted(NOW - limits.RETENTION, NOW - limits.RETENTION + 60))
    assert.is_false(accepted(NOW - limits.RETENTION - 1, NOW - limits.RETENTION + 60))
  end)

  it("leave room for a second more at each end of a window, and need four windows for the retention", function()
    assert.is_true(limits.WINDOW + 2 < 30 * DAY)
    assert.equal(4, windows.count(NOW - limits.RETENTION, NOW))
  end)
end)
