-- Events in the service's order, page by page, newest window first. Holds one page at a time. Its position lists the
-- events of that page already returned, so that a page that differs when read again loses and repeats no event.
local pages = require "cloudaudit.events.pages"
local windows = require "cloudaudit.events.windows"

local stream = {}

local Stream = {}
Stream.__index = Stream

local function open_window(self, index, token)
  local query = self.query
  self.index = index
  self.paginator = pages.open(self.session, query, windows.at(query.since, query.to, index), token)
end

--- Opens a stream at a position (nil: the start).
function stream.open(session, query, position)
  local self = setmetatable({ session = session, query = query, items = {}, at = 0, skip = {}, hit = {},
    count = windows.count(query.since, query.to) }, Stream)
  if position and position.done then
    self.done = true
    return self
  end
  open_window(self, position and position.window or 1, position and position.token)
  for _, id in ipairs(position and position.given or {}) do
    self.skip[id] = true
  end
  return self
end

-- After the last page of a window, opens the next window.
local function next_window(self)
  if self.done or not self.paginator.over then
    return
  elseif self.index >= self.count then
    self.done = true
  else
    -- Events of this window cannot reappear in the next.
    self.skip = {}
    open_window(self, self.index + 1)
  end
end

-- The events of a page that match and were not returned before the cursor.
local function fresh(self, found)
  local wanted, items = self.query.wanted, {}
  for _, id in ipairs(self.hit) do
    self.skip[id] = nil
  end
  self.hit = {}
  for _, event in ipairs(found) do
    if event.id ~= nil and self.skip[event.id] then
      self.hit[#self.hit + 1] = event.id
    elseif not wanted or wanted(event) then
      items[#items + 1] = event
    end
  end
  return items
end

--- Reads one page: its events that match and were not returned yet, perhaps none. nil when there are no more pages;
-- nil, message, err on failure.
function Stream:next_page()
  next_window(self)
  if self.done then
    self.items, self.at = {}, 0
    return nil
  end
  local token = self.paginator.token
  local found, request_id, err = pages.next(self.paginator)
  if not found then
    return nil, request_id, err
  end
  self.page_token, self.request_id = token, request_id
  self.items, self.at = fresh(self, found), 0
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
  local given = {}
  for id in pairs(self.skip) do
    given[#given + 1] = id
  end
  if page_done then
    return { window = self.index, token = paginator.token, given = given }
  end
  for index = 1, self.at do
    given[#given + 1] = self.items[index].id
  end
  return { window = self.index, token = self.page_token, given = given }
end

return stream
