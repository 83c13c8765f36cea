-- The experiments on events: order, ends of a range, pages and their tokens, delays, attributes, records. They read
-- what the account has; those on one event look for that of a read that the run made itself.
local core = require "cloudaudit.core"
local shapes = require "live.shapes"

local DAY = 86400

local function query(x, changes)
  local now = math.floor(x.wire:time())
  local params = { StartTime = now - 7 * DAY, EndTime = now, MaxResults = 20 }
  for name, value in pairs(changes or {}) do
    params[name] = value
  end
  return params
end

-- One page: {events, over, token (exact text), code}; nil when no answer came.
local function page(x, params, token)
  local text = core.encode(params)
  if token then
    text = text:gsub("}$", ',"NextToken":' .. token .. "}")
  end
  local answer = x.wire:read("DescribeEvents", text)
  if answer.lost then
    return nil
  end
  local members = answer.members
  return { code = answer.code, events = type(members.Events) == "table" and members.Events or {},
    over = members.ListOver == true, token = answer.body:match('"NextToken"%s*:%s*"?(%d+)'), answer = answer }
end

local function time_of(item)
  return tonumber(item.EventTime)
end

-- The first page of the last days, or nil when it has too few events.
local function sample(x, least)
  local first = page(x, query(x))
  for _ = 1, 8 do -- a page may be short
    if not first or first.over or #first.events >= (least or 2) then
      break
    end
    first = page(x, query(x))
  end
  if first and #first.events >= (least or 2) then
    return first
  end
end

local FEW = "the account has too few events in the last seven days"

