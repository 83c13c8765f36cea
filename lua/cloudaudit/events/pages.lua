-- Reads the pages of one window. The end is ListOver alone: a page may be short or empty, and tokens
-- that lead in a circle are an error, so that no answer makes this endless or looks like the end.
local errors = require "cloudaudit.errors"
local event = require "cloudaudit.events.event"
local sessions = require "cloudaudit.session"
local time = require "cloudaudit.time"
local where = require "cloudaudit.events.where"
local windows = require "cloudaudit.events.windows"

local pages = {}

local DAY = 86400
pages.HISTORY = 90 * DAY

-- The edge of the 90 days moves on while we read: what is asked for keeps this far from it, and what it
-- has swallowed by then counts as lost when it is more than the slack.
local MARGIN = 60
local SLACK = 3600

local MAX_EMPTY = 1000

pages.OUT_OF_REACH = "events are kept for 90 days; older ones are in the storage of the tracking set that shipped them"
  .. " (tracks() names it)"

local function failure(action, kind, message, request_id, hint)
  return errors.failure{ kind = kind, action = action, message = message, request_id = request_id, hint = hint }
end

-- The start to ask for; a failure when the window has slipped out of the service's reach.
local function start_of(paginator)
  local reach = math.ceil(paginator.session.clock()) - pages.HISTORY + MARGIN
  local window = paginator.window
  if reach <= window.from then
    return window.from
  elseif reach > window.high or reach - window.low > SLACK + MARGIN then
    return failure("DescribeEvents", "range",
      ("events from %s to %s have passed out of the service's reach while they were read"):format(
        time.iso(window.low), time.iso(math.min(reach, window.high))), nil, pages.OUT_OF_REACH)
  end
  return reach
end

--- Opens a paginator through a window's pages. `query` is {page_size, conditions, location}; `token` is where
-- to go on, nil for the first page.
function pages.open(session, query, window, token)
  return { session = session, query = query, window = window, token = token, over = false,
    steps = 0, mark_at = 1, empty = 0 }
end

local function token_of(value)
  local text = value ~= nil and where.exact(value) or ""
  return text ~= "" and text ~= "0" and text or nil
end

-- Brent's way to find a circle with one token in memory: the mark moves on at powers of two.
local function in_circle(paginator, token)
  if token == paginator.token or token == paginator.mark then
    return true
  end
  paginator.steps = paginator.steps + 1
  if paginator.steps == paginator.mark_at then
    paginator.mark, paginator.mark_at = token, paginator.mark_at * 2
  end
  return false
end

-- Moves on to the next page; returns what is wrong with the answer, if anything is.
local function advance(paginator, response)
  if response.ListOver == true then
    paginator.over = true
    return nil
  end
  local token = token_of(response.NextToken)
  paginator.empty = (not response.Events or #response.Events == 0) and paginator.empty + 1 or 0
  if not token then
    return "the service says that there is more and gives no NextToken to ask for it"
  elseif in_circle(paginator, token) then
    return ("NextToken %s comes again: the service's pages lead in a loop"):format(token)
  elseif paginator.empty >= MAX_EMPTY then
    return ("%d empty pages in a row, and the service says that there is more"):format(paginator.empty)
  end
  paginator.token = token
end

local function params_of(paginator, from)
  local query = paginator.query
  return {
    StartTime = from, EndTime = math.max(paginator.window.to, from), MaxResults = query.page_size,
    NextToken = paginator.token, LookupAttributes = where.lookup_attributes(query.conditions),
    IsReturnLocation = query.location and 1 or nil,
  }
end

local function events_of(paginator, response)
  local out, count = {}, 0
  for _, item in ipairs(response.Events or {}) do
    local found = event.from_wire(item)
    if not windows.foreign(paginator.window, found.time) then
      count = count + 1
      out[count] = found
    end
  end
  return out
end

--- The events of the next page that are this window's own, and the request id; sets paginator.over after the
-- last page and paginator.token before any other. nil, message, err when it failed; an answer that leads
-- nowhere gives its events first and fails when the next page is asked for.
function pages.next(paginator)
  if paginator.wrong then
    return failure("DescribeEvents", "protocol", "DescribeEvents: " .. paginator.wrong, paginator.request_id)
  end
  local from, message, err = start_of(paginator)
  if not from then
    return nil, message, err
  end
  local response
  response, message, err = sessions.call(paginator.session, "DescribeEvents", params_of(paginator, from))
  if not response then
    return nil, message, err
  end
  paginator.request_id = response.RequestId
  paginator.wrong = advance(paginator, response)
  return events_of(paginator, response), response.RequestId
end

return pages
