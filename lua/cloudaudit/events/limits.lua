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

--- Slices that are read in parallel: the service admits 20 requests a second.
limits.PARALLEL = 64

--- Event names of a query. The documentation states it for the console only.
limits.EVENT_NAMES = 10
--- Nothing later than this many seconds from now is asked for: there are no events of the future, and a window for each
-- 29 days of it would be a request. A day, as far as a clock may be corrected.
limits.FUTURE = DAY

--- The longest time range that a query can have, and so a cursor: retention and future, moved by a corrected clock.
limits.RANGE = limits.RETENTION + 3 * DAY

--- Hint of failures with kind range.
limits.RANGE_HINT = "events are kept for 90 days; older ones are in the storage of the track that shipped them"
  .. " (client:tracks() lists the storages)"

return limits
