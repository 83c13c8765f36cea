-- Limits of the service on reading events, as its documentation states them, and the margins kept from them.
local limits = {}

local DAY = 86400

--- Events are kept for 90 days.
limits.RETENTION = 90 * DAY

--- Seconds of a window. The service accepts less than 30 days per query; a window also asks for one second more at
-- each end, and four windows cover the retention.
limits.WINDOW = 29 * DAY

--- Largest MaxResults of DescribeEvents; the core validates the same number.
limits.PAGE_SIZE = 50

--- Hint of failures with kind range.
limits.RANGE_HINT = "events are kept for 90 days; older ones are in the storage of the track that shipped them"
  .. " (client:tracks() lists the storages)"

return limits
