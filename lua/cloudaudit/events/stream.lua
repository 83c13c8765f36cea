-- Events in the service's order, page by page, newest window first. Holds one page at a time. Its position lists the
-- events returned last, so that a page that differs when read again, or overlaps the one before, loses and repeats no
-- event.
local events = require "cloudaudit.events.event"
local pages = require "cloudaudit.events.pages"
local windows = require "cloudaudit.events.windows"

local stream = {}

local Stream = {}
Stream.__index = Stream

local function open_window(self, index, token, given)
  local query = self.query
  self.index, self.before = index, given
  self.paginator = pages.open(self.session, query, windows.at(query.since, query.to, index), token, given)
end

--- Opens a stream at a position (nil: the start).
function stream.open(session, query, position)
  local self = setmetatable({ session = session, query = query, items = {}, at = 0,
    count = windows.count(query.since, query.to) }, Stream)
  if position and position.done then
    self.done = true
    return self
  end
  open_window(self, position and position.window or 1, position and position.token, position and position.given or {})
  return self
end

-- After the last page of a window, opens the next window, where its events cannot reappear.
local function next_window(self)
  if self.done or not self.paginator.over then
    return
  elseif self.index >= self.count then
    self.done = true
  else
    open_window(self, self.index + 1, nil, {})
  end
end

-- The identities of the events of this window returned last: those of two pages.
local function given_of(self)
  local given, before = {}, self.before
  local most = 2 * self.query.page_size
  for index = math.max(1, #before + self.at - most + 1), #before do
    given[#given + 1] = before[index]
  end
  for index = 1, self.at do
    given[#given + 1] = events.identity(self.items[index])
  end
  return given
end

-- The events that match. Notes the time of the newest one, matching or not.
local function select(self, found)
  local wanted, newest, window = self.query.wanted, self.newest, self.paginator.window
  local items = wanted and {} or found
  for index = 1, #found do
    local event = found[index]
    local time = event.time
    if time and time <= window.high and time >= window.low and (not newest or time > newest) then
      newest = time
    end
    if wanted and wanted(event) then
      items[#items + 1] = event
    end
  end
  self.newest = newest
  return items
end

--- Reads one page: its events that match and were not returned yet, perhaps none. nil when there are no more pages;
-- nil, message, err on failure. self.newest is the time of the newest event that was read, nil before the first.
function Stream:next_page()
  self.before = not self.done and given_of(self)
  self.items, self.at = {}, 0
  next_window(self)
  if self.done then
    return nil
  end
  local token = self.paginator.token
  local found, request_id, err = pages.next(self.paginator)
  if not found then
    return nil, request_id, err
  end
  self.page_token, self.request_id = token, request_id
  self.items = select(self, found)
  return self.items
end

--- The next event; nil at the end; nil, message, err on failure.
function Stream:next()
  while not self.items[self.at + 1] do
    local items, message, err = self:next_page()
    if not items then
      return nil, message, err
    end
  end
  self.at = self.at + 1
  return self.items[self.at]
end

--- The position behind the last event returned.
function Stream:position()
  local paginator = self.paginator
  -- A page without a valid next page is read again when the cursor is resumed, never skipped.
  local page_done = self.at >= #self.items and not (paginator and paginator.wrong)
  if self.done or paginator.over and page_done and self.index >= self.count then
    return { done = true }
  elseif paginator.over and page_done then
    return { window = self.index + 1, given = {} }
  end
  return { window = self.index, token = page_done and paginator.token or not page_done and self.page_token or nil,
    given = given_of(self) }
end

return stream
