-- Paginator of one window. Only ListOver ends it: a page may be short or empty. Page tokens that repeat are a
-- failure, so that no response causes an endless loop or looks like the end. Pages may overlap, when events arrive
-- while they are read or when a token counts its own event too: no event is given twice within a window.
local clock = require "cloudaudit.clock"
local event = require "cloudaudit.events.event"
local errors = require "cloudaudit.errors"
local limits = require "cloudaudit.events.limits"
local present = require "cloudaudit.events.present"
local reader = require "cloudaudit.reader"
local recent = require "cloudaudit.events.recent"
local sessions = require "cloudaudit.session"
local time = require "cloudaudit.time"
local where = require "cloudaudit.events.where"
local windows = require "cloudaudit.events.windows"

local pages = {}

local ACTION = "DescribeEvents"

-- The retention limit moves while pages are read: a query starts MARGIN seconds inside of it, and fails when more
-- than SLACK seconds of the window have expired meanwhile.
local MARGIN = 60
local SLACK = 3600

-- Pages in a row without a new event.
local MAX_EMPTY = 1000

-- At least so many events and tokens of the window are remembered, at most twice as many.
local EVENTS = 2000
local TOKENS = 1000

local function oldest_of(paginator)
  return math.ceil(clock.now(paginator.session)) - limits.RETENTION + MARGIN
end

local function is_expired(window, oldest)
  return oldest > window.high or oldest - window.low > SLACK + MARGIN
end

-- The StartTime to ask for; a failure when too much of the window has expired.
local function start_of(paginator)
  local window, oldest = paginator.window, oldest_of(paginator)
  if oldest > window.from and is_expired(window, oldest) then
    present.confirm(paginator.session)
    oldest = oldest_of(paginator)
  end
  if oldest <= window.from then
    return window.from
  elseif is_expired(window, oldest) then
    return errors.failure{ kind = "range", action = ACTION, hint = limits.RANGE_HINT,
      message = ("events from %s to %s expired while they were being read"):format(time.iso(window.low),
        time.iso(math.min(oldest, window.high))) }
  end
  return oldest
end

-- More event names than a request takes are several queries, read one after the other: the page token then names the
-- query too, as "2:TOKEN". Without a TOKEN it begins at its first page.
local function read_token(token)
  local part, rest = token:match("^(%d%d?%d?%d?):(.*)$")
  return math.max(tonumber(part or 1), 1), part and rest ~= "" and rest or not part and token or nil
end

