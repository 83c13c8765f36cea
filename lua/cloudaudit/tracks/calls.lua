-- The API calls behind the track methods, shared by the modules of this folder. Each function takes a session
-- and returns a value or nil, message, err; `method` is the public method that messages name.
local convert = require "cloudaudit.tracks.convert"
local errors = require "cloudaudit.errors"
local reader = require "cloudaudit.reader"
local session = require "cloudaudit.session"
local tracks = require "cloudaudit.tracks.track"

local calls = {}

-- Calls an action; validation failures name this library's fields. A fourth value is the service's time in
-- epoch seconds, when the response has a usable Date; a fifth the intent of a create.
local function call(self, method, action, params)
  return session.call_with_date(self, action, params, convert.in_our_names, method)
end
calls.call = call

-- A track's id as an integer, or as text where this Lua does not hold it exactly; nil for anything else. A service
-- written in a language without null may write 0 for none.
local function id_of(value)
  local id = reader.integer(value)
  local text = id ~= nil and reader.text(id) or "0"
  return text ~= "0" and not text:find("^%-") and id or nil
end

local function set_request_id(track, response)
  track.request_id = reader.text(response.RequestId)
  return track
end

--- Creates a track from API parameters: the track, without created_at. At most once. A response without a usable id
-- leaves the outcome unknown, with an intent: the track may have been created.
function calls.create(self, method, action, params)
  local response, message, err, _, intent = call(self, method, action, params)
  if not response then
    return nil, message, err
  end
  local id = id_of(response.TrackId)
  if not id then
    _, message, err = reader.failure(action, response, "TrackId", "an integer greater than 0", response.TrackId)
    err.intent = intent
    err.hint = "the track may have been created: look for it with client:reconcile(err.intent) or ensure_track"
    return nil, message, err
  end
  return set_request_id(tracks.from_wire(params, id), response)
end

--- Reads one track, with all its members, by an exact id. A failure of kind protocol when a member has a wrong type.
function calls.get(self, method, id)
  local action = "DescribeAuditTrack"
  local response, message, err = call(self, method, action, { TrackId = id })
  if not response then
    return nil, message, err
  end
  local track, wrong = tracks.from_wire(response, id)
  if wrong then
    return reader.failure(action, response, wrong.field, wrong.expected, wrong.value)
  end
  return set_request_id(track, response)
end

--- Modifies a track; params include its TrackId. Returns the id, the changed fields and request_id.
function calls.modify(self, method, action, params)
  local response, message, err = call(self, method, action, params)
  if not response then
    return nil, message, err
  end
  return set_request_id((tracks.from_wire(params, params.TrackId)), response)
end

-- ---- listing -------------------------------------------------------------------------------

local LIST = "DescribeAuditTracks"
local PAGE_SIZE = 20
local MAX_PAGES = 1000

-- Adds the tracks of a page to it.items that were not returned yet; returns the number of those new in this pass. An
-- item that is not a track is kept as the failure that ends the list: the other tracks can be read all the same.
local function add_items(it, response, items)
  local fresh = 0
  for index, item in ipairs(items) do
    local id = reader.is_object(item) and id_of(item.TrackId)
    if not id then
      local field = ("Tracks[%d]"):format(index) .. (reader.is_object(item) and ".TrackId" or "")
      local value, expected = item, "an object"
      if reader.is_object(item) then
        value, expected = item.TrackId, "an integer greater than 0"
      end
      local _
      _, _, it.wrong = reader.failure(LIST, response, field, expected, value)
    else
      local key = reader.text(id)
      if not it.in_pass[key] then
        it.in_pass[key], fresh = true, fresh + 1
      end
      if not it.seen[key] then
        it.seen[key] = true
        it.items[#it.items + 1] = set_request_id((tracks.from_wire(item, id)), response)
      end
    end
  end
  return fresh
end

local function broken(it, field, text)
  return errors.failure{ kind = "protocol", action = LIST, field = field, request_id = it.request_id, http_status = 200,
    attempts = 1, outcome = "unknown", message = ("%s: %s"):format(LIST, text) }
end

-- Reads the next page into it.items. A page without a new track ends a pass, whatever TotalCount says, so that the loop
-- always ends; a short page does if the count agrees. A count below what was listed is not a count.
local function next_page(it)
  it.page, it.items, it.at = it.page + 1, {}, 0
  if it.page > MAX_PAGES then
    return broken(it, nil, ("%d pages, none of them the last"):format(MAX_PAGES))
  end
  local response, message, err, date = call(it.session, it.method, LIST,
    { PageNumber = it.page, PageSize = it.page_size })
  it.date = date
  if not response then
    return nil, message, err
  end
  local items, wrong = reader.list(response.Tracks)
  if wrong then
    return reader.failure(LIST, response, "Tracks", "a list", response.Tracks)
  end
  it.request_id = reader.text(response.RequestId)
  local fresh = add_items(it, response, items)
  it.counted = it.counted + fresh
  local total = tonumber((reader.integer(response.TotalCount)))
  it.total = total and total >= it.counted and total or nil
  it.ends = fresh == 0 or #items < it.page_size and it.total == it.counted
  return true
end

-- Ends the list after a pass. If the pass found fewer tracks than TotalCount (pages shift when a track is deleted
-- meanwhile), the list is read a second time instead, without the tracks already returned.
local function end_pass(it)
  if it.wrong then
    return nil, it.wrong.message, it.wrong
  elseif not it.total or it.counted >= it.total then
    it.last = true
  elseif it.again then
    return broken(it, "TotalCount", ("TotalCount is %s, but two passes found %d"):format(reader.text(it.total),
      it.counted))
  else
    it.page, it.counted, it.in_pass, it.again, it.ends = 0, 0, {}, true, false
  end
  return true
end

--- The next track of a list; nil at its end; nil, message, err on failure.
function calls.next(it)
  while true do
    it.at = it.at + 1
    if it.items[it.at] then
      return it.items[it.at]
    elseif it.last then
      return nil
    end
    local ok, message, err
    if it.ends then
      ok, message, err = end_pass(it)
    else
      ok, message, err = next_page(it)
    end
    if not ok then
      it.last, it.items = true, {}
      return nil, message, err
    end
  end
end

--- A list of all tracks for `calls.next`. Its member date is the service's time of the last page.
function calls.list(self, method, page_size)
  return { session = self, method = method, page_size = page_size or PAGE_SIZE, page = 0, items = {}, at = 0,
    counted = 0, seen = {}, in_pass = {} }
end

--- All tracks as the list has them (without filters and all_members), or only those whose name is exactly
-- `name`: list, nil, nil and the service's time; or nil, message, err.
function calls.all(self, method, name)
  local list, found = calls.list(self, method), {}
  while true do
    local track, message, err = calls.next(list)
    if err then
      return nil, message, err
    elseif not track then
      return found, nil, nil, list.date
    elseif not name or track.name == name then
      found[#found + 1] = track
    end
  end
end

return calls