local function order(x)
  local found = sample(x)
  local first = found and time_of(found.events[1])
  local last = found and time_of(found.events[#found.events])
  if not first or not last or first == last then
    return nil, FEW
  end
  return first > last and "newest" or "oldest", { { "events on the page", "number", #found.events } }
end

-- Whether a range holds an event.
local function holds(x, since, to, id)
  local token
  for _ = 1, 40 do
    local found = page(x, query(x, { StartTime = since, EndTime = to }), token)
    if not found or found.code then
      return false
    end
    for _, item in ipairs(found.events) do
      if item.RequestID == id then
        return true
      end
    end
    token = found.token
    if found.over or not token then
      return false
    end
  end
  return false
end

local EDGES = { ["true true"] = "closed", ["false false"] = "open", ["true false"] = "left", ["false true"] = "right" }

local function edges(x)
  local found = sample(x)
  local item = found and found.events[#found.events]
  local time = item and time_of(item)
  if not time then
    return nil, FEW
  end
  local first, last = holds(x, time, time + 5, item.RequestID), holds(x, time - 5, time, item.RequestID)
  return EDGES[("%s %s"):format(tostring(first), tostring(last))],
    { { "start counts in", "boolean", first }, { "end counts in", "boolean", last } }
end

local function max_results(x)
  local function accepted(most)
    return not (page(x, query(x, { MaxResults = most })) or { code = "" }).code
  end
  local low, high = 1, 1001
  while high - low > 1 do
    local middle = math.floor((low + high) / 2)
    if accepted(middle) then
      low = middle
    else
      high = middle
    end
  end
  return low
end

local SIZE, PAGES = 5, 16

local function short_pages(x)
  local token, pages, short = nil, 0, 0
  for _ = 1, PAGES do
    local found = page(x, query(x, { MaxResults = SIZE }), token)
    if not found or found.code or found.over or not found.token then
      break
    end
    pages, short, token = pages + 1, short + (#found.events < SIZE and 1 or 0), found.token
  end
  if pages < 4 then
    return nil, FEW
  end
  return short > 0 and 0.5 or 0, { { "pages", "number", pages }, { "short pages", "number", short } }
end

-- A page that is not the last, with at least one event, and the query it belongs to.
local function middle_page(x)
  local params = query(x, { MaxResults = SIZE })
  for _ = 1, 20 do
    local found = page(x, params)
    if not found or found.code or found.over then
      return nil
    elseif #found.events > 0 and found.token then
      return found, params
    end
  end
end

local function neighbour(token)
  local last = tonumber(token:sub(-1))
  return token:sub(1, -2) .. (last == 0 and 1 or last - 1)
end

-- The first event after a page, over empty pages.
local function following(x, params, token)
  for _ = 1, 20 do
    local found = page(x, params, token)
    if not found or found.code or #found.events > 0 then
      return found
    end
    token = found.token
  end
end

local function page_tokens(x)
  local first, params = middle_page(x)
  if not first then
    return nil, FEW
  end
  local near = page(x, params, neighbour(first.token))
  local next_page = following(x, params, first.token)
  if not near or not next_page then
    return nil, "no answer came"
  end
  local again = following(x, params, first.token)
  local next_id = next_page.events[1] and next_page.events[1].RequestID
  local evidence = { { "digits", "number", #first.token },
    { "a neighbouring token", "code", near.code or "accepted", { "accepted" } },
    { "a repeated token gives the same page", "boolean",
      next_id ~= nil and again ~= nil and again.events[1] ~= nil and again.events[1].RequestID == next_id } }
  if near.code then
    return "strict", evidence
  elseif next_id == first.events[#first.events].RequestID then
    return "inclusive", evidence
  end
  return #first.token < 10 and "offset" or "ingest_time", evidence
end

local function end_token(x)
  local now = math.floor(x.wire:time())
  local found = page(x, query(x, { StartTime = now - 2, EndTime = now - 1 }))
  if not found or not found.over then
    return nil, "no last page was seen"
  end
  return (found.token or "0") == "0" and "zero" or "token"
end

-- Asked again at half seconds, so that a whole number of seconds is between two requests.
local function token_seconds(x)
  local first, params = middle_page(x)
  if not first then
    return nil, FEW
  end
  local began, at = x.wire:now(), 0.5
  while at < x.patience do
    x.wire:sleep(began + at - x.wire:now())
    local found = page(x, params, first.token)
    if found and found.code then
      return math.floor(at), { { "code", "code", found.code } }
    end
    at = at < 10 and at + 1 or math.floor(at * 1.5) + 0.5
  end
  return "none", { { "seconds tried", "number", math.floor(x.patience) } }
end

-- The event of a read that this run makes, and how long it took to be found after its time.
local function own_event(x)
  if x.own then
    return x.own
  end
  local answer = x.wire:read("DescribeAuditTracks", { PageNumber = 1, PageSize = 1 })
  local id, began = answer.members and answer.members.RequestId, x.wire:now()
  while id and x.wire:now() - began <= x.patience do
    local now = x.wire:time()
    local found = page(x, query(x, { StartTime = math.floor(now) - 3600, EndTime = math.floor(now) + 5,
      LookupAttributes = { { AttributeKey = "RequestId", AttributeValue = id } } }))
    local item = found and found.events[1]
    if item and item.RequestID == id then
      x.own = { event = item, seconds = math.max(0, math.floor(now - (time_of(item) or now))) }
      return x.own
    end
    x.wire:sleep(math.min(30, 0.2 + (x.wire:now() - began) / 10))
  end
  x.own = {}
  return x.own
end

local LATE = "the event of a read was not found within the time"

local function delivery(x)
  local own = own_event(x)
  if not own.event then
    return nil, LATE
  end
  return own.seconds
end

local function event_id(x)
  local own = own_event(x).event
  if not own then
    return nil, LATE
  elseif type(own.EventId) ~= "string" or own.EventId == "" then
    return "none"
  end
  return own.EventId == own.RequestID and "request" or "own"
end

local function record_without(x)
  local own = own_event(x).event
  local record = own and core.decode(own.CloudAuditEvent or "")
  if type(record) ~= "table" then
    return nil, own and "the record is not JSON" or LATE
  end
  local missing, known, more = {}, {}, 0
  for _, name in ipairs(shapes.RECORD) do
    known[name] = true
    if record[name] == nil then
      missing[#missing + 1] = name
    end
  end
  for name in pairs(record) do
    more = more + (known[name] and 0 or 1)
  end
  return missing, { { "members that no sample has", "number", more } }
end

local function attribute_keys(x)
  local taken = {}
  for _, key in ipairs(shapes.KEYS) do
    local value = key == "Tags" and '[{"key":"a","value":"b"}]' or "x"
    local found = page(x, query(x, { MaxResults = 1,
      LookupAttributes = { { AttributeKey = key, AttributeValue = value } } }))
    if not found then
      return nil, "no answer came"
    elseif not found.code then
      taken[#taken + 1] = key
    end
  end
  return taken
end

local function names_of(count)
  local list = {}
  for index = 1, count do
    list[index] = { AttributeKey = "EventName", AttributeValue = "CloudauditLive" .. index }
  end
  return list
end

local MOST = 50

local function event_names(x)
  local function accepted(count)
    return not (page(x, query(x, { MaxResults = 1, LookupAttributes = names_of(count) })) or { code = "" }).code
  end
  if accepted(MOST) then
    return "none", { { "names tried", "number", MOST } }
  end
  local low, high = 1, MOST
  while high - low > 1 do
    local middle = math.floor((low + high) / 2)
    if accepted(middle) then
      low = middle
    else
      high = middle
    end
  end
  return low
end

local function combine(x)
  local found = sample(x, 1)
  local name = found and found.events[1].EventName
  if not name then
    return nil, FEW
  end
  local both = page(x, query(x, { LookupAttributes = {
    { AttributeKey = "EventName", AttributeValue = name },
    { AttributeKey = "EventName", AttributeValue = "CloudauditLive" } } }))
  if not both or both.code then
    return nil, "two names were refused", both and both.code
  elseif #both.events == 0 and not both.over then
    both = following(x, query(x), both.token) or both
  end
  return #both.events > 0 and "either" or "both"
end

local function mfa(x)
  local found = page(x, query(x, { StartTime = math.floor(x.wire:time()) - 29 * DAY, LookupAttributes = {
    { AttributeKey = "EventName", AttributeValue = "ConsoleLogin" } } }))
  local item = found and found.events[1]
  local record = item and core.decode(item.CloudAuditEvent or "")
  local identity = type(record) == "table" and record.userIdentity
  local session = type(identity) == "table" and identity.sessionContext
  session = type(session) == "string" and core.decode(session) or session
  if type(session) ~= "table" then
    return nil, "no login with a session context in the last 29 days"
  end
  return type(session.mfa)
end

return { query = query, order = order, edges = edges, max_results = max_results, short_pages = short_pages,
  page_tokens = page_tokens, end_token = end_token, token_seconds = token_seconds, delivery = delivery,
  event_id = event_id, record_without = record_without, attribute_keys = attribute_keys, event_names = event_names,
  combine = combine, mfa = mfa }
