-- Paginator of one window. Only ListOver ends it: a page may be short or empty. Page tokens that repeat are a
-- failure, so that no response causes an endless loop or looks like the end.
local errors = require "cloudaudit.errors"
local event = require "cloudaudit.events.event"
local limits = require "cloudaudit.events.limits"
local sessions = require "cloudaudit.session"
local time = require "cloudaudit.time"
local where = require "cloudaudit.events.where"
local windows = require "cloudaudit.events.windows"

local pages = {}

-- The retention limit moves while pages are read: a query starts MARGIN seconds inside of it, and fails when more
-- than SLACK seconds of the window have expired meanwhile.
local MARGIN = 60
local SLACK = 3600

local MAX_EMPTY = 1000

-- The StartTime to ask for; a failure when too much of the window has expired.
local function start_of(paginator)
  local oldest = math.ceil(paginator.session.clock()) - limits.RETENTION + MARGIN
  local window = paginator.window
  if oldest <= window.from then
    return window.from
  elseif oldest > window.high or oldest - window.low > SLACK + MARGIN then
    return errors.failure{ kind = "range", action = "DescribeEvents", hint = limits.RANGE_HINT,
      message = ("events from %s to %s expired while they were being read"):format(time.iso(window.low),
        time.iso(math.min(oldest, window.high))) }
  end
  return oldest
end

--- Opens a paginator of a window. `query` is {page_size, conditions, location}; `token` is the page token to resume
-- from, nil for the first page.
function pages.open(session, query, window, token)
  return { session = session, query = query, window = window, token = token, over = false,
    steps = 0, mark_at = 1, empty = 0 }
end

local function token_of(value)
  local text = value ~= nil and where.exact(value) or ""
  return text ~= "" and text ~= "0" and text or nil
end

-- Brent's cycle detection, with one token in memory: the mark moves at powers of two.
local function repeats(paginator, token)
  if token == paginator.token or token == paginator.mark then
    return true
  end
  paginator.steps = paginator.steps + 1
  if paginator.steps == paginator.mark_at then
    paginator.mark, paginator.mark_at = token, paginator.mark_at * 2
  end
  return false
end

-- Advances to the next page; returns what is wrong with the response, or nil.
local function advance(paginator, response)
  if response.ListOver == true then
    paginator.over = true
    return nil
  end
  local token = token_of(response.NextToken)
  paginator.empty = (not response.Events or #response.Events == 0) and paginator.empty + 1 or 0
  if not token then
    return "the response is not the last page, but has no NextToken"
  elseif repeats(paginator, token) then
    return ("NextToken %s repeats: the service's pages form a loop"):format(token)
  elseif paginator.empty >= MAX_EMPTY then
    return ("%d empty pages in a row, none of them the last"):format(paginator.empty)
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

--- The events of the next page that belong to this window, and the request id. Sets paginator.over on the last page
-- and paginator.token on any other. nil, message, err on failure; a response without a valid next page returns its
-- events first, and the next call fails.
function pages.next(paginator)
  if paginator.wrong then
    return errors.failure{ kind = "protocol", action = "DescribeEvents", request_id = paginator.request_id,
      message = "DescribeEvents: " .. paginator.wrong }
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