--- Opens a paginator of a window. `query` is {page_size, conditions, location}; `token` is the page token to resume
-- from, nil for the first page; `given` lists the identities of events that were returned before.
function pages.open(session, query, window, token, given)
  local parts, part, service_token = where.split(query.conditions), 1, token
  if token and #parts > 1 then
    part, service_token = read_token(token)
    part = math.min(part, #parts)
  end
  local self = { session = session, query = query, window = window, token = token, over = false, size = query.page_size,
    parts = parts, part = part, service_token = service_token, steps = 0, mark_at = 1, empty = 0,
    events = recent.new(EVENTS), tokens = recent.new(TOKENS) }
  for _, identity in ipairs(given or {}) do
    self.events:add(identity)
  end
  if service_token then
    self.tokens:add(service_token)
  end
  return self
end

-- ---- the next page ---------------------------------------------------------------------------

local GREATEST = "18446744073709551615"

-- The token of a response as text: nil without one, and true as a second result when the value cannot be a token. The
-- model types it as an integer of 64 bits without sign, and nothing else can be sent.
local function token_of(value)
  local integer, wrong = reader.integer(value)
  local text = integer and where.exact(integer) or ""
  if wrong or text:find("^%-") or #text > #GREATEST or #text == #GREATEST and text > GREATEST then
    return nil, true
  end
  return text ~= "" and text ~= "0" and text or nil
end

-- A token that was met before. Beyond those that are remembered, Brent's cycle detection, with one token in memory: the
-- mark moves at powers of two.
local function repeats(paginator, token)
  if not paginator.tokens:add(token) or token == paginator.mark then
    return true
  end
  paginator.steps = paginator.steps + 1
  if paginator.steps == paginator.mark_at then
    paginator.mark, paginator.mark_at = token, paginator.mark_at * 2
  end
  return false
end

local function wrong_page(paginator, text)
  return errors.failure{ kind = "protocol", action = ACTION, request_id = paginator.request_id,
    message = ("%s: %s"):format(ACTION, text) }
end

-- Goes to the next query of the window, or ends the window.
local function end_part(paginator)
  if paginator.part == #paginator.parts then
    paginator.over = true
    return
  end
  paginator.part, paginator.service_token = paginator.part + 1, nil
  paginator.steps, paginator.mark_at, paginator.mark, paginator.empty = 0, 1, nil, 0
  paginator.tokens = recent.new(TOKENS)
  paginator.token = ("%d:"):format(paginator.part)
end

-- Advances to the next page: true; nil, message, err when the response does not lead to one.
local function advance(paginator, response, fresh)
  local over, wrong = reader.boolean(response.ListOver)
  if wrong then
    return reader.failure(ACTION, response, "ListOver", "true or false", response.ListOver)
  elseif over then
    end_part(paginator)
    return true
  end
  local token
  token, wrong = token_of(response.NextToken)
  paginator.empty = fresh == 0 and paginator.empty + 1 or 0
  if wrong then
    return reader.failure(ACTION, response, "NextToken", "an integer of 64 bits", response.NextToken)
  elseif not token then
    return wrong_page(paginator, "the response is not the last page, but has no NextToken")
  elseif repeats(paginator, token) then
    return wrong_page(paginator, ("NextToken %s repeats: the service's pages form a loop"):format(token))
  elseif paginator.empty >= MAX_EMPTY then
    return wrong_page(paginator, ("%d pages in a row without a new event, none of them the last"):format(
      paginator.empty))
  end
  paginator.service_token = token
  paginator.token = #paginator.parts > 1 and ("%d:%s"):format(paginator.part, token) or token
  return true
end

-- ---- requests --------------------------------------------------------------------------------

local function params_of(paginator, from)
  local query = paginator.query
  return {
    StartTime = from, EndTime = math.max(paginator.window.to, from), MaxResults = paginator.size,
    NextToken = paginator.service_token, IsReturnLocation = query.location and 1 or nil,
    LookupAttributes = where.lookup_attributes(paginator.parts[paginator.part]),
  }
end

-- Whether a page was too long for this client or for the service.
local function is_too_long(err)
  return err.field == "max_response" or err:is("ResponseSizeLimitExceeded")
end

-- The response of a page. One that is too long is asked for again with fewer events, and so are all after it.
local function fetch(paginator)
  while true do
    local from, message, err = start_of(paginator)
    if not from then
      return nil, message, err
    end
    local response
    response, message, err = sessions.call_for_events(paginator.session, ACTION, params_of(paginator, from), event.TYPE)
    if response or paginator.size <= 1 or not is_too_long(err) then
      return response, message, err
    end
    paginator.size = math.floor(paginator.size / 2)
  end
end

local function events_of(paginator, items)
  local out, count = {}, 0
  for index = 1, #items do
    local found = items[index]
    if not windows.foreign(paginator.window, found.time) and paginator.events:add(event.identity(found)) then
      count = count + 1
      out[count] = found
    end
  end
  return out
end

--- The new events of the next page that belong to this window, and the request id. Sets paginator.over on the last page
-- and paginator.token on any other. nil, message, err on failure; a response without a valid next page returns its
-- events first, and the next call fails.
function pages.next(paginator)
  if paginator.wrong then
    return nil, paginator.wrong.message, paginator.wrong
  end
  local response, message, err = fetch(paginator)
  if not response then
    return nil, message, err
  end
  local items, wrong = reader.list(response.Events)
  if wrong then
    return reader.failure(ACTION, response, "Events", "a list", response.Events)
  end
  paginator.request_id = reader.text(response.RequestId)
  local found = events_of(paginator, items)
  local _
  _, _, paginator.wrong = advance(paginator, response, #found)
  return found, paginator.request_id
end

return pages
